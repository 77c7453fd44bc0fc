"""The relay between real sockets: faithful bytes, bounded buffers, honest ends."""

import asyncio
import contextlib
import hashlib
import socket
import struct
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest

from meshdev.mesh.edge import Edge
from meshdev.mesh.relay import Relay
from meshdev.wire.mesh import EdgeEntry, EdgePolicy, Upstream
from support_mesh import EDGE, PATIENCE, Streams, dial, free_port, greeting, peer, until


class Relayed:
    """An edge with its relay and listener, in this process."""

    def __init__(self, edge: Edge, relay: Relay, port: int) -> None:
        self.edge = edge
        self.relay = relay
        self.port = port

    def route(self, *upstreams: Upstream) -> None:
        """What a new policy does in a worker."""
        self.relay.adopt(EdgePolicy(upstreams, hold=self.edge.policy.hold))


@asynccontextmanager
async def relayed(
    *upstreams: Upstream, hold: float = PATIENCE, hold_most: int = 1024
) -> AsyncIterator[Relayed]:
    """An edge to ``upstreams``; at the end of the block nothing of it may be left open."""
    loop = asyncio.get_running_loop()
    tasks: set[asyncio.Task[None]] = set()
    entry = EdgeEntry(1, EDGE, EdgePolicy(upstreams, hold=hold, hold_most=hold_most))
    edge = Edge(loop, entry, lambda _: None)

    def start(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = loop.create_task(work)
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        return task

    relay = Relay(loop, edge, start)
    server = await loop.create_server(relay.accept, "127.0.0.1", 0, backlog=1024)
    try:
        yield Relayed(edge, relay, server.sockets[0].getsockname()[1])
        await until(lambda: edge.active == 0 and not relay.links and not tasks)
        assert edge.held == 0
    finally:
        server.close()


def reset_on_close(writer: asyncio.StreamWriter) -> None:
    """Make the socket end with a reset."""
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def test_large_bodies_pass_unchanged_both_ways() -> None:
    """What comes out is what went in, however large, with both directions busy at once."""
    sent = hashlib.sha256()
    got = hashlib.sha256()
    block = bytes(range(256)) * 256
    rounds = 300
    async with peer("echo") as echo, relayed(echo.upstream) as it, dial(it.port) as (reader, writer):
        await reader.readline()

        async def send() -> None:
            for _ in range(rounds):
                sent.update(block)
                writer.write(block)
                await writer.drain()
            writer.write_eof()

        async with asyncio.TaskGroup() as group:
            group.create_task(send())
            while data := await reader.read(1 << 20):
                got.update(data)
        assert it.edge.bytes_in == it.edge.bytes_out - len("echo\n") == rounds * len(block)
    assert got.digest() == sent.digest()


async def test_half_close_stays_half() -> None:
    """A caller that has said everything still gets the whole answer."""

    async def sum_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        data = await reader.read(-1)
        writer.write(str(len(data)).encode())
        await writer.drain()

    async with (
        peer("sum", sum_up) as callee,
        relayed(callee.upstream) as it,
        dial(it.port) as (reader, writer),
    ):
        writer.write(b"x" * 100_000)
        writer.write_eof()
        assert await reader.read(-1) == b"100000"


async def test_half_close_while_held_is_remembered() -> None:
    """A caller may say everything and half-close before there is an upstream at all."""

    async def sum_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(str(len(await reader.read(-1))).encode())
        await writer.drain()

    async with peer("sum", sum_up) as callee, relayed() as it, dial(it.port) as (reader, writer):
        writer.write(b"x" * 10)
        writer.write_eof()
        await until(lambda: it.edge.held == 1 and it.edge.bytes_in == 10)
        it.route(callee.upstream)
        assert await reader.read(-1) == b"10"


async def test_a_slow_reader_stops_the_sender() -> None:
    """Nothing piles up in the relay: when the caller does not read, the callee cannot write without end."""
    written = 0

    async def flood(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        while True:
            writer.write(b"x" * 65536)
            written += 65536
            await writer.drain()

    async with peer("flood", flood) as callee, relayed(callee.upstream) as it:
        sock = socket.socket()
        with sock:
            sock.settimeout(0.0)
            await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", it.port))
            await until(lambda: bool(it.relay.links))
            link = next(iter(it.relay.links))
            await until(lambda: link.callee is not None)
            to_caller, to_callee = link.caller.transport, link.caller.peer
            assert to_caller is not None
            assert to_callee is not None
            await until(lambda: not to_callee.is_reading())
            assert 0 < to_caller.get_write_buffer_size() < 1 << 20
            assert written < 32 << 20


async def test_a_reset_of_the_callee_is_a_reset_for_the_caller() -> None:
    """An instance that dies with a connection open looks to the caller as it would without the edge."""

    async def break_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        reset_on_close(writer)

    async with (
        peer("breaks", break_off) as callee,
        relayed(callee.upstream) as it,
        dial(it.port) as (reader, writer),
    ):
        writer.write(b"hello\n")
        with pytest.raises(ConnectionResetError):
            await reader.read(-1)
    assert it.edge.take_counters().errors == {"callee-reset": 1}


async def test_a_caller_that_vanishes_frees_the_callee() -> None:
    """A reset of the caller reaches the callee, and is counted as the caller's."""
    ended = asyncio.Event()

    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"!")
        with contextlib.suppress(ConnectionError):
            await reader.read(-1)
        ended.set()

    async with peer("waits", wait) as callee, relayed(callee.upstream) as it:
        async with dial(it.port) as (reader, writer):
            await reader.readexactly(1)
            reset_on_close(writer)
        async with asyncio.timeout(PATIENCE):
            await ended.wait()
    assert it.edge.take_counters().errors == {"caller-reset": 1}


async def test_a_caller_that_gives_up_while_held_is_let_go() -> None:
    """A held connection whose caller is gone frees its place."""
    async with relayed() as it:
        async with dial(it.port) as (_, writer):
            await until(lambda: it.edge.held == 1)
            reset_on_close(writer)
        await until(lambda: it.edge.held == 0)


async def test_holding_is_bounded_in_time() -> None:
    """After `hold` seconds without an upstream the caller is turned away."""
    async with relayed(hold=0.05) as it:
        assert await greeting(it.port) == ""
    assert it.edge.take_counters().errors == {"hold-timeout": 1}


async def test_holding_is_bounded_in_number() -> None:
    """The connection over the limit is turned away at once; those within it go on waiting."""
    async with peer("late") as late, relayed(hold_most=2) as it:
        async with asyncio.TaskGroup() as group:
            held = [group.create_task(greeting(it.port)) for _ in range(2)]
            await until(lambda: it.edge.held == 2)
            assert await greeting(it.port) == ""
            it.route(late.upstream)
        assert [task.result() for task in held] == ["late", "late"]
    assert it.edge.take_counters().errors == {"hold-overflow": 1}


async def test_a_dying_upstream_is_passed_over() -> None:
    """An instance that refuses is skipped; another one answers."""
    async with peer("alive") as alive:
        dead = Upstream("127.0.0.1", free_port(), "dead")
        async with relayed(dead, alive.upstream) as it:
            assert [await greeting(it.port) for _ in range(3)] == ["alive"] * 3
    assert it.edge.take_counters().errors == {}


async def test_an_upstream_that_is_not_yet_there_is_waited_for() -> None:
    """A service that is routed before it has bound its port is dialled until it has."""
    port = free_port()
    async with relayed(Upstream("127.0.0.1", port, "slow")) as it:
        call = asyncio.gather(greeting(it.port))
        await until(lambda: it.edge.held == 1)
        async with peer("slow", port=port):
            assert list(await call) == ["slow"]


async def test_an_upstream_that_stopped_accepting_is_given_little_time() -> None:
    """Once it has accepted, a refusal means that it is gone: the caller hears of it soon, not after `hold`."""
    async with relayed(hold=1000.0) as it:
        async with peer("gone") as gone:
            it.route(gone.upstream)
            assert await greeting(it.port) == "gone"
        async with asyncio.timeout(PATIENCE):
            assert await greeting(it.port) == ""
    assert it.edge.take_counters().errors == {"refused": 1}


async def test_a_drained_upstream_keeps_what_is_in_flight() -> None:
    """A call under way when its instance leaves the policy is answered; new ones go elsewhere."""
    go = asyncio.Event()

    async def answer_late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        await go.wait()
        writer.write(b"old\n")
        await writer.drain()
        await reader.read(-1)

    async with (
        peer("old", answer_late) as old,
        peer("new") as new,
        relayed(old.upstream) as it,
        dial(it.port) as (reader, writer),
    ):
        writer.write(b"question\n")
        await until(lambda: it.edge.bytes_in == 9 and len(old.connections) == 1)
        it.route(new.upstream)
        assert await greeting(it.port) == "new"
        await rounds_of_draining(it)
        go.set()
        assert await reader.readline() == b"old\n"
        assert await reader.read(-1) == b""  # it is idle now, and is closed


async def test_an_idle_connection_to_a_drained_upstream_is_closed() -> None:
    """A kept-alive connection does not pin its caller to the instance that is on its way out."""
    async with (
        peer("old") as old,
        peer("new") as new,
        relayed(old.upstream) as it,
        dial(it.port) as (reader, _),
    ):
        assert await reader.readline() == b"old\n"
        it.route(new.upstream)
        assert await reader.read(-1) == b""
    assert it.edge.take_counters().errors == {}


async def test_many_connections_at_once() -> None:
    """Five hundred callers at once are all answered, and nothing is left of them."""

    async def call(port: int, number: int) -> None:
        async with dial(port) as (reader, writer):
            await echo_once((reader, writer), str(number).encode())

    async with peer("echo") as echo, relayed(echo.upstream) as it:
        await asyncio.gather(*(call(it.port, number) for number in range(500)))
        assert it.edge.opened == 500


async def echo_once(streams: Streams, word: bytes) -> None:
    """Send a word, expect it back."""
    reader, writer = streams
    await reader.readline()
    writer.write(word)
    assert await reader.readexactly(len(word)) == word


async def rounds_of_draining(it: Relayed) -> None:
    """Let the drain look at its links a few times."""
    for _ in range(4):
        it.relay.close_idle()
        await asyncio.sleep(0)


async def test_a_closed_edge_closes_every_connection() -> None:
    """New ones at once, and those from before; each refused one is counted. Open again, it serves."""
    async with peer("a") as a, relayed(a.upstream) as it, dial(it.port) as (reader, _):
        assert await reader.readline() == b"a\n"
        it.relay.adopt(EdgePolicy((a.upstream,), denied="zero_trust"))
        assert await reader.read(-1) == b""
        assert await greeting(it.port) == ""
        await until(lambda: not a.connections)
        assert it.edge.take_counters().errors == {"denied": 1}
        it.relay.adopt(EdgePolicy((a.upstream,)))
        assert await greeting(it.port) == "a"
