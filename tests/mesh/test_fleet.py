"""The fleet with real workers, sockets and peers."""

import asyncio
import json
import os
import signal
import socket
import time
from pathlib import Path

import psutil
import pytest

from meshdev.errors import ServiceError
from meshdev.mesh import process
from meshdev.mesh.ports import bind, bind_beside
from meshdev.wire.mesh import EdgeKey, EdgePolicy, Exchange
from support_http_edge import Seen, http_peer, read_response, request
from support_mesh import EDGE, dial, fleet_of, free_port, greeting, has_loopback_6, peer, until


async def test_a_call_reaches_the_upstream(tmp_path: Path) -> None:
    """What the caller says to the edge's port is answered by the instance that is routed."""
    async with fleet_of(tmp_path) as fleet, peer("payments-0@1") as payments:
        port = fleet.listen(EDGE)
        await fleet.wait_acked(fleet.apply({EDGE: [payments.upstream]}))
        async with dial(port) as (reader, writer):
            assert await reader.readline() == b"payments-0@1\n"
            writer.write(b"hello")
            assert await reader.readexactly(5) == b"hello"


async def test_no_worker_before_there_is_an_edge(tmp_path: Path) -> None:
    """A system without edges costs no process."""
    async with fleet_of(tmp_path) as fleet, peer("a") as a:
        await fleet.wait_acked(fleet.apply({}))
        assert fleet.processes() == []
        fleet.listen(EDGE)
        await fleet.wait_acked(fleet.apply({EDGE: [a.upstream]}))
        [(role, pid)] = fleet.processes()
        assert role == "worker"
        assert psutil.pid_exists(pid)


async def test_connections_are_spread_over_the_instances(tmp_path: Path) -> None:
    """Round robin over what is routed."""
    async with fleet_of(tmp_path) as fleet, peer("a") as a, peer("b") as b, peer("c") as c:
        port = fleet.listen(EDGE)
        await fleet.wait_acked(fleet.apply({EDGE: [a.upstream, b.upstream, c.upstream]}))
        assert [await greeting(port) for _ in range(6)] == ["a", "b", "c", "a", "b", "c"]


async def test_a_connection_is_held_until_there_is_an_upstream(tmp_path: Path) -> None:
    """A call to a service that is starting waits, and goes through with what it said meanwhile."""
    async with fleet_of(tmp_path) as fleet, peer("late") as late:
        port = fleet.listen(EDGE)
        await fleet.wait_acked(fleet.apply({EDGE: []}))
        async with dial(port) as (reader, writer):
            writer.write(b"early words")
            await until(lambda: EDGE in fleet.signals() and fleet.signals()[EDGE].held == 1)
            fleet.apply({EDGE: [late.upstream]})
            assert await reader.readexactly(16) == b"late\nearly words"


async def test_a_service_that_is_down_turns_calls_away(tmp_path: Path) -> None:
    """With ``hold = 0`` a call to a stopped service is reset at once and counted."""
    async with fleet_of(tmp_path) as fleet:
        port = fleet.listen(EDGE)
        await fleet.wait_acked(fleet.apply({EDGE: EdgePolicy(hold=0.0)}))
        assert await greeting(port) == ""
        await until(lambda: EDGE in fleet.signals() and fleet.signals()[EDGE].closed == 1)
        assert fleet.signals()[EDGE].errors == {"no-upstream": 1}


async def test_a_port_stays_the_same_over_runs(tmp_path: Path) -> None:
    """An edge finds its port again, by the file, and by its name when the file is lost."""
    other = EdgeKey("orders", "stock")
    async with fleet_of(tmp_path) as fleet:
        ports = {edge: fleet.listen(edge) for edge in (EDGE, other)}
    assert set(json.loads((tmp_path / "ports.json").read_text()).values()) == set(ports.values())
    async with fleet_of(tmp_path) as fleet:
        assert {edge: fleet.listen(edge) for edge in (other, EDGE)} == ports
    (tmp_path / "ports.json").write_text("not json")
    async with fleet_of(tmp_path) as fleet:
        assert fleet.listen(EDGE) == ports[EDGE]


async def test_a_fixed_port_that_is_taken_names_its_holder(tmp_path: Path) -> None:
    """The message says who has the port, so that a person can act."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        async with fleet_of(tmp_path) as fleet:
            with pytest.raises(ServiceError, match=rf"port {port} .*taken by .*pid {os.getpid()}"):
                fleet.listen(EDGE, port=port)


async def test_a_fixed_port_is_bound_and_given_up(tmp_path: Path) -> None:
    """A front gets exactly its port; closing the edge frees it for another program."""
    port = free_port()
    async with fleet_of(tmp_path) as fleet, peer("front") as front:
        assert fleet.listen(EDGE, port=port) == port
        assert fleet.listen(EDGE, port=port) == port
        await fleet.wait_acked(fleet.apply({EDGE: [front.upstream]}))
        assert await greeting(port) == "front"
        fleet.unlisten(EDGE)
        await fleet.wait_acked(fleet.version)
        with socket.socket() as other:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            other.bind(("127.0.0.1", port))
            other.listen()


@pytest.mark.skipif(not has_loopback_6(), reason="there is no ::1 here")
async def test_a_published_port_is_reached_whatever_localhost_is(tmp_path: Path) -> None:
    """Programs may take it for ``::1`` first; so it stays when the worker is replaced, and ends with the edge."""
    port = free_port()
    async with fleet_of(tmp_path) as fleet, peer("front") as front:
        fleet.listen(EDGE, port=port)
        await fleet.wait_acked(fleet.apply({EDGE: [front.upstream]}))
        for host in ("127.0.0.1", "::1", "localhost"):
            assert await greeting(port, host) == "front"
        os.kill(fleet.processes()[0][1], signal.SIGKILL)
        assert await greeting(port, "::1") == "front"
        fleet.unlisten(EDGE)
        await fleet.wait_acked(fleet.version)
        bind(port, "::1").close()


@pytest.mark.skipif(not has_loopback_6(), reason="there is no ::1 here")
async def test_a_published_port_that_is_taken_on_the_other_loopback_is_told(tmp_path: Path) -> None:
    """It serves where it can, and a person hears whom ``localhost`` may reach instead."""
    port, said = free_port(), list[str]()
    with bind(port, "::1"):
        async with fleet_of(tmp_path, report=said) as fleet, peer("front") as front:
            fleet.listen(EDGE, port=port)
            await fleet.wait_acked(fleet.apply({EDGE: [front.upstream]}))
            assert await greeting(port) == "front"
    [text] = said
    assert f"port {port} for orders -> payments:http is taken on [::1] by " in text
    assert f"(pid {os.getpid()})" in text


def test_where_there_is_no_other_loopback_nothing_is_amiss() -> None:
    """An address that this machine does not have is not an error."""
    assert bind_beside(free_port(), "2001:db8::1") is None


async def test_a_published_port_may_move_to_another_edge(tmp_path: Path) -> None:
    """A renamed service keeps its front's port: nobody is refused between the old edge and the new one."""
    renamed = EdgeKey("outside", "renamed")
    port = free_port()
    async with fleet_of(tmp_path) as fleet, peer("a") as a, peer("b") as b:
        fleet.listen(EDGE, port=port)
        await fleet.wait_acked(fleet.apply({EDGE: [a.upstream]}))
        assert await greeting(port) == "a"
        fleet.unlisten(EDGE)
        assert fleet.listen(renamed, port=port) == port
        await fleet.wait_acked(fleet.apply({renamed: [b.upstream]}))
        assert await greeting(port) == "b"


async def test_a_killed_worker_is_replaced_and_refuses_nobody(tmp_path: Path) -> None:
    """While there is no worker connections wait in the kernel; the next worker serves them by the same policy."""
    said: list[str] = []
    async with fleet_of(tmp_path, report=said) as fleet, peer("a") as a:
        port = fleet.listen(EDGE)
        await fleet.wait_acked(fleet.apply({EDGE: [a.upstream]}))
        [(_, first)] = fleet.processes()
        os.kill(first, signal.SIGKILL)
        answers = await asyncio.gather(*(greeting(port) for _ in range(20)))
        assert [answer for answer in answers if answer] == ["a"] * 20
        [(_, second)] = fleet.processes()
        assert second != first
        assert any(f"(pid {first}) ended" in sentence for sentence in said)


async def test_closing_leaves_no_process_and_no_port(tmp_path: Path) -> None:
    """After close() the worker is gone and the port is free."""
    async with fleet_of(tmp_path) as fleet, peer("a") as a:
        port = fleet.listen(EDGE)
        await fleet.wait_acked(fleet.apply({EDGE: [a.upstream]}))
        [(_, pid)] = fleet.processes()
    assert not psutil.pid_exists(pid)
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


async def test_signals_tell_connections_and_bytes(tmp_path: Path) -> None:
    """Telemetry adds up to what really passed."""
    async with fleet_of(tmp_path) as fleet, peer("a") as a:
        port = fleet.listen(EDGE)
        await fleet.wait_acked(fleet.apply({EDGE: [a.upstream]}))
        async with dial(port) as (reader, writer):
            await reader.readline()
            writer.write(b"x" * 1000)
            await reader.readexactly(1000)
            await until(lambda: EDGE in fleet.signals() and fleet.signals()[EDGE].bytes_out == 1002)
            assert fleet.signals()[EDGE].active == 1
        await until(lambda: fleet.signals()[EDGE].closed == 1)
        signals = fleet.signals()[EDGE]
        assert (signals.opened, signals.active, signals.bytes_in, signals.errors) == (1, 0, 1000, {})


async def test_http_exchanges_are_told_by_route_and_one_by_one(tmp_path: Path) -> None:
    """Counts, latencies and summaries of what passed, with the trace that was put in."""
    exchanges: list[tuple[EdgeKey, Exchange, float]] = []
    seen = Seen()
    began = time.time()
    async with fleet_of(tmp_path, exchanges=exchanges) as fleet, http_peer("payments-0@1", seen) as payments:
        port = fleet.listen(EDGE)
        await fleet.wait_acked(fleet.apply({EDGE: EdgePolicy((payments.upstream,), "http")}))
        async with dial(port) as (reader, writer):
            for number in range(20):
                writer.write(request("POST", f"/charges/{number}?dry=1", b"12345"))
                await read_response(reader)
            writer.write(b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n")
            assert (await read_response(reader)).status == 400
        await until(lambda: EDGE in fleet.signals() and fleet.signals()[EDGE].closed == 1)
        signals = fleet.signals()[EDGE]
        assert {name: route.statuses for name, route in signals.routes.items()} == {
            "POST /charges/{id}": [0, 0, 20, 0, 0, 0],
            "POST /": [0, 0, 0, 0, 1, 0],
        }
        assert (signals.total.requests, signals.total.failures, signals.in_flight) == (21, 1, 0)
        assert 0 < signals.total.latency.quantile(0.5) < 10e6
        assert signals.errors == {"refused-message": 1}
    edge, exchange, at = exchanges[7]
    assert edge == EDGE
    assert began - 1 < at < time.time() + 1
    assert (exchange.method, exchange.target, exchange.status) == ("POST", "/charges/7?dry=1", 200)
    assert (exchange.instance, exchange.error) == ("payments-0@1", "")
    assert exchange.bytes_in == len(request("POST", "/charges/7?dry=1", b"12345"))
    assert f"traceparent: 00-{exchange.trace}-".encode() in seen.requests[7]


async def test_edges_are_spread_over_workers(tmp_path: Path) -> None:
    """With two workers each serves its share, and all edges answer."""
    edges = [EdgeKey("orders", f"s{i}") for i in range(6)]
    async with fleet_of(tmp_path, workers=2) as fleet, peer("a") as a:
        ports = [fleet.listen(edge) for edge in edges]
        await fleet.wait_acked(fleet.apply({edge: [a.upstream] for edge in edges}))
        assert len(fleet.processes()) == 2
        assert await asyncio.gather(*map(greeting, ports)) == ["a"] * 6


async def test_many_policies_in_one_turn_become_one(tmp_path: Path) -> None:
    """Wishes of one turn of the loop are coalesced into one version."""
    async with fleet_of(tmp_path) as fleet, peer("a") as a:
        fleet.listen(EDGE)
        versions = {fleet.apply({EDGE: [a.upstream]}) for _ in range(100)}
        assert len(versions) == 1
        await fleet.wait_acked(versions.pop())


async def test_a_stuck_worker_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that lives but answers nothing is ended; whoever calls meanwhile is served by the next one."""
    monkeypatch.setattr(process, "BEAT_SECONDS", 0.2)
    said: list[str] = []
    async with fleet_of(tmp_path, report=said) as fleet, peer("a") as a:
        port = fleet.listen(EDGE)
        await fleet.wait_acked(fleet.apply({EDGE: [a.upstream]}))
        assert await greeting(port) == "a"
        [(_, stuck)] = fleet.processes()
        os.kill(stuck, signal.SIGSTOP)
        assert await greeting(port) == "a"
        assert f"mesh worker (pid {stuck}) does not answer; it is ended" in said
        assert stuck not in [pid for _, pid in fleet.processes()]


async def test_after_a_sync_everything_has_been_told(tmp_path: Path) -> None:
    """Whoever has an answer and then asks sees its call counted, and the same once a worker was killed."""
    async with fleet_of(tmp_path) as fleet, http_peer("a") as upstream:
        port = fleet.listen(EDGE)
        await fleet.wait_acked(
            fleet.apply({EDGE: EdgePolicy(upstreams=(upstream.upstream,), protocol="http")})
        )
        for count in range(1, 6):
            async with dial(port) as (reader, writer):
                writer.write(request("GET", "/"))
                await read_response(reader)
                await fleet.sync()
                assert fleet.signals()[EDGE].total.requests == count
        [(_, pid)] = fleet.processes()
        os.kill(pid, signal.SIGKILL)
        await asyncio.wait_for(fleet.sync(), 10)


async def test_a_sync_without_a_worker_is_over_at_once(tmp_path: Path) -> None:
    """Nothing has happened."""
    async with fleet_of(tmp_path) as fleet:
        await fleet.sync()
