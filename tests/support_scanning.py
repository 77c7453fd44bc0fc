"""Scanners at work: between real clients and servers, and over what was recorded there, cut in other ways.

``with scanned(NatsScanner, port) as it:`` is a relay on ``it.port`` that reads every connection along. What passed is
kept (``it.conversations``), so that the same bytes can be read again in other cuts (`read_again`).
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from time import perf_counter
from typing import NamedTuple

from meshdev.traffic.protocols.operation import Operation, Scanner

_PATIENCE = 10.0


class Chunk(NamedTuple):
    """Bytes that one side said; ``asked`` if it was the caller."""

    asked: bool
    data: bytes


@dataclass(slots=True)
class Conversation:
    """One connection: what was said in which order, what the scanner made of it."""

    scanner: Scanner
    chunks: list[Chunk] = field(default_factory=list)
    operations: list[Operation] = field(default_factory=list)
    over: bool = False


@dataclass(slots=True)
class Scanned:
    """A relay that reads along."""

    port: int
    conversations: list[Conversation] = field(default_factory=list)

    @property
    def operations(self) -> list[Operation]:
        """Everything that was read so far, a connection after the other."""
        return [operation for one in tuple(self.conversations) for operation in tuple(one.operations)]

    @property
    def gave_up(self) -> list[str]:
        """Why connections could not be read."""
        return [one.scanner.gave_up for one in self.conversations if one.scanner.gave_up]


@contextmanager
def scanned(make: Callable[[], Scanner], upstream: int, *, piece: int = 65536) -> Iterator[Scanned]:
    """A relay to the port ``upstream`` on loopback, in a thread of its own; it reads ``piece`` bytes at a time."""
    loop = asyncio.new_event_loop()
    ready = threading.Event()
    found = Scanned(0)
    tasks: set[asyncio.Task[None]] = set()
    servers: list[asyncio.Server] = []

    async def serve() -> None:
        async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            tasks.add(task)
            one = Conversation(make())
            found.conversations.append(one)
            writers = [writer]
            try:
                to, out = await asyncio.open_connection("127.0.0.1", upstream)
                writers.append(out)
                async with asyncio.TaskGroup() as group:
                    group.create_task(_pass(one, reader, out, piece, asked=True))
                    group.create_task(_pass(one, to, writer, piece, asked=False))
            except* (ConnectionError, asyncio.CancelledError):
                pass
            finally:
                one.operations += one.scanner.lost(perf_counter())
                one.over = True
                for each in writers:
                    each.close()
                tasks.discard(task)

        server = await asyncio.start_server(accepted, "127.0.0.1", 0)
        servers.append(server)
        found.port = server.sockets[0].getsockname()[1]
        ready.set()

    async def end() -> None:
        for server in servers:
            server.close()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        loop.call_soon(loop.call_soon, loop.stop)  # when what was closed has noticed

    loop.create_task(serve())  # noqa: RUF006 - it is over when `ready` is set
    thread = threading.Thread(target=loop.run_forever, name="scanned relay")
    thread.start()
    ready.wait(_PATIENCE)
    try:
        yield found
    finally:
        asyncio.run_coroutine_threadsafe(end(), loop)
        thread.join(_PATIENCE)
        loop.close()


async def _pass(
    one: Conversation, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, piece: int, *, asked: bool
) -> None:
    feed = one.scanner.asked if asked else one.scanner.answered
    while data := await reader.read(piece):
        one.chunks.append(Chunk(asked, data))
        one.operations += feed(data, perf_counter())
        writer.write(data)
        await writer.drain()
    with contextlib.suppress(OSError):
        writer.write_eof()


def read_again(
    make: Callable[[], Scanner],
    chunks: Iterable[Chunk],
    cut: Callable[[bytes], Iterable[bytes]] | None = None,
) -> tuple[list[Operation], Scanner]:
    """What a new scanner makes of ``chunks``, each cut by ``cut``; the clock stands still, and then it is lost."""
    scanner = make()
    operations: list[Operation] = []
    for chunk in chunks:
        feed = scanner.asked if chunk.asked else scanner.answered
        for data in (chunk.data,) if cut is None else cut(chunk.data):
            operations += feed(data, 0.0)
    operations += scanner.lost(0.0)
    return operations, scanner


def byte_by_byte(data: bytes) -> Iterator[bytes]:
    """Every byte alone."""
    return (data[at : at + 1] for at in range(len(data)))


def cut_at(places: Sequence[float]) -> Callable[[bytes], Iterator[bytes]]:
    """Cuts at ``places``, each from 0 to 1 of the length."""

    def cut(data: bytes) -> Iterator[bytes]:
        ends = sorted({0, len(data), *(int(place * len(data)) for place in places)})
        return (data[begin:end] for begin, end in pairwise(ends))

    return cut


def timeless(operations: Iterable[Operation]) -> list[Operation]:
    """The same without their times, to be compared."""
    return [operation._replace(started=0.0, ended=0.0) for operation in operations]


def same_in_other_cuts(make: Callable[[], Scanner], found: Scanned) -> None:
    """Nobody gave up, and byte by byte the same is read of what has passed so far."""
    assert not found.gave_up
    for one in tuple(found.conversations):
        chunks = tuple(one.chunks)  # more may be coming
        whole, _ = read_again(make, chunks)
        single, scanner = read_again(make, chunks, byte_by_byte)
        assert timeless(single) == timeless(whole)
        assert not scanner.gave_up
