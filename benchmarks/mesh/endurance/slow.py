"""Callers that ask and do not read, instances that are sent to and do not read: the worker must not keep it all."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from typing import ClassVar, Final

from benchmarks.mesh.endurance.base import MEGABYTE, Finding, Mesh, Setting, Trial, edge, mesh, policy
from benchmarks.mesh.proxies.nginx import BULK_BYTES, BULK_PATH, upstream

COUNT: Final = 200
MOST_EACH: Final = (
    1.0  # MB in the worker per stuck connection: 256 kB may wait to be written, 256 kB were just read
)
_SECONDS: Final = 4.0
_GET: Final = f"GET {BULK_PATH} HTTP/1.1\r\nHost: u\r\n\r\n".encode()
_POST: Final = b"POST / HTTP/1.1\r\nHost: u\r\nContent-Length: 100000000\r\n\r\n"
_BLOCK: Final = bytes(1 << 20)


class Slow(Trial):
    """Every connection is stuck at once."""

    name: ClassVar = "slow"

    async def run(self, setting: Setting, finding: Finding) -> None:
        """HTTP and TCP, down and up."""
        with upstream(setting.folder) as behind:
            for kind in ("http", "tcp"):
                for way in ("down", "up"):
                    async with mesh(setting.folder, finding.told) as it, _deaf() as deaf:
                        port = behind.ports[0] if way == "down" else deaf.port
                        await it.route({edge(f"{way}-{kind}"): policy(kind, port)})
                        await _stuck(it, deaf, finding)


async def _stuck(it: Mesh, deaf: "Deaf", finding: Finding) -> None:
    [(one, port)] = it.ports.items()
    down = one.callee.startswith("down")
    start = it.taken()
    with ExitStack() as stack:
        stuck = [stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(COUNT)]
        sent = await asyncio.to_thread(_send, stuck, _GET if down else _POST, fill=not down)
        await asyncio.sleep(_SECONDS)
        each = (it.taken().memory - start.memory) / COUNT / MEGABYTE
        asked = (
            f"{BULK_BYTES / MEGABYTE:.1f} MB asked for" if down else f"{sent / COUNT / MEGABYTE:.1f} MB taken"
        )
        text = f"{one.callee}: {each * 1000:.0f} kB for each of {COUNT} stuck connections ({asked} each)"
        finding.check(each < MOST_EACH, text)
    await asyncio.sleep(1.0)
    unnoticed = it.fleet.signals()[one].active
    finding.told.append(
        f"{one.callee}: {unnoticed} callers that left are not noticed while nobody reads them"
    )
    deaf.let_go()
    rest = await it.at_rest()
    finding.check(rest.descriptors <= start.descriptors + 2, f"{one.callee}: then {rest}")


def _send(stuck: list[socket.socket], head: bytes, *, fill: bool) -> int:
    """The request, and with ``fill`` as much of a body as is taken within a moment; gives the bytes taken."""
    taken = 0
    for sock in stuck:
        sock.sendall(head)
        sock.settimeout(0.02)
        with contextlib.suppress(TimeoutError):
            while fill:
                taken += sock.send(_BLOCK)
    return taken


class Deaf:
    """An instance that accepts and never reads."""

    def __init__(self) -> None:
        self.port = 0
        self._held: list[asyncio.StreamWriter] = []

    async def accept(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Never hear what is said."""
        writer.transport.pause_reading()  # type: ignore[attr-defined] # a socket's transport has it
        self._held.append(writer)

    def let_go(self) -> None:
        """Break every connection."""
        for writer in self._held:
            writer.transport.abort()
        self._held.clear()


@asynccontextmanager
async def _deaf() -> AsyncIterator[Deaf]:
    it = Deaf()
    server = await asyncio.start_server(it.accept, "127.0.0.1", 0, backlog=1024)
    async with server:
        it.port = server.sockets[0].getsockname()[1]
        yield it
        it.let_go()
