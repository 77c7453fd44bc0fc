"""Peers for the HTTP edge's tests: small servers that answer with their name, and an edge in this process."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec

from meshdev.mesh.edge import Edge
from meshdev.mesh.http_caller import HttpCaller
from meshdev.mesh.http_relay import HttpRelay
from meshdev.wire.mesh import EdgeCounters, EdgeEntry, EdgePolicy, Exchange, Upstream
from support_mesh import EDGE, PATIENCE, Peer, Serve, Streams, peer, until

GET = b"GET / HTTP/1.1\r\nHost: payments\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
FAILURE = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy"


STANDING: dict[str, Any] = {}
"""Rules that every edge has, so that tests of forwarding can be run under policies, too."""


@dataclass
class Seen:
    """What a server was sent, one entry a request."""

    requests: list[bytes] = field(default_factory=list)


@dataclass
class Answer:
    """A response as its caller sees it."""

    status: int
    reason: str
    body: bytes


def request(method: str, path: str = "/", body: bytes = b"") -> bytes:
    """A request with a counted body."""
    return (
        f"{method} {path} HTTP/1.1\r\nHost: payments\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    )


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0


async def read_response(reader: asyncio.StreamReader) -> Answer:
    """One counted response, interim ones aside."""
    while True:
        head = await reader.readuntil(b"\r\n\r\n")
        status = int(head.split(b" ", 2)[1])
        if status >= 200:
            break
    reason = next(
        (line[18:] for line in head.decode().split("\r\n") if line.startswith("x-meshdev-reason: ")), ""
    )
    return Answer(status, reason, await reader.readexactly(_length(head)))


async def by_name(streams: Streams) -> str:
    """Ask, and say which instance answered."""
    reader, writer = streams
    writer.write(GET)
    return (await read_response(reader)).body.decode()


async def ask(streams: Streams, what: bytes = GET) -> tuple[int, str]:
    """Send a request; the status, and our reason if the mesh answered."""
    streams[1].write(what)
    answer = await read_response(streams[0])
    return answer.status, answer.reason


async def hang(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    """Read and never answer."""
    while await reader.read(1000):
        pass


@asynccontextmanager
async def http_peer(name: str, seen: Seen | None = None) -> AsyncIterator[Peer]:
    """A server that answers every counted request with its name, and keeps or ends connections as asked."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError:
                return
            body = await reader.readexactly(_length(head))
            if seen is not None:
                seen.requests.append(head + body)
            writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(name)}\r\n\r\n{name}".encode())
            if b"Connection: close" in head:
                return

    async with peer(name, serve) as it:
        yield it


@asynccontextmanager
async def scripted(
    script: Serve | bytes, *, name: str = "scripted", close: bool = False
) -> AsyncIterator[Peer]:
    """A server that runs ``script``, or answers every head with the same bytes."""

    async def repeat(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert isinstance(script, bytes)
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(script)
            if close:
                return

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await (repeat if isinstance(script, bytes) else script)(reader, writer)
        except asyncio.IncompleteReadError:
            return

    async with peer(name, serve) as it:
        yield it


class HttpEdge:
    """An HTTP edge with its listener, in this process, and what it had to say."""

    def __init__(self, edge: Edge, relay: HttpRelay) -> None:
        self.edge = edge
        self.relay = relay
        self.port = 0
        self.said: list[str] = []
        self.callers: list[HttpCaller] = []
        self.counters = EdgeCounters(1)

    def accept(self) -> HttpCaller:
        """Note every caller."""
        caller = self.relay.accept()
        self.callers.append(caller)
        return caller

    def route(self, *upstreams: Upstream) -> None:
        """What a new policy does in a worker."""
        self.relay.adopt(msgspec.structs.replace(self.edge.policy, upstreams=upstreams))

    def rule(self, **rules: Any) -> None:
        """Change the policy's rules."""
        self.relay.adopt(msgspec.structs.replace(self.edge.policy, **rules))

    def exchanges(self) -> list[Exchange]:
        """The calls that were recorded since this was last asked."""
        found: list[Exchange] = []
        self.counters = self.edge.take_counters(found)
        return found

    def paused_callers(self) -> int:
        """How many callers take no more for now."""
        return sum(caller.paused for caller in self.callers)


@asynccontextmanager
async def http_edge(*upstreams: Upstream, hold: float = PATIENCE, **rules: Any) -> AsyncIterator[HttpEdge]:
    """An edge to ``upstreams`` with such rules; at the end of the block nothing of it may be left open."""
    loop = asyncio.get_running_loop()
    tasks: set[asyncio.Task[None]] = set()
    policy = EdgePolicy(upstreams, "http", hold=hold, **(STANDING | rules))
    edge = Edge(loop, EdgeEntry(1, EDGE, policy), lambda _: None)

    def start(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = loop.create_task(work)
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        return task

    def trouble(text: str, _: int) -> None:
        it.said.append(text)

    it = HttpEdge(edge, HttpRelay(loop, edge, start, trouble))
    server = await loop.create_server(it.accept, "127.0.0.1", 0, backlog=1024)
    it.port = server.sockets[0].getsockname()[1]
    try:
        yield it
        await until(lambda: edge.active == 0 and not it.relay.tunnels.links and not tasks)
        assert (edge.held, edge.in_flight) == (0, 0)
    finally:
        server.close()
        it.relay.close()
