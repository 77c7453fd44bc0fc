"""``names = "hosts"``: a program with hard-coded names and ports passes its edges, with and without root."""

import json
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from meshdev.runners.namespaces import hosts_library, own_hosts_offer
from support_product import Product, eventually
from support_unprivileged import WHO, acting_as, rights_of

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not own_hosts_offer().possible, reason="no mount namespaces here"),
]

TOML = """
[services.web]
command = "@python@ @programs@/hardcoded.py"
names = "hosts"
calls = ["catalogue"]
uses = ["databases.redis"]
ports = ["@port@:http"]
healthcheck = { exec = "grep -q catalogue /etc/hosts" }

[services.catalogue]
command = "@python@ @programs@/server.py"
healthcheck = "/healthz"

[services.stranger]
command = "@python@ @programs@/server.py"
healthcheck = "/healthz"

[databases.redis]
engine = "redis"
command = "@python@ @programs@/pong.py 127.0.0.1 @redis@"
@pinned@
"""


@pytest.fixture(params=WHO)
def someone(request: pytest.FixtureRequest, product: Product) -> Iterator[Product]:
    """The product, run by root and by an ordinary user."""
    with acting_as(product, request.param) as found:
        yield found


def get(url: str) -> str:
    """The answer's body."""
    with urllib.request.urlopen(url, timeout=30) as reply:  # noqa: S310 -- our own address
        text: str = reply.read().decode()
        return text


def edges(product: Product) -> dict[str, dict[str, Any]]:
    """What the edges of ``web`` carry, by callee."""
    told = json.loads(product.run("edges", "--json").stdout)
    return {edge["callee"]: edge for edge in told if edge["caller"] == "web"}


def started(product: Product, port: int) -> str:
    """The system runs; where ``web`` is asked."""
    toml = TOML.replace("@port@", str(port)).replace("@redis@", "$PORT").replace("@pinned@", "")
    product.write(toml)
    product.run("up", "-d", "--wait")
    return f"http://127.0.0.1:{port}"


def test_hard_coded_names_are_edges(someone: Product, free_port: int) -> None:
    """Each call is on its edge: HTTP, a database's own protocol, and an undeclared one; a probe knows them, too."""
    web = started(someone, free_port)

    assert get(f"{web}/catalogue") == "catalogue-0@1\n"
    assert get(f"{web}/redis") == "+PONG\r\n"
    assert get(f"{web}/stranger") == "stranger-0@1\n"
    with pytest.raises(urllib.error.HTTPError):
        get(f"{web}/nobody")

    def seen() -> dict[str, tuple[bool, int]]:
        return {callee: (edge["declared"], edge["requests"]) for callee, edge in edges(someone).items()}

    expected = {"catalogue": (True, 1), "databases.redis": (True, 1), "stranger": (False, 1)}
    eventually(lambda: seen() == expected, explain=lambda: f"seen: {seen()}")
    calls = map(json.loads, someone.run("traffic", "--json").stdout.splitlines())
    told = [(call["callee"], call["target"]) for call in calls if call["caller"] == "web"]
    assert told == [("catalogue", "/x"), ("databases.redis", ""), ("stranger", "/y")]


def test_nothing_of_it_is_left(someone: Product, free_port: int) -> None:
    """The program is the user that it was, with no more rights; the machine's own hosts file is untouched; all ends."""
    before = Path("/etc/hosts").read_bytes()
    web = started(someone, free_port)
    status = someone.status()["web"]

    assert get(f"{web}/uid") == ("1000" if someone.prefix else str(Path("/proc/self").stat().st_uid))
    leader = status["instances"][0]["pid"]
    assert bool(rights_of(leader)) == (not someone.prefix)
    assert b"catalogue" in Path(f"/proc/{leader}/root/etc/hosts").read_bytes()
    someone.run("down")
    someone.wait_gone()
    assert Path("/etc/hosts").read_bytes() == before


def test_a_fault_and_a_reload_act_on_such_an_edge(someone: Product, free_port: int) -> None:
    """A name's edge is an edge like others: faults hit it, and what is behind it may be replaced."""
    web = started(someone, free_port)
    someone.run("fault", "add", "web -> catalogue", "status=503")
    with pytest.raises(urllib.error.HTTPError):
        get(f"{web}/catalogue")
    someone.run("fault", "clear")
    someone.run("restart", "catalogue")

    eventually(lambda: get(f"{web}/catalogue") == "catalogue-0@2\n")


def test_a_one_off_has_the_same_names(someone: Product, free_port: int) -> None:
    """``meshdev run`` sees what the service sees, as the same user."""
    started(someone, free_port)
    ask = "import os, urllib.request as u; print(os.getuid(), u.urlopen('http://catalogue:8080/x').read().decode())"
    done = someone.run("run", "web", "--", "python3", "-c", ask)

    assert done.stdout.split() == ["1000" if someone.prefix else "0", "catalogue-0@1"]


def test_a_port_that_is_taken_on_all_addresses(product: Product, free_port: int, another_port: int) -> None:
    """Who has it, and the way out, instead of a name that leads nowhere."""
    pinned = TOML.replace("@port@", str(free_port)).replace("@redis@", str(another_port))
    product.write(pinned.replace("@pinned@", f"port = {another_port}"))
    with socket.socket() as holder:
        holder.bind(("0.0.0.0", another_port))
        holder.listen()
        product.run("up", "-d", check=None)
        told = eventually(lambda: _why(product), explain=lambda: product.run("why", "web").stdout)
    assert f"{another_port}: " in told
    assert 'names = "pod"' in told


@pytest.mark.skipif(hosts_library() is None, reason="no libnss_wrapper here")
def test_a_library_stands_in_for_namespaces(product: Product, free_port: int) -> None:
    """Where namespaces are refused, programs that look names up by the C library get them from there."""
    with acting_as(product, "caged") as someone:
        assert "libnss_wrapper" in someone.run("doctor", check=None).stdout
        toml = TOML.replace("grep -q catalogue /etc/hosts", "getent hosts catalogue")
        toml = toml.replace("@port@", str(free_port)).replace("@redis@", "$PORT").replace("@pinned@", "")
        someone.write(toml)
        someone.run("up", "-d", "--wait")

        assert get(f"http://127.0.0.1:{free_port}/catalogue") == "catalogue-0@1\n"
        assert get(f"http://127.0.0.1:{free_port}/redis") == "+PONG\r\n"
        done = someone.run("run", "web", "--", "getent", "hosts", "redis")
        assert done.stdout.startswith("127.")


def _why(product: Product) -> str:
    said = " ".join(product.run("why", "web", check=None).stdout.split())
    return said if "all addresses" in said else ""
