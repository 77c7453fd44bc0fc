"""A caller's name proxy, through a real worker: edges by name, the world outside, tunnels."""

import asyncio
import os
import shutil
import signal
import socket
import struct
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import msgspec
import pytest

from meshdev.mesh.fleet import Fleet
from meshdev.wire.mesh import EdgeKey, EdgePolicy, Exchange, OutsideFaults, Upstream
from support_faults import specs
from support_http_edge import Answer, Seen, http_peer, read_response
from support_mesh import Streams, dial, fleet_of, peer, until

PROXY = EdgeKey("orders", "", "proxy")
PAYMENTS = EdgeKey("orders", "payments", "http")
BUS = EdgeKey("orders", "brokers.bus", "nats")
NAMES = {"payments": PAYMENTS, "bus": BUS}


def known(payments: Upstream | None = None, bus: Upstream | None = None) -> dict[EdgeKey, EdgePolicy]:
    """The policy of a caller with a name proxy and two latent edges."""
    return {
        PROXY: EdgePolicy(protocol="proxy", names=NAMES),
        PAYMENTS: EdgePolicy((payments,) if payments else (), "http", hold=10.0 if payments else 0.0),
        BUS: EdgePolicy((bus,) if bus else (), "nats", hold=0.0),
    }


async def proxy_in(fleet: Fleet, policies: dict[EdgeKey, EdgePolicy]) -> int:
    """Have a name proxy; its port."""
    port = fleet.listen(PROXY)
    for edge in policies.keys() - {PROXY}:
        fleet.attach(edge)
    await fleet.wait_acked(fleet.apply(policies))
    return port


@asynccontextmanager
async def proxied(
    folder: Path, payments: Upstream, exchanges: list[tuple[EdgeKey, Exchange, float]] | None = None
) -> AsyncIterator[tuple[Fleet, int]]:
    """A fleet with a name proxy that knows payments, and the proxy's port."""
    async with fleet_of(folder, exchanges=exchanges) as fleet:
        yield fleet, await proxy_in(fleet, known(payments))


async def get(streams: Streams, url: str, fields: str = "") -> Answer:
    """Ask the proxy for ``url``."""
    reader, writer = streams
    host = url.split("/")[2]
    writer.write(f"GET {url} HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n".encode())
    return await read_response(reader)


def counted(fleet: Fleet, key: EdgeKey) -> tuple[int, int, int]:
    """Connections, requests and open connections of an edge."""
    signals = fleet.signals().get(key)
    return (signals.opened, signals.total.requests, signals.active) if signals else (0, 0, 0)


@pytest.mark.parametrize("name", ["payments", "payments.local", "Payments:80", "payments:8080", "payments."])
async def test_a_name_is_the_callers_edge(tmp_path: Path, name: str) -> None:
    """The callee gets the request as an origin expects it, the edge counts it under its route."""
    seen = Seen()
    exchanges: list[tuple[EdgeKey, Exchange, float]] = []
    async with (
        http_peer("payments-0", seen) as payments,
        proxied(tmp_path, payments.upstream, exchanges) as (fleet, port),
    ):
        async with dial(port) as streams:
            url = f"http://{name}/charges?dry=1"
            assert (await get(streams, url, "Proxy-Connection: keep-alive\r\nAccept: */*\r\n")).body == (
                b"payments-0"
            )
        await until(lambda: counted(fleet, PAYMENTS) == (1, 1, 0))
        assert set(fleet.signals()) == {PAYMENTS}
    [request] = seen.requests
    assert request.startswith(b"GET /charges?dry=1 HTTP/1.1\r\n")
    assert request.endswith(f"\r\nHost: {name}\r\nAccept: */*\r\n\r\n".encode())
    [(edge, exchange, _)] = exchanges
    assert (edge, exchange.target, exchange.status) == (PAYMENTS, "/charges?dry=1", 200)


async def test_any_other_host_is_dialled_and_seen(tmp_path: Path) -> None:
    """One connection may ask for both, in any order; each request counts where it belongs."""
    async with (
        http_peer("payments-0") as payments,
        http_peer("elsewhere") as far,
        proxied(tmp_path, payments.upstream) as (fleet, port),
    ):
        authority = f"127.0.0.1:{far.upstream.port}"
        async with dial(port) as streams:
            bodies = [
                (await get(streams, url)).body
                for url in (f"http://{authority}/a", "http://payments/b", f"http://{authority}/c")
            ]
        assert bodies == [b"elsewhere", b"payments-0", b"elsewhere"]
        outside = EdgeKey("orders", authority, "http")
        await until(lambda: counted(fleet, outside) == (1, 2, 0) and counted(fleet, PAYMENTS) == (1, 1, 0))
        assert set(fleet.signals()[outside].routes) == {"GET /a", "GET /c"}
        assert len(far.connections) == 1


async def test_a_host_that_is_not_there_is_told(tmp_path: Path) -> None:
    """As any edge tells it: 503 with the reason."""
    async with (
        http_peer("payments-0") as payments,
        proxied(tmp_path, payments.upstream) as (_, port),
        dial(port) as streams,
    ):
        answer = await get(streams, "http://127.0.0.1:9/")
    assert (answer.status, answer.reason) == (503, "no instance of 127.0.0.1:9 took the request: refused")


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("/charges", "this is a proxy"),
        ("https://payments/", "cannot be asked for https://payments"),
        ("http://a:b:c/", "cannot be asked for"),
        ("http://bus/", "does not speak HTTP"),
    ],
)
async def test_what_a_proxy_cannot_do_is_refused(tmp_path: Path, target: str, reason: str) -> None:
    """With a reason that says what would work."""
    async with (
        http_peer("payments-0") as payments,
        proxied(tmp_path, payments.upstream) as (_, port),
        dial(port) as (reader, writer),
    ):
        writer.write(f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        answer = await read_response(reader)
    assert answer.status == 400
    assert reason in answer.reason


async def connect(streams: Streams, authority: str) -> bytes:
    """Ask for a tunnel; the answer's first line."""
    reader, writer = streams
    writer.write(f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n".encode())
    return (await reader.readuntil(b"\r\n\r\n")).partition(b"\r\n")[0]


async def test_tunnels_lead_to_names_and_to_hosts(tmp_path: Path) -> None:
    """CONNECT is TCP: to a service, to a broker, to anybody outside; each is an edge's connection, and is told."""
    exchanges: list[tuple[EdgeKey, Exchange, float]] = []
    async with (
        peer("payments-0") as payments,
        peer("bus-0") as bus,
        peer("far") as far,
        fleet_of(tmp_path, exchanges=exchanges) as fleet,
    ):
        port = await proxy_in(fleet, known(payments.upstream, bus.upstream))
        outside = f"127.0.0.1:{far.upstream.port}"
        for authority, name in (("payments:443", "payments-0"), ("bus:4222", "bus-0"), (outside, "far")):
            async with dial(port) as streams:
                assert b" 200 " in await connect(streams, authority)
                reader, writer = streams
                assert await reader.readline() == f"{name}\n".encode()
                writer.write(b"hello")
                assert await reader.readexactly(5) == b"hello"
        keys = (PAYMENTS, BUS, EdgeKey("orders", outside, "connect"))
        await until(lambda: len(exchanges) == len(keys))
        assert [counted(fleet, key) for key in keys] == [(1, 1, 0), (1, 0, 0), (1, 1, 0)]
        assert [fleet.signals()[key].in_flight for key in keys] == [0, 0, 0]
        assert [fleet.signals()[key].bytes_in for key in keys[1:]] == [
            5 + len(f"CONNECT {name} HTTP/1.1\r\nHost: {name}\r\n\r\n") for name in ("bus:4222", outside)
        ]
    told = {edge: exchange for edge, exchange, _ in exchanges}
    for key, target, instance in zip(
        keys, ("payments:443", "bus:4222", outside), ("payments-0", "bus-0", outside), strict=True
    ):
        exchange = told[key]
        assert (exchange.method, exchange.target, exchange.status) == ("CONNECT", target, 200)
        assert (exchange.instance, exchange.error, exchange.by) == (instance, "", "")
        assert exchange.bytes_in == 5 + len(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n")
        assert exchange.bytes_out == len(f"{instance}\nhello") if key is not keys[2] else len("far\nhello")


async def test_a_tunnel_to_nobody_is_told(tmp_path: Path) -> None:
    """A service that is stopped, a host that refuses: 503, then the end; both are failed calls."""
    exchanges: list[tuple[EdgeKey, Exchange, float]] = []
    async with fleet_of(tmp_path, exchanges=exchanges) as fleet:
        port = await proxy_in(fleet, known())
        for authority, kind in (("payments:443", "no-upstream"), ("127.0.0.1:9", "refused")):
            async with dial(port) as (reader, writer):
                writer.write(f"CONNECT {authority} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
                answer = await read_response(reader)
                assert answer.status == 503
                assert answer.reason.endswith(kind)
                assert await reader.read() == b""
        await until(lambda: len(exchanges) == 2)
        assert [(it.status, it.error, it.by) for _, it, _ in exchanges] == [
            (503, "no-upstream", "meshdev"),
            (503, "refused", "meshdev"),
        ]
        totals = [fleet.signals()[key].total for key, _, _ in exchanges]
        assert [(total.requests, total.failures) for total in totals] == [(1, 1), (1, 1)]


async def test_a_hidden_name_is_no_host(tmp_path: Path) -> None:
    """The fault ``dns``: requests and tunnels by name hear so, told as injected; others, and addresses, get through."""
    exchanges: list[tuple[EdgeKey, Exchange, float]] = []
    async with (
        http_peer("payments-0") as payments,
        fleet_of(tmp_path, exchanges=exchanges) as fleet,
    ):
        policies = known(payments.upstream)
        hidden = msgspec.structs.replace(policies[PAYMENTS], faults=specs({"dns": True}, since=0.0))
        port = await proxy_in(fleet, policies | {PAYMENTS: hidden})
        async with dial(port) as streams:
            answer = await get(streams, "http://payments/charges")
        problem = msgspec.json.decode(answer.body)
        assert (answer.status, answer.reason) == (503, "no such host: payments (the fault a/dns hides it)")
        assert (problem["by"], problem["error"], problem["fault"]) == ("meshdev", "fault", "a/dns")
        async with dial(port) as streams:
            assert b" 503 " in await connect(streams, "payments:443")
        async with dial(port) as streams:
            assert (await get(streams, f"http://127.0.0.1:{payments.upstream.port}/")).status == 200
        await fleet.wait_acked(fleet.apply(policies))
        async with dial(port) as streams:
            assert (await get(streams, "http://payments/charges")).status == 200
        await until(lambda: len(exchanges) == 4 and fleet.signals()[PAYMENTS].fault_hits == {"a/dns": 2})
        assert [(one.by, one.faults, one.error) for _, one, _ in exchanges[:2]] == [
            ("meshdev", ("a/dns",), "fault")
        ] * 2
        assert fleet.signals()[PAYMENTS].errors == {"fault": 2}


async def test_faults_for_hosts_outside(tmp_path: Path) -> None:
    """They come and go on hosts that are known already and on new ones; other hosts and names are spared."""
    async with http_peer("there") as there, http_peer("payments-0") as payments, fleet_of(tmp_path) as fleet:
        policies = known(payments.upstream)
        port = await proxy_in(fleet, policies)
        at = there.upstream.port

        async def outside(*faults: OutsideFaults) -> None:
            proxy = msgspec.structs.replace(policies[PROXY], outside=faults)
            await fleet.wait_acked(fleet.apply(policies | {PROXY: proxy}))

        async def asked(streams: Streams, *hosts: str) -> list[int]:
            return [(await get(streams, f"http://{host}/")).status for host in hosts]

        async with dial(port) as streams:
            assert await asked(streams, f"127.0.0.1:{at}", "payments") == [200, 200]
            await outside(OutsideFaults("127.0.0.*", "", specs({"status": 418}, since=0.0)))
            assert await asked(streams, f"127.0.0.1:{at}", f"127.0.0.2:{at}") == [418, 418]
            assert await asked(streams, "payments") == [200]
            await outside(OutsideFaults("127.0.0.1", str(at + 1), specs({"status": 418}, since=0.0)))
            assert await asked(streams, f"127.0.0.1:{at}") == [200]
        await outside(OutsideFaults("127.0.0.1", "", specs({"dns": True}, since=0.0)))
        async with dial(port) as streams:
            assert await asked(streams, f"127.0.0.1:{at}") == [503]
        async with dial(port) as streams:
            assert b" 503 " in await connect(streams, f"127.0.0.1:{at}")
        await outside()
        async with dial(port) as streams:
            assert await asked(streams, f"127.0.0.1:{at}") == [200]
        key = EdgeKey("orders", f"127.0.0.1:{at}", "http")
        hits = {"a/status": 1, "a/dns": 1}  # the tunnel was an edge of its own
        await until(lambda: key in fleet.signals() and dict(fleet.signals()[key].fault_hits) == hits)


async def test_a_tunnel_out_of_the_system_is_slowed(tmp_path: Path) -> None:
    """Of what passes nothing is read, but it can be late."""
    async with peer("there", None) as there, fleet_of(tmp_path) as fleet:
        slow = OutsideFaults("127.0.0.1", "connect", specs({"latency": "150ms"}, since=0.0))
        policies = known()
        proxy = msgspec.structs.replace(policies[PROXY], outside=(slow,))
        port = await proxy_in(fleet, policies | {PROXY: proxy})
        async with dial(port) as streams:
            assert b" 200 " in await connect(streams, f"127.0.0.1:{there.upstream.port}")
            began = time.monotonic()
            streams[1].write(b"hello\n")
            await streams[0].readuntil(b"hello\n")
            assert time.monotonic() - began >= 0.15


async def test_a_caller_that_does_not_wait_for_its_tunnel_is_told(tmp_path: Path) -> None:
    """No answer, for its own reason; nothing stays in flight."""
    exchanges: list[tuple[EdgeKey, Exchange, float]] = []
    async with fleet_of(tmp_path, exchanges=exchanges) as fleet:
        policies = known() | {PAYMENTS: EdgePolicy(protocol="http", hold=10.0)}
        port = await proxy_in(fleet, policies)
        async with dial(port) as (_, writer):
            writer.write(b"CONNECT payments:80 HTTP/1.1\r\nHost: x\r\n\r\n")
            await until(lambda: PAYMENTS in fleet.signals() and fleet.signals()[PAYMENTS].held == 1)
            sock = writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
        await until(lambda: bool(exchanges))
        assert [(it.status, it.error) for _, it, _ in exchanges] == [(0, "caller-reset")]
        await until(lambda: fleet.signals()[PAYMENTS].active == 0)
        signals = fleet.signals()[PAYMENTS]
        assert (signals.in_flight, signals.total.failures, signals.errors) == (0, 1, {"caller-reset": 1})


async def test_a_closed_edge_is_closed_by_name_too(tmp_path: Path) -> None:
    """The rule is told, to a request and to a tunnel; nothing reaches the callee."""
    seen = Seen()
    async with http_peer("payments-0", seen) as payments, fleet_of(tmp_path) as fleet:
        policies = known(payments.upstream)
        policies[PAYMENTS] = EdgePolicy((payments.upstream,), "http", denied="zero_trust: not declared")
        port = await proxy_in(fleet, policies)
        for line in ("GET http://payments/", "CONNECT payments:80"):
            async with dial(port) as (reader, writer):
                writer.write(f"{line} HTTP/1.1\r\nHost: payments\r\n\r\n".encode())
                answer = await read_response(reader)
            assert answer.status == 403
            assert answer.reason == "orders may not call payments: zero_trust: not declared"
        await until(lambda: counted(fleet, PAYMENTS)[::2] == (2, 0))
        assert fleet.signals()[PAYMENTS].errors == {"denied": 2}
    assert seen.requests == []


async def test_a_killed_worker_meets_hosts_again(tmp_path: Path) -> None:
    """What it called them is forgotten with it; sums go on."""
    async with (
        http_peer("payments-0") as payments,
        http_peer("far") as far,
        proxied(tmp_path, payments.upstream) as (fleet, port),
    ):
        authority = f"127.0.0.1:{far.upstream.port}"
        outside = EdgeKey("orders", authority, "http")
        async with dial(port) as streams:
            await get(streams, f"http://{authority}/")
            await until(lambda: counted(fleet, outside) == (1, 1, 1))
            [(_, pid)] = fleet.processes()
            os.kill(pid, signal.SIGKILL)
            assert await streams[0].read() == b""
        async with dial(port) as streams:
            assert (await get(streams, "http://payments/")).body == b"payments-0"
            assert (await get(streams, f"http://{authority}/")).body == b"far"
        await until(lambda: counted(fleet, outside) == (2, 2, 0))


async def test_new_names_leave_the_proxy_where_it_is(tmp_path: Path) -> None:
    """Its address is in the environment of a process that runs."""
    other = EdgeKey("orders", "stock", "http")
    async with (
        http_peer("payments-0") as payments,
        http_peer("stock-0") as stock,
        proxied(tmp_path, payments.upstream) as (fleet, port),
    ):
        fleet.unlisten(PROXY)
        assert fleet.listen(PROXY) == port
        fleet.attach(other)
        policies = known(payments.upstream)
        policies[PROXY] = EdgePolicy(protocol="proxy", names={**NAMES, "stock": other})
        policies[other] = EdgePolicy((stock.upstream,), "http")
        await fleet.wait_acked(fleet.apply(policies))
        async with dial(port) as streams:
            assert (await get(streams, "http://stock/")).body == b"stock-0"
            assert (await get(streams, "http://payments/")).body == b"payments-0"


async def test_a_proxys_edges_are_served_where_it_is(tmp_path: Path) -> None:
    """With several workers, too: they are found by name within one."""
    async with http_peer("payments-0") as payments, fleet_of(tmp_path, workers=3) as fleet:
        for number in range(4):
            fleet.listen(EdgeKey("a", f"b{number}"))
        port = await proxy_in(fleet, known(payments.upstream))
        async with dial(port) as streams:
            assert (await get(streams, "http://payments/")).body == b"payments-0"


async def test_httpx_goes_through(tmp_path: Path) -> None:
    """As its users have it: by the environment's proxy, many requests on one client."""
    async with http_peer("payments-0") as payments, proxied(tmp_path, payments.upstream) as (fleet, port):
        async with httpx.AsyncClient(proxy=f"http://127.0.0.1:{port}") as client:
            for _ in range(3):
                assert (await client.post("http://payments/charges", json={"n": 1})).text == "payments-0"
        await until(lambda: counted(fleet, PAYMENTS) == (1, 3, 0))


URLLIB = "import urllib.request as r; print(r.urlopen('http://payments/x').read().decode(), end='')"


NODE = """
const http = require('http'), proxy = new URL(process.env.http_proxy);
http.get({host: proxy.hostname, port: proxy.port, path: 'http://payments/x', headers: {host: 'payments'}}, (answer) => {
  answer.setEncoding('utf8').on('data', (text) => process.stdout.write(text));
});
"""
NODE_TUNNEL = """
const http = require('http'), proxy = new URL(process.env.http_proxy);
http.request({host: proxy.hostname, port: proxy.port, method: 'CONNECT', path: 'payments:80'})
  .on('connect', (_, socket) => {
    const agent = new http.Agent();
    agent.createConnection = () => socket;
    http.get({host: 'payments', path: '/x', agent, headers: {connection: 'close'}}, (answer) => {
      answer.setEncoding('utf8').on('data', (text) => process.stdout.write(text)).on('end', () => socket.end());
    });
  }).end();
"""


@pytest.mark.parametrize(
    "command",
    [
        ["curl", "-sS", "http://payments/x"],
        ["curl", "-sS", "--proxytunnel", "http://payments/x"],
        [sys.executable, "-c", URLLIB],
        ["node", "-e", NODE],
        ["node", "-e", NODE_TUNNEL],
    ],
    ids=["curl", "curl-tunnel", "urllib", "node", "node-tunnel"],
)
async def test_clients_find_it_by_their_environment(tmp_path: Path, command: list[str]) -> None:
    """``http_proxy`` is all they need; Node takes it only from its own program."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    async with http_peer("payments-0") as payments, proxied(tmp_path, payments.upstream) as (fleet, port):
        environment = {"PATH": os.environ["PATH"], "http_proxy": f"http://127.0.0.1:{port}"}
        process = await asyncio.create_subprocess_exec(
            *command, env=environment, stdout=asyncio.subprocess.PIPE
        )
        said, _ = await process.communicate()
        assert said == b"payments-0"
        await until(lambda: counted(fleet, PAYMENTS)[0] == 1)
