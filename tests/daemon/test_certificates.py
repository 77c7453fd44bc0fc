"""The project's authority and its certificates: what is made, what stays, when it is made anew, who trusts it."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from meshdev.daemon.certificates import BUNDLED, Certificates, names_on
from meshdev.daemon.edges import Edge, edges_of
from meshdev.errors import ServiceError
from meshdev.identity.authority import outlook
from meshdev.topology.model import System
from meshdev.wire.mesh import EdgeKey, EdgeTls
from support_compose import composed
from support_system import system

TOML = """
[system]
name = "shop"
[services.orders]
command = "sleep 1"
calls = ["payments", "far"]
protocol = "none"
[services.payments]
command = "serve --cert $TLS_CERT_FILE"
tls = { names = ["pay.example"] }
[services.far]
url = "https://far.example"
tls = { ca = "theirs.pem" }
[services.apart]
command = "sleep 1"
protocol = "none"
calls = { payments = { tls = "originate" } }
"""
COMPOSE = """
services:
  web:
    image: x
    links: [api:backend]
  api:
    image: y
    container_name: the-api
"""
NOW = datetime(2026, 11, 28, tzinfo=UTC)


class Clock:
    """Time as a test has it."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        """Now."""
        return self.now


@pytest.fixture
def shop(tmp_path: Path) -> System:
    """The system of these tests."""
    (tmp_path / "theirs.pem").write_text("theirs")
    return system(tmp_path, TOML)


@pytest.fixture
def plain(tmp_path: Path) -> System:
    """A system without TLS."""
    return system(tmp_path, '[services.a]\ncommand = "sleep 1"\n')


def keeper(folder: Path, base: dict[str, str] | None = None, clock: Clock | None = None) -> Certificates:
    """One that keeps its files in a folder of its own."""
    return Certificates(folder / "tls", base or {}, lambda _: None, clock or Clock())


def content(path: str) -> bytes:
    """Of a file."""
    return Path(path).read_bytes()


def edge(found: System, caller: str, callee: str) -> Edge:
    """An edge of the system."""
    return edges_of(found)[EdgeKey(caller, callee, "http")]


async def test_nothing_is_made_where_nobody_needs_it(tmp_path: Path, plain: System) -> None:
    """No folder, no import of a crypto library."""
    assert not await keeper(tmp_path).ready(plain)
    assert not (tmp_path / "tls").exists()


async def test_edges_show_the_certificate_of_their_callee(tmp_path: Path, shop: System) -> None:
    """Which is for all of its names; what is verified, by whom, under which name, is said, too."""
    certificates = keeper(tmp_path)
    assert await certificates.ready(shop)
    folder = tmp_path / "tls"
    own, authority = str(folder / "payments.pem"), str(folder / "ca.pem")
    tls = certificates.edge_tls(shop, edge(shop, "orders", "payments"))
    assert tls is not None
    assert tls == EdgeTls(
        own, str(folder / "payments.key"), authority, authority, server_name="payments", stamp=tls.stamp
    )
    told = outlook(content(own))
    assert told.names[:2] == ("payments", "payments.local")
    assert {"localhost", "127.0.0.1", "::1", "pay.example"} < set(told.names)
    assert told.issuer == "shop (meshdev, local)"
    plain = certificates.edge_tls(shop, edge(shop, "apart", "payments"))
    assert plain is not None
    assert (plain.certificate, plain.verified_by) == ("", authority)
    far = certificates.edge_tls(shop, edge(shop, "orders", "far"))
    assert far is not None
    assert (far.certificate, far.verified_by, far.server_name) == ("", str(tmp_path / "theirs.pem"), "")


async def test_what_is_good_stays_and_what_is_due_is_renewed(tmp_path: Path, shop: System) -> None:
    """Another daemon shows the same; when a third is left there is a new one by the same authority."""
    clock = Clock()
    first = keeper(tmp_path, clock=clock)
    assert await first.ready(shop)
    assert not await first.ready(shop)
    before = {file.name: file.read_bytes() for file in (tmp_path / "tls").iterdir()}
    again = keeper(tmp_path, clock=clock)
    await again.ready(shop)
    assert {file.name: file.read_bytes() for file in (tmp_path / "tls").iterdir()} == before
    stamp = first.edge_tls(shop, edge(shop, "orders", "payments"))
    clock.now += timedelta(days=61)
    assert await first.ready(shop)
    after = {file.name: file.read_bytes() for file in (tmp_path / "tls").iterdir()}
    assert after["ca.pem"] == before["ca.pem"]
    assert after["payments.pem"] != before["payments.pem"]
    assert first.edge_tls(shop, edge(shop, "orders", "payments")) != stamp


async def test_an_authority_that_is_due_is_made_anew_with_all_that_it_signed(
    tmp_path: Path, shop: System
) -> None:
    """And so is one that lost its key, or is no certificate."""
    clock = Clock()
    certificates = keeper(tmp_path, clock=clock)
    await certificates.ready(shop)
    first = certificates.authority.read_bytes()
    clock.now += timedelta(days=1300)
    await certificates.ready(shop)
    assert certificates.authority.read_bytes() == first  # in use: callers that run would not trust another
    certificates = keeper(tmp_path, clock=clock)
    await certificates.ready(shop)
    second = certificates.authority.read_bytes()
    assert second != first
    (tmp_path / "tls" / "ca.key").unlink()
    await certificates.ready(shop)
    third = certificates.authority.read_bytes()
    assert third != second
    certificates.authority.write_bytes(b"nothing")
    await certificates.ready(shop)
    context = ssl.create_default_context(cafile=str(certificates.authority))
    assert [one["subject"] for one in context.get_ca_certs()] != []


async def test_callers_trust_whom_they_trusted_and_us(tmp_path: Path, shop: System) -> None:
    """Only those that speak TLS to an edge; a file that the environment names goes on, a folder stays alone."""
    corporate = tmp_path / "corporate.pem"
    corporate.write_text("theirs\n")
    base = {"REQUESTS_CA_BUNDLE": str(corporate), "AWS_CA_BUNDLE": str(tmp_path)}
    certificates = keeper(tmp_path, base)
    await certificates.ready(shop)
    found = certificates.variables(shop, shop.services["orders"])
    ours = certificates.authority.read_bytes()
    assert content(found["REQUESTS_CA_BUNDLE"]) == b"theirs\n" + ours
    assert content(found["NODE_EXTRA_CA_CERTS"]) == ours
    assert set(found) == {*BUNDLED, "NODE_EXTRA_CA_CERTS"} - {"AWS_CA_BUNDLE"}
    everybody = ssl.create_default_context(cafile=found["SSL_CERT_FILE"])
    assert len(everybody.get_ca_certs()) > 10
    assert certificates.variables(shop, shop.services["apart"]) == {}
    assert set(certificates.variables(shop, shop.services["payments"])) == {
        "TLS_CERT_FILE",
        "TLS_KEY_FILE",
        "TLS_CA_FILE",
    }


async def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, shop: System) -> None:
    """With its place."""
    (tmp_path / "tls").write_text("in the way")
    with pytest.raises(ServiceError, match="certificates cannot be kept in"):
        await keeper(tmp_path).ready(shop)


def test_containers_are_known_by_all_of_their_names(tmp_path: Path) -> None:
    """Aliases of networks, links, the container's name."""
    found = composed(tmp_path, COMPOSE)
    assert {"api", "the-api", "backend", "localhost"} <= set(names_on(found, found.services["api"]))
