"""TLS of endpoints and edges: what is written, what comes of it for each caller."""

from dataclasses import replace
from pathlib import Path

import pytest

from meshdev.topology.model import Endpoint, System, Tls, TlsMode
from meshdev.topology.recordings import Stub
from meshdev.topology.tls import as_spoken, is_secure, speakers, tls_on
from support_system import system

TERMINATED = Tls(TlsMode.TERMINATE)


def written(folder: Path, tls: str, more: str = 'command = "true"') -> Endpoint:
    """The endpoint of a service with these lines."""
    (folder / "ca.pem").write_text("")
    [endpoint] = system(folder, f"[services.a]\n{more}\n{tls}\n").services["a"].endpoints
    return endpoint


@pytest.mark.parametrize(
    ("line", "tls"),
    [
        ('tls = "terminate"', TERMINATED),
        ("tls = {}", TERMINATED),
        ('tls = "passthrough"', Tls(TlsMode.PASSTHROUGH)),
        ('tls = "originate"', Tls(TlsMode.ORIGINATE)),
        ('tls = { upstream = "plain" }', Tls(TlsMode.TERMINATE, to_callee=False)),
        ("tls = { verify = false }", Tls(TlsMode.TERMINATE, verify=False)),
        ('tls = { server_name = "localhost" }', Tls(TlsMode.TERMINATE, server_name="localhost")),
        (
            'tls = { names = ["*.shop.example", "::2"] }',
            Tls(TlsMode.TERMINATE, names=("*.shop.example", "::2")),
        ),
        ("", None),
    ],
)
def test_what_an_endpoint_says(tmp_path: Path, line: str, tls: Tls | None) -> None:
    """The short form and the long one."""
    assert written(tmp_path, line).tls == tls


def test_files_are_found_from_the_folder_of_their_file(tmp_path: Path) -> None:
    """As everywhere."""
    tls = written(tmp_path, 'tls = { ca = "ca.pem" }').tls
    assert tls is not None
    assert tls.ca == tmp_path / "ca.pem"


def test_what_runs_elsewhere_is_spoken_to_plainly_unless_it_says_otherwise(tmp_path: Path) -> None:
    """As before there was any TLS on edges; its table is about how it is verified."""
    url = 'url = "https://far.example"'
    found = written(tmp_path, "tls = { verify = false }", url).tls
    assert found == Tls(TlsMode.ORIGINATE, verify=False)
    assert written(tmp_path, 'tls = "terminate"', url).tls == TERMINATED


@pytest.mark.parametrize(
    ("protocol", "mode", "inner", "edge"),
    [
        ("https", "terminate", "http", "http"),
        ("tls", "terminate", "tcp", "tcp"),
        ("redis", "terminate", "redis", "redis"),
        ("http", "passthrough", "http", "https"),
        ("https", "passthrough", "https", "tls"),
        ("mqtt", "passthrough", "mqtt", "tls"),
    ],
)
def test_what_is_spoken_within(tmp_path: Path, protocol: str, mode: str, inner: str, edge: str) -> None:
    """Terminated it can be read, passed through it is TLS whatever is in it."""
    endpoint = written(tmp_path, f'protocol = "{protocol}"\ntls = "{mode}"')
    assert endpoint.protocol == inner
    assert as_spoken(endpoint, endpoint.tls).protocol == edge


def calling(folder: Path, own: str, wish: str) -> System:
    """``a`` calls ``b``."""
    edge = f"{{ b = {{ tls = {wish!r} }} }}".replace("'", '"') if wish else '["b"]'
    return system(
        folder, f'[services.a]\ncommand = "true"\ncalls = {edge}\n[services.b]\ncommand = "true"\n{own}\n'
    )


@pytest.mark.parametrize(
    ("own", "wish", "mode", "secure"),
    [
        ('tls = "terminate"', "", TlsMode.TERMINATE, True),
        ('tls = "terminate"', "originate", TlsMode.ORIGINATE, False),
        ('tls = "terminate"', "passthrough", TlsMode.PASSTHROUGH, True),
        ('tls = "passthrough"', "terminate", TlsMode.TERMINATE, True),
        ('tls = { upstream = "plain" }', "", TlsMode.TERMINATE, True),
        ('tls = { upstream = "plain" }', "originate", None, False),
        ("", "terminate", TlsMode.TERMINATE, True),
        ("", "originate", None, False),
        ("", "", None, False),
    ],
)
def test_a_caller_may_have_another_mode(
    tmp_path: Path, own: str, wish: str, mode: TlsMode | None, *, secure: bool
) -> None:
    """As far as the callee can; from outside what the endpoint says counts."""
    found = calling(tmp_path, own, wish)
    caller, callee = found.services["a"], found.services["b"]
    tls = tls_on(caller, callee, callee.endpoints[0])
    assert (tls.mode if tls is not None else None) == mode
    assert is_secure(caller, callee, callee.endpoints[0]) is secure
    assert tls_on(None, callee, callee.endpoints[0]) == callee.endpoints[0].tls
    assert [one.name for one in speakers(found)] == (["b"] if own or wish == "terminate" else [])


def test_what_a_stand_in_plays_ends_at_the_edge(tmp_path: Path) -> None:
    """It has no TLS of its own to pass through to."""
    callee = calling(tmp_path, 'tls = "passthrough"', "").services["b"]
    played = replace(callee, run=Stub(("checkout",)))
    assert tls_on(None, played, callee.endpoints[0]) == TERMINATED
