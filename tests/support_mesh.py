"""Peers for the mesh's tests: real servers and clients on loopback, small and deterministic."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from meshdev.mesh.fleet import Fleet
from meshdev.wire.mesh import EdgeKey, Exchange, Upstream

EDGE = EdgeKey("orders", "payments", "http")
PATIENCE = 10.0

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def fleet_of(
    folder: Path,
    *,
    workers: int = 1,
    report: list[str] | None = None,
    exchanges: list[tuple[EdgeKey, Exchange, float]] | None = None,
    wanted: list[EdgeKey] | None = None,
    environment: Mapping[str, str] | None = None,
) -> AsyncIterator[Fleet]:
    """A started fleet that is closed at the end."""
    said = [] if report is None else report
    seen = [] if exchanges is None else exchanges
    awaited = [] if wanted is None else wanted
    fleet = Fleet(
        ports_file=folder / "ports.json",
        environment=environment,
        workers=workers,
        report=said.append,
        exchanged=lambda edge, exchange, at: seen.append((edge, exchange, at)),
        wanted=awaited.append,
    )
    await fleet.start()
    try:
        yield fleet
    finally:
        await fleet.close()


class Peer:
    """A server on loopback and the connections that it has now."""

    def __init__(self, name: str, serve: Serve | None, tls: ssl.SSLContext | None = None) -> None:
        self.name = name
        self.upstream = Upstream("127.0.0.1", 0, name)
        self.connections: set[asyncio.StreamWriter] = set()
        self._tls = tls
        self._serve = serve or self._greet_and_echo
        self._server: asyncio.Server | None = None

    async def _greet_and_echo(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(f"{self.name}\n".encode())
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.add(writer)
        try:
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await self._serve(reader, writer)
        finally:
            self.connections.discard(writer)
            writer.close()

    async def open(self, port: int = 0) -> None:
        """Listen, on ``port`` or on any that is free."""
        self._server = await asyncio.start_server(
            self._accepted, "127.0.0.1", port, backlog=1024, ssl=self._tls
        )
        self.upstream = Upstream("127.0.0.1", self._server.sockets[0].getsockname()[1], self.name)

    async def close(self) -> None:
        """Accept no more and break what is open."""
        if self._server is not None:
            self._server.close()
        for writer in tuple(self.connections):
            writer.transport.abort()
        await until(lambda: not self.connections)


@asynccontextmanager
async def peer(
    name: str, serve: Serve | None = None, *, port: int = 0, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Peer]:
    """Serve until the end of the block: with ``serve(reader, writer)``, or greet with the name and echo."""
    it = Peer(name, serve, tls)
    await it.open(port)
    try:
        yield it
    finally:
        await it.close()


@asynccontextmanager
async def dial(port: int, *, limit: int = 65536, host: str = "127.0.0.1") -> AsyncIterator[Streams]:
    """A connection to an edge, closed at the end of the block; ``limit`` is how many bytes it reads ahead."""
    reader, writer = await asyncio.open_connection(host, port, limit=limit)
    try:
        async with asyncio.timeout(PATIENCE):
            yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def greeting(port: int, host: str = "127.0.0.1") -> str:
    """Connect, and say who answered; '' when the edge closed without an answer."""
    try:
        async with dial(port, host=host) as (reader, _):
            return (await reader.readline()).decode().strip()
    except ConnectionError:  # a reset may be faster than connect() returns
        return ""


async def until(condition: Callable[[], bool]) -> None:
    """Wait until ``condition`` holds; fails the test when it never does."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - what is waited for is in another process
            await asyncio.sleep(0.005)


def has_loopback_6() -> bool:
    """Whether ``::1`` is an address of this machine."""
    try:
        with socket.socket(socket.AF_INET6) as sock:
            sock.bind(("::1", 0))
    except OSError:
        return False
    return True


def free_port() -> int:
    """A port on which nothing listens now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
