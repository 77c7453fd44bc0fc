"""A real worker under what wears it down, small and quick; `benchmarks/mesh/endurance` does the same at full size."""

import asyncio
import os
import signal
import zlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from meshdev.mesh.fleet import Fleet
from meshdev.wire.mesh import EdgeKey, EdgePolicy
from support_http_edge import GET, http_peer, read_response, request
from support_mesh import EDGE, PATIENCE, Serve, Streams, dial, fleet_of, peer, until

MEGABYTE = 1 << 20
KINDS = ("http", "tcp")
STILL = 40  # looks without a change, after which nothing moves any more


class Serving:
    """One worker with one edge."""

    def __init__(self, fleet: Fleet, port: int) -> None:
        self.fleet = fleet
        self.port = port

    @property
    def worker(self) -> psutil.Process:
        """The one that serves."""
        [(_, pid)] = self.fleet.processes()
        return psutil.Process(pid)

    def active(self) -> int:
        """Callers' connections that are open."""
        return self.fleet.signals()[EDGE].active if EDGE in self.fleet.signals() else 0


@asynccontextmanager
async def serving(folder: Path, policy: EdgePolicy) -> AsyncIterator[Serving]:
    """At the end the worker must be the same, with no descriptor more than at the start."""
    async with fleet_of(folder) as fleet:
        it = Serving(fleet, fleet.listen(EDGE))
        await fleet.wait_acked(fleet.apply({EDGE: policy}))
        worker = it.worker
        start = worker.num_fds()
        yield it
        await until(lambda: it.active() == 0)
        await until(lambda: worker.num_fds() <= start)
        assert it.worker.pid == worker.pid


async def ask(port: int) -> tuple[int, bytes]:
    """One call with a connection of its own: the status and the body; 0 when it broke."""
    try:
        async with dial(port) as (reader, writer):
            writer.write(GET)
            answer = await read_response(reader)
            return answer.status, answer.body
    except (ConnectionError, asyncio.IncompleteReadError):
        return 0, b""


async def open_many(port: int, count: int) -> list[Streams]:
    """Connections that somebody has to close."""
    return [await asyncio.open_connection("127.0.0.1", port) for _ in range(count)]


@pytest.mark.parametrize("kind", KINDS)
async def test_many_connections_leave_nothing(tmp_path: Path, kind: str) -> None:
    """Hundreds are open at once, all are answered, and their descriptors come back, every time."""
    async with http_peer("a") as a, serving(tmp_path, EdgePolicy((a.upstream,), kind)) as it:
        for _ in range(2):
            streams = await open_many(it.port, 300)
            for _, writer in streams:
                writer.write(GET)
            async with asyncio.timeout(PATIENCE):
                answers = [(await read_response(reader)).body for reader, _ in streams]
            assert answers == [b"a"] * 300
            await until(lambda: it.active() == 300)
            for _, writer in streams:
                writer.close()
            await until(lambda: it.active() == 0)


@pytest.mark.parametrize("kind", KINDS)
async def test_callers_that_do_not_read_do_not_grow_the_worker(tmp_path: Path, kind: str) -> None:
    """Of endless answers nobody reads, only what the buffers hold is taken from the instance."""
    block = bytes(MEGABYTE)
    sent = [0]

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        while True:
            writer.write(block)
            await writer.drain()
            sent[0] += len(block)

    callers = 12
    async with peer("a", endless) as a, serving(tmp_path, EdgePolicy((a.upstream,), kind)) as it:
        before = it.worker.memory_info().rss
        streams = await open_many(it.port, callers)
        for _, writer in streams:
            writer.write(GET)
        await until(lambda: len(a.connections) == callers)
        seen: list[int] = []

        def stuck() -> bool:
            seen.append(sent[0])
            return len(seen) > STILL and 0 < seen[-STILL] == sent[0]

        await until(stuck)
        assert it.worker.memory_info().rss - before < callers * MEGABYTE
        for _, writer in streams:
            writer.transport.abort()


async def _resets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.transport.abort()


async def _closes(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")


async def _closes_in_its_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf")


async def _talks_nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(bytes(range(256)) * 8)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("misbehave", "seen"), [(_resets, 502), (_closes, 502), (_closes_in_its_answer, 0), (_talks_nonsense, 0)]
)
async def test_bad_instances_harm_only_their_calls(
    tmp_path: Path, kind: str, misbehave: Serve, seen: int
) -> None:
    """An instance that breaks off, or answers nonsense, costs its own calls and no descriptor."""
    async with (
        peer("bad", misbehave) as bad,
        http_peer("good") as good,
        serving(tmp_path, EdgePolicy((bad.upstream,), kind)) as it,
    ):
        for _ in range(40):
            status = await _status_or_broken(it.port)
            assert status == (seen if kind == "http" else 0)
        await it.fleet.wait_acked(it.fleet.apply({EDGE: EdgePolicy((good.upstream,), kind)}))
        assert await ask(it.port) == (200, b"good")


async def _status_or_broken(port: int) -> int:
    """The status of a whole answer; 0 for anything else."""
    try:
        async with dial(port) as (reader, writer):
            writer.write(GET)
            came = await reader.read()
    except ConnectionError:
        return 0
    return int(came.split()[1]) if came.startswith(b"HTTP/1.1 ") and not came.endswith(b"half") else 0


@pytest.mark.parametrize("kind", KINDS)
async def test_callers_that_vanish_leave_nothing(tmp_path: Path, kind: str) -> None:
    """Wherever a caller goes away in its call, with a close or a reset, its call ends at the instance too."""
    asked = asyncio.Event()

    async def hang(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        while await reader.read(65536):
            asked.set()

    said: Sequence[bytes] = (b"", GET[:9], GET, request("POST", "/", bytes(100_000))[:5000])
    async with peer("a", hang) as a, serving(tmp_path, EdgePolicy((a.upstream,), kind)) as it:
        for number in range(80):
            asked.clear()
            _, writer = await asyncio.open_connection("127.0.0.1", it.port)
            words = said[number % len(said)]
            writer.write(words)
            if words.endswith(b"\r\n\r\n"):
                async with asyncio.timeout(PATIENCE):
                    await asked.wait()
            writer.transport.abort() if number % 8 < 4 else writer.close()
        await until(lambda: it.active() == 0)
        await until(lambda: not a.connections)


@pytest.mark.parametrize("kind", KINDS)
async def test_large_bodies_pass_a_worker_both_ways_and_stay_nowhere(tmp_path: Path, kind: str) -> None:
    """48 MB there and back at once arrive whole, and the worker never has more than a small part of them."""
    blocks = [bytes([number]) * MEGABYTE for number in range(48)]
    expected = zlib.crc32(b"".join(blocks))
    size = len(blocks) * MEGABYTE

    async def mirror(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        while data := await reader.read(MEGABYTE):
            writer.write(data)
            await writer.drain()

    async with (
        peer("a", mirror) as a,
        serving(tmp_path, EdgePolicy((a.upstream,), kind)) as it,
        dial(it.port) as (reader, writer),
        asyncio.TaskGroup() as group,
    ):
        before = it.worker.memory_info().rss

        async def send() -> None:
            writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % size)
            for block in blocks:
                writer.write(block)
                await writer.drain()

        sending = group.create_task(send())
        await reader.readuntil(b"\r\n\r\n")
        total, left, most = 0, size, before
        while left:
            data = await reader.read(MEGABYTE)
            assert data
            total, left = zlib.crc32(data, total), left - len(data)
            most = max(most, it.worker.memory_info().rss)
        await sending
        assert total == expected
        assert most - before < 8 * MEGABYTE
        writer.close()


async def test_a_killed_worker_breaks_nobody_elses_connections(tmp_path: Path) -> None:
    """Under load the other worker's kept connections go on, and the killed one's edges are served again."""
    edges = [EdgeKey("orders", f"s{number}") for number in range(4)]
    async with http_peer("a") as a, fleet_of(tmp_path, workers=2) as fleet, asyncio.TaskGroup() as group:
        ports = {edge: fleet.listen(edge) for edge in edges}
        await fleet.wait_acked(fleet.apply({edge: EdgePolicy((a.upstream,), "http") for edge in edges}))
        answered = dict.fromkeys(edges, 0)
        broken: set[EdgeKey] = set()

        async def call(edge: EdgeKey) -> None:
            reader, writer = await asyncio.open_connection("127.0.0.1", ports[edge])
            try:
                while True:
                    writer.write(GET)
                    await read_response(reader)
                    answered[edge] += 1
            except (ConnectionError, asyncio.IncompleteReadError):
                broken.add(edge)
            finally:
                writer.close()

        callers = [group.create_task(call(edge)) for edge in edges]
        await until(lambda: min(answered.values()) > 10)
        victim = fleet.processes()[0][1]
        os.kill(victim, signal.SIGKILL)
        await until(lambda: len(broken) == 2)
        untouched = [edge for edge in edges if edge not in broken]
        counted = dict(answered)
        for edge in broken:
            assert await ask(ports[edge]) == (200, b"a")
        await until(lambda: all(answered[edge] > counted[edge] + 10 for edge in untouched))
        assert len(broken) == 2
        for caller in callers:
            caller.cancel()
