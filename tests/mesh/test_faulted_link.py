"""Faults on links between real sockets: they come and go while bytes flow, and nothing is lost that was only late."""

import asyncio
import hashlib
import random
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from meshdev.mesh.edge import Edge
from meshdev.mesh.relay import Relay
from meshdev.wire.mesh import EdgeEntry, EdgePolicy, Upstream
from support_faults import specs
from support_mesh import EDGE, PATIENCE, dial, fleet_of, peer, until


class Faulty:
    """An edge in this process, and the faults that are switched on."""

    def __init__(self, edge: Edge, relay: Relay, port: int) -> None:
        self.edge = edge
        self.relay = relay
        self.port = port
        self.hits: dict[str, int] = {}

    def on(self, *tables: Mapping[str, Any]) -> None:
        """Exactly these are on from now on."""
        policy = self.edge.policy
        self.relay.adopt(EdgePolicy(policy.upstreams, faults=specs(*tables, since=0.0)))


@asynccontextmanager
async def faulty(upstream: Upstream, *tables: Mapping[str, Any]) -> AsyncIterator[Faulty]:
    """An edge to ``upstream`` under faults; at the end of the block nothing of it may be left open."""
    loop = asyncio.get_running_loop()
    tasks: set[asyncio.Task[None]] = set()
    entry = EdgeEntry(1, EDGE, EdgePolicy((upstream,), faults=specs(*tables, since=0.0)))
    edge = Edge(loop, entry, lambda _: None)

    def start(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = loop.create_task(work)
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        return task

    relay = Relay(loop, edge, start)
    server = await loop.create_server(relay.accept, "127.0.0.1", 0, backlog=1024)
    try:
        yield Faulty(edge, relay, server.sockets[0].getsockname()[1])
        await until(lambda: edge.active == 0 and not relay.links and not tasks)
        relay.close()
    finally:
        server.close()


async def test_latency_on_a_live_connection_and_its_end() -> None:
    """A fault acts on a connection that is open, and when it is off latency is what it was."""
    async with peer("a") as a, faulty(a.upstream) as it, dial(it.port) as (reader, writer):
        assert await reader.readline() == b"a\n"
        it.on({"latency": "200ms"})
        began = monotonic()
        writer.write(b"slow\n")
        assert await reader.readline() == b"slow\n"
        assert monotonic() - began >= 0.2
        it.on()
        began = monotonic()
        writer.write(b"fast\n")
        assert await reader.readline() == b"fast\n"
        assert monotonic() - began < 0.19
        assert [link.faults for link in it.relay.links] == [None]
        assert it.edge.take_counters().fault_hits == {"a/latency": 1}


async def test_what_was_late_comes_when_the_fault_is_off() -> None:
    """Bytes that a fault held back go on at once when it ends."""
    async with peer("a") as a, faulty(a.upstream, {"latency": "1h"}) as it, dial(it.port) as (reader, writer):
        writer.write(b"x\n")
        await until(lambda: it.edge.bytes_out == 4)
        it.on()
        assert await reader.readexactly(4) == b"a\nx\n"


async def test_a_late_end_comes_behind_late_bytes() -> None:
    """A callee that answers and closes is heard in full, however late, and so is its end."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.write(b"answer")

    async with (
        peer("a", serve) as a,
        faulty(a.upstream, {"latency": "100ms"}) as it,
        dial(it.port) as (reader, writer),
    ):
        writer.write(b"question")
        writer.write_eof()
        began = monotonic()
        assert await reader.read() == b"answer"
        assert monotonic() - began >= 0.1


@pytest.mark.parametrize("table", [{"refuse": True}, {"reset": True}, {"reset": "50ms"}])
async def test_resets_are_resets(table: Mapping[str, Any]) -> None:
    """The caller sees a reset, not an orderly end, and it is counted as injected."""
    async with peer("a") as a, faulty(a.upstream, table) as it:

        async def call() -> None:
            async with dial(it.port) as (reader, writer):
                writer.write(b"x\n")
                while await reader.read(100):
                    pass

        with pytest.raises(ConnectionResetError):
            await call()
        await until(lambda: it.edge.active == 0)
        assert it.edge.take_counters().errors["fault"] == 1


async def test_limits_close() -> None:
    """After so many bytes the connection closes."""
    async with (
        peer("a") as a,
        faulty(a.upstream, {"limit-data": 5}) as it,
        dial(it.port) as (reader, writer),
    ):
        writer.write(b"xyz\n")
        assert await reader.read() == b"a\nxyz"


async def test_a_timeout_closes_when_it_is_taken_out() -> None:
    """Nothing passes while it is on; bytes are lost, so the connection ends with it."""
    async with (
        peer("a") as a,
        faulty(a.upstream, {"timeout": 0}) as it,
        dial(it.port) as (reader, _),
    ):
        await until(lambda: it.edge.bytes_out == 2)
        it.on()
        assert await reader.read() == b""


async def test_a_slow_line() -> None:
    """Bandwidth spreads bytes over the time that they take."""
    async with (
        peer("a") as a,
        faulty(a.upstream, {"bandwidth": "100k"}) as it,
        dial(it.port) as (reader, writer),
    ):
        await reader.readline()
        began = monotonic()
        writer.write(b"x" * 30_000)
        await reader.readexactly(30_000)
        assert 0.28 <= monotonic() - began < 1.0


async def test_a_schedule_ends_a_fault_by_itself() -> None:
    """A duration is kept by the worker, on connections that live."""
    async with (
        peer("a") as a,
        faulty(a.upstream, {"latency": "1h", "duration": "100ms"}) as it,
        dial(it.port) as (reader, _),
    ):
        assert await reader.readline() == b"a\n"


async def test_toggling_at_random_loses_no_byte() -> None:
    """Streams are whole, both ways, while faults that destroy nothing come and go."""
    harmless: list[dict[str, Any]] = [
        {"latency": "5ms"},
        {"latency": {"latency": "3ms", "jitter": "3ms", "direction": "both"}},
        {"bandwidth": "20M"},
        {"slicer": {"average_size": 5000, "size_variation": 4000, "delay": "10us", "direction": "both"}},
        {"slow-close": "20ms"},
    ]
    chance = random.Random(7)
    payload = chance.randbytes(3_000_000)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.write_eof()

    async def stream(port: int) -> None:
        async with dial(port, limit=1 << 20) as (reader, writer):

            async def send() -> None:
                for at in range(0, len(payload), 30_000):
                    writer.write(payload[at : at + 30_000])
                    await writer.drain()
                writer.write_eof()

            async with asyncio.TaskGroup() as both:
                both.create_task(send())
                got = both.create_task(reader.read())
            assert hashlib.sha256(got.result()).digest() == hashlib.sha256(payload).digest()

    async with peer("a", serve) as a, faulty(a.upstream) as it:

        async def toggle() -> None:
            while True:
                it.on(*chance.sample(harmless, chance.randint(0, len(harmless))))
                await asyncio.sleep(0.002)

        async with asyncio.timeout(PATIENCE * 3), asyncio.TaskGroup() as group:
            toggling = group.create_task(toggle())
            streams = [group.create_task(stream(it.port)) for _ in range(4)]
            await asyncio.wait(streams)
            toggling.cancel()


async def test_a_worker_acts_by_them_and_tells(tmp_path: Path) -> None:
    """Through a real worker: in force with the acknowledgement, on a live connection, within 100 ms; hits are told."""
    async with fleet_of(tmp_path) as fleet, peer("a") as a:
        port = fleet.listen(EDGE)
        await fleet.wait_acked(fleet.apply({EDGE: EdgePolicy((a.upstream,))}))
        async with dial(port) as (reader, writer):
            assert await reader.readline() == b"a\n"
            for turn in range(5):
                on = specs({"latency": "1h"}, since=0.0) if turn % 2 == 0 else ()
                began = monotonic()
                await fleet.wait_acked(fleet.apply({EDGE: EdgePolicy((a.upstream,), faults=on)}))
                assert monotonic() - began < 1.0
                if not on:
                    assert await reader.readline() == b"held\n"
                writer.write(b"held\n" if on else b"")
            await fleet.wait_acked(fleet.apply({EDGE: EdgePolicy((a.upstream,))}))
            assert await reader.readline() == b"held\n"
