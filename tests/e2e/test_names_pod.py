"""``names = "pod"``: programs that all bind 0.0.0.0:8080 and call each other by hard-coded names, by root or not.

Each has a network of its own, and still every call between them passes an edge: it is counted, attributed, recorded,
and hit by faults; probes, published ports, replicas and reloads are as ever.
"""

import http.server
import json
import os
import re
import signal
import socket
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from meshdev.runners.namespaces import pod_offer
from support_load import load_on, rate
from support_product import PROGRAMS, Product, alive, eventually
from support_unprivileged import WHO, acting_as, rights_of

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not pod_offer().possible, reason="no networks of one's own here"),
]

TOML = """
[system]
names = "pod"

[services.orders]
command = "@python@ @programs@/twin.py payments"
port = 8080
calls = ["payments"]
ports = ["@port@:http"]
healthcheck = "/healthz"

[services.payments]
command = "@python@ @programs@/twin.py orders"
port = 8080
calls = ["orders"]
ports = ["@other@:http"]
healthcheck = { exec = "grep -q orders /etc/hosts" }

[services.stranger]
command = "@python@ @programs@/twin.py orders"
port = 8080

[services.worker]
command = "sleep 1000000"
protocol = "none"
uses = ["databases.redis"]

[databases.redis]
engine = "redis"
command = "@python@ @programs@/pong.py 127.0.0.1 6379"
port = 6379
"""
CALLS = 101


@pytest.fixture(params=WHO)
def someone(request: pytest.FixtureRequest, product: Product) -> Iterator[Product]:
    """The product, run by root and by an ordinary user."""
    with acting_as(product, request.param) as found:
        yield found


@pytest.fixture
def orders(free_port: int) -> str:
    """Where orders is asked, once it runs."""
    return f"http://127.0.0.1:{free_port}"


@pytest.fixture
def payments(another_port: int) -> str:
    """Likewise."""
    return f"http://127.0.0.1:{another_port}"


def start(product: Product, orders: str, payments: str, toml: str = TOML) -> None:
    """The system runs."""
    ports = [url.rpartition(":")[2] for url in (orders, payments)]
    product.write(toml.replace("@port@", ports[0]).replace("@other@", ports[1]))
    product.run("up", "-d", "--wait")


def get(url: str) -> str:
    """The answer's body."""
    with urllib.request.urlopen(url, timeout=30) as reply:  # noqa: S310 -- our own address
        text: str = reply.read().decode()
        return text


def edges(product: Product) -> dict[str, dict[str, Any]]:
    """What the edges carry, as ``caller -> callee``."""
    told = json.loads(product.run("edges", "--json").stdout)
    return {f"{edge['caller']} -> {edge['callee']}": edge for edge in told}


def traffic(product: Product, caller: str) -> list[dict[str, Any]]:
    """The calls of one caller."""
    calls = map(json.loads, product.run("traffic", "--json", "--tail", "1000").stdout.splitlines())
    return [call for call in calls if call["caller"] == caller]


def leader(product: Product, service: str) -> int:
    """The pid of a service's only instance."""
    pid: int = product.status()[service]["instances"][0]["pid"]
    return pid


def test_two_that_bind_the_same_port_call_each_other(someone: Product, orders: str, payments: str) -> None:
    """Every call of both is captured, and told of the right caller, callee and instance."""
    start(someone, orders, payments)
    assert get(f"{orders}/plain") == "orders-0 asked payments-0"
    for _ in range(CALLS - 1):
        assert get(f"{orders}/ask") == "orders-0 asked payments-0"
    for _ in range(CALLS):
        assert get(f"{payments}/ask") == "payments-0 asked orders-0"

    def counted() -> tuple[int, int]:
        known = edges(someone)
        return known["orders -> payments"]["requests"], known["payments -> orders"]["requests"]

    eventually(lambda: counted() == (CALLS, CALLS), explain=lambda: f"counted: {counted()}")
    for caller, callee in (("orders", "payments"), ("payments", "orders")):
        told = {(call["callee"], call["instance"], call["status"]) for call in traffic(someone, caller)}
        assert told == {(callee, f"{callee}-0@1", 200)}
        assert len(traffic(someone, caller)) == CALLS
        assert edges(someone)[f"{caller} -> {callee}"]["declared"]
    assert bool(rights_of(leader(someone, "orders"))) == (not someone.prefix)


def test_names_that_nobody_declared_and_names_of_nobody(someone: Product, orders: str, payments: str) -> None:
    """The first are undeclared edges, the second are not found; there is no way out of the system."""
    start(someone, orders, payments)
    assert get(f"{orders}/stranger") == "orders-0 asked stranger-0"
    with pytest.raises(urllib.error.HTTPError):
        get(f"{orders}/nobody")

    def undeclared() -> list[str]:
        return [name for name, edge in edges(someone).items() if not edge["declared"]]

    eventually(lambda: undeclared() == ["orders -> stranger"], explain=lambda: f"{undeclared()}")
    out = "import socket; socket.create_connection(('192.0.2.1', 80), timeout=5)"
    assert someone.run("run", "orders", "--", "python3", "-c", out, check=None).returncode != 0


def test_a_one_off_is_in_the_same_network(someone: Product, orders: str, payments: str) -> None:
    """It has the names, and finds the service itself on loopback; a database's protocol passes, too."""
    start(someone, orders, payments)
    ask = "import urllib.request as u; print(u.urlopen('http://{}/answer').read().decode())"
    for host in ("payments:8080", "orders:8080", "127.0.0.1:8080"):
        done = someone.run("run", "orders", "--", "python3", "-c", ask.format(host))
        assert done.stdout.strip() == ("payments-0" if host.startswith("payments") else "orders-0")
    ping = "import socket; c = socket.create_connection(('redis', 6379)); c.sendall(b'PING\\r\\n'); print(c.recv(9))"
    assert "PONG" in someone.run("run", "worker", "--", "python3", "-c", ping).stdout
    eventually(lambda: edges(someone)["worker -> databases.redis"]["requests"] == 1)


def test_faults_and_recordings_take_these_edges(someone: Product, orders: str, payments: str) -> None:
    """As all others."""
    start(someone, orders, payments)
    someone.run("record", "start", "day")
    get(f"{orders}/ask")
    someone.run("fault", "add", "orders -> payments", "status=503")
    with pytest.raises(urllib.error.HTTPError):
        get(f"{orders}/ask")
    someone.run("fault", "clear")
    assert get(f"{orders}/ask") == "orders-0 asked payments-0"
    someone.run("record", "stop")
    shown = someone.run("record", "show", "day", "--json").stdout
    assert "/answer" in shown
    assert shown.count('"payments"') >= 2


def test_replicas_bind_one_port_and_a_reload_fails_nobody(someone: Product, free_port: int) -> None:
    """Several instances on one port, new ones beside old ones: no request fails."""
    source = (PROGRAMS / "steady.py").read_text()
    (someone.root / "app.py").write_text(source)
    someone.write(f"""
    [services.orders]
    command = "@python@ app.py"
    port = 8080
    names = "pod"
    replicas = 2
    ports = ["{free_port}:http"]
    watch = {{ paths = ["app.py"] }}
    healthcheck = {{ http = "/healthz", interval = "200ms", timeout = "2s" }}
    """)
    someone.run("up", "-d", "--wait")

    def generations() -> list[int]:
        told = someone.status()["orders"]
        return sorted(one["generation"] for one in told["instances"] if one["role"] == "serving")

    with load_on(free_port, per_second=rate()) as load:
        someone.run("scale", "orders=3")
        eventually(lambda: len(generations()) == 3)
        (someone.root / "app.py").write_text(f"{source}\n# saved\n")
        eventually(lambda: min(generations()) >= 2, 30, lambda: str(someone.status()["orders"]))
        someone.run("scale", "orders=1")
        eventually(lambda: len(generations()) == 1)
    assert load.failed == {}
    assert load.ok == load.sent
    assert len(load.answered_by) >= 4


class Outside(http.server.BaseHTTPRequestHandler):
    """Somebody out of the system."""

    def do_GET(self) -> None:
        """Say what was asked for."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"outside {self.path}".encode())

    def log_message(self, text: str, *args: object) -> None:
        """Nobody reads it."""


def test_the_way_out_is_the_name_proxy(someone: Product, orders: str, payments: str) -> None:
    """With ``proxy_env`` programs that heed it reach other machines, and that is seen, too."""
    outside = http.server.ThreadingHTTPServer(("127.0.0.2", 0), Outside)
    thread = threading.Thread(target=outside.serve_forever)
    thread.start()
    try:
        host = f"127.0.0.2:{outside.server_address[1]}"
        more = f'proxy_env = true\nenvironment = {{ OUTSIDE = "http://{host}/z" }}\n[services.payments]'
        start(someone, orders, payments, TOML.replace("[services.payments]", more, 1))
        assert get(f"{orders}/outside") == "orders-0 asked outside /z"
        assert get(f"{orders}/ask") == "orders-0 asked payments-0"
        eventually(lambda: edges(someone).get(f"orders -> {host}", {}).get("requests") == 1)
    finally:
        outside.shutdown()
        thread.join()
        outside.server_close()


def networks() -> set[int]:
    """The networks that any process is in."""
    found = set()
    for place in Path("/proc").glob("[0-9]*/ns/net"):
        try:
            found.add(place.stat().st_ino)
        except OSError:
            continue
    return found


def test_nothing_of_it_is_left(someone: Product, orders: str, payments: str) -> None:
    """Neither interfaces on this machine, while it runs or after, nor networks; also when everything is killed."""
    start(someone, orders, payments)
    own = Path(f"/proc/{leader(someone, 'orders')}/ns/net").stat().st_ino
    mine = {Path(f"/proc/{leader(someone, name)}/ns/net").stat().st_ino for name in ("orders", "payments")}
    assert len(mine | {Path("/proc/self/ns/net").stat().st_ino}) == 3
    assert own in networks()
    assert not [name for _, name in socket.if_nameindex() if re.fullmatch(r"p\d+-\d+", name)]
    keeper = kept_by(someone)
    someone.run("down")
    someone.wait_gone()
    assert not mine & networks()
    assert not alive(keeper)

    someone.run("up", "-d", "--wait")
    keeper = kept_by(someone)
    again = {Path(f"/proc/{leader(someone, name)}/ns/net").stat().st_ino for name in ("orders", "payments")}
    os.kill(someone.lock()["pid"], signal.SIGKILL)
    someone.wait_gone()
    eventually(lambda: not again & networks() and not alive(keeper))


def kept_by(product: Product) -> int:
    """The pid of the keeper of networks."""
    pid: int = next(one["pid"] for one in product.processes() if one["role"] == "keeper")
    return pid


@pytest.mark.parametrize("role", ["keeper", "worker"])
def test_one_that_is_killed_is_replaced(someone: Product, orders: str, payments: str, role: str) -> None:
    """The networks stay, and so do the instances in them: calls, probes and launches go on."""
    start(someone, orders, payments)
    before = leader(someone, "payments")
    pid = next(one["pid"] for one in someone.processes() if one["role"] == role)
    os.kill(pid, signal.SIGKILL)

    def replaced() -> bool:
        return any(one["role"] == role and one["pid"] != pid for one in someone.processes())

    eventually(replaced)

    def answered() -> bool:
        try:
            return get(f"{orders}/ask") == "orders-0 asked payments-0"
        except OSError:
            return False

    eventually(answered)
    assert leader(someone, "payments") == before
    someone.run("restart", "payments")
    eventually(lambda: leader(someone, "payments") not in (0, before))
    eventually(answered)


def test_where_there_are_none_the_way_out_is_told(product: Product, orders: str, payments: str) -> None:
    """By ``doctor``, by ``check``, and by the service that does not start."""
    with acting_as(product, "caged") as someone:
        assert "pod" in someone.run("doctor", check=None).stdout.split("names", 1)[1].split("\n\n")[0]
        ports = [url.rpartition(":")[2] for url in (orders, payments)]
        someone.write(TOML.replace("@port@", ports[0]).replace("@other@", ports[1]))
        checked = someone.run("check", check=2).stdout
        assert 'orders: names = "pod" is not possible here' in checked
        someone.run("up", "-d", check=None)
        why = eventually(lambda: _told(someone), explain=lambda: someone.run("why", "orders").stdout)
        assert "max_user_namespaces" in why or "`meshdev doctor`" in why


def _told(product: Product) -> str:
    said = " ".join(product.run("why", "orders", check=None).stdout.split())
    return said if 'names = "pod" is not possible here' in said else ""


def test_a_program_has_no_descriptor_of_a_namespace(product: Product, free_port: int) -> None:
    """The file descriptors of a launch are the program's own three, whatever it took to start it."""
    product.write(f"""
    [services.a]
    command = "@python@ @programs@/twin.py nobody"
    port = 8080
    names = "pod"
    ports = ["{free_port}:http"]
    """)
    product.run("up", "-d", "--wait")
    descriptors = os.listdir(f"/proc/{leader(product, 'a')}/fd")  # noqa: PTH208 -- numbers
    assert sorted(descriptors, key=int)[:3] == ["0", "1", "2"]
    links = subprocess.run(
        ["ls", "-l", f"/proc/{leader(product, 'a')}/fd"], capture_output=True, text=True, check=True
    ).stdout
    assert "net:" not in links
    assert "user:" not in links
