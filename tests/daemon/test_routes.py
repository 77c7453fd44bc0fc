"""Edges that come and go at run time, between real sockets: added, moved, shut, opened again, dropped."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from meshdev.daemon.edges import OUTSIDE, Edge, Elsewhere
from meshdev.daemon.patience import Patience
from meshdev.daemon.routes import Placing, Routes
from meshdev.errors import ServiceError
from meshdev.lifecycle.model import Incarnation
from meshdev.mesh.fleet import Fleet
from meshdev.topology.model import Endpoint
from meshdev.wire.mesh import EdgeKey, Remote, Upstream
from support_http_edge import GET, http_peer, read_response
from support_mesh import Streams, dial, fleet_of, free_port, greeting, peer
from support_system import system

ADDED = EdgeKey(OUTSIDE, "redis", "toxiproxy")
DECLARED = EdgeKey("front", "back", "http")
Word = Callable[[Streams], Awaitable[str]]
SYSTEM = """
[services.front]
command = "true"
calls = ["back"]
[services.back]
command = "true"
"""


@dataclass
class Subject:
    """Routes over a real fleet; ``back`` is what serves the system's edge."""

    routes: Routes
    fleet: Fleet
    folder: Path
    complaints: list[tuple[str, str]]

    async def settled(self) -> None:
        """What was wanted acts."""
        await self.fleet.wait_acked(self.routes.version)

    async def add(self, upstream: Upstream, port: int | None = None) -> int:
        """The edge that is added here."""
        found = self.routes.add(Edge(ADDED, Endpoint("toxiproxy", "tcp"), port, declared=False), upstream)
        await self.settled()
        return found

    async def adopt(self, toml: str = SYSTEM) -> None:
        """A topology."""
        self.routes.adopt(await asyncio.to_thread(system, self.folder, toml))
        await self.settled()


@pytest.fixture
async def subject(tmp_path: Path) -> AsyncIterator[Subject]:
    """Routes of a system, whose ``back`` listens on `back_port`."""
    async with fleet_of(tmp_path) as fleet:
        ports: dict[str, int] = {}
        complaints: list[tuple[str, str]] = []
        routes = Routes(fleet, lambda _: ports, lambda _: Patience(), lambda *said: complaints.append(said))
        found = Subject(routes, fleet, tmp_path, complaints)
        async with http_peer("back") as back:
            ports["http"] = back.upstream.port
            await found.adopt()
            routes.route("back", (Incarnation("back", 0, 1),))
            await found.settled()
            yield found


async def refused(port: int) -> bool:
    """Whether nobody listens there."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionRefusedError:
        return True
    writer.close()
    return False


async def ended(streams: Streams) -> bool:
    """Whether the connection ends, one way or another."""
    try:
        return await streams[0].read(1) == b""
    except ConnectionResetError:
        return True


async def test_an_edge_is_added_and_dropped(subject: Subject) -> None:
    """It leads to where it was told, stays over a change of the topology, and is gone when it is dropped."""
    async with peer("one") as one:
        port = await subject.add(one.upstream)
        assert await greeting(port) == "one"
        await subject.adopt(SYSTEM + '[services.more]\ncommand = "true"\ncalls = ["back"]\n')
        assert await greeting(port) == "one"
        assert subject.routes.port_of(ADDED) == port
        assert subject.routes.upstreams(ADDED) == (one.upstream,)
        subject.routes.shut(ADDED)
        await subject.settled()
        subject.routes.drop(ADDED)
        await subject.settled()
        assert await refused(port)
        assert ADDED not in subject.routes.edges()
    await subject.fleet.close()
    assert str(ADDED) not in await asyncio.to_thread((subject.folder / "ports.json").read_text)


async def test_an_added_edge_moves(subject: Subject) -> None:
    """To another upstream on the same port, and to another port."""
    other = free_port()
    async with peer("one") as one, peer("two") as two:
        port = await subject.add(one.upstream)
        assert await subject.add(two.upstream) == port
        assert await greeting(port) == "two"
        assert await subject.add(two.upstream, other) == other
        assert await greeting(other) == "two"
        assert await refused(port)


async def test_a_port_that_is_taken(subject: Subject) -> None:
    """It is said, and there is no edge."""
    async with peer("one") as one:
        with pytest.raises(ServiceError):
            await subject.add(one.upstream, one.upstream.port)
        assert ADDED not in subject.routes.edges()
        assert await greeting(one.upstream.port) == "one"


@asynccontextmanager
async def added(subject: Subject) -> AsyncIterator[tuple[EdgeKey, Word]]:
    """An edge of plain TCP."""

    async def word(streams: Streams) -> str:
        return (await streams[0].readline()).decode().strip()

    async with peer("back") as one:
        await subject.add(one.upstream)
        yield ADDED, word


@asynccontextmanager
async def declared(_: Subject) -> AsyncIterator[tuple[EdgeKey, Word]]:
    """An edge of HTTP, whose connection is kept after a request."""

    async def word(streams: Streams) -> str:
        streams[1].write(GET)
        return (await read_response(streams[0])).body.decode()

    yield DECLARED, word


@pytest.mark.parametrize("kind", [added, declared])
async def test_an_edge_is_shut_and_opened_again(
    subject: Subject,
    kind: Callable[[Subject], AbstractAsyncContextManager[tuple[EdgeKey, Word]]],
) -> None:
    """Who is in is put out, who comes is refused, and then it is there again, on the same port."""
    async with kind(subject) as (key, word):
        port = subject.routes.port_of(key)
        async with dial(port) as streams:
            assert await word(streams) == "back"
            subject.routes.shut(key)
            await subject.settled()
            assert subject.routes.is_shut(key)
            assert await ended(streams)
        assert await refused(port)
        subject.routes.publish()
        subject.routes.shut(key)  # once more is as once
        subject.routes.reopen(key)
        await subject.settled()
        assert (subject.routes.port_of(key), subject.routes.is_shut(key)) == (port, False)
        async with dial(port) as streams:
            assert await word(streams) == "back"


async def test_a_shut_edge_stays_shut_when_others_change(subject: Subject) -> None:
    """A new topology opens nothing, unless the edge itself is another one."""
    subject.routes.shut(DECLARED)
    await subject.adopt(SYSTEM + '[services.more]\ncommand = "true"\n')
    assert await refused(subject.routes.port_of(DECLARED))
    await subject.adopt(SYSTEM + 'protocol = "tcp"\n')
    assert not subject.routes.is_shut(EdgeKey("front", "back", "tcp"))


async def test_an_edge_stays_while_its_callee_moves_elsewhere_and_back(subject: Subject) -> None:
    """The listener, and a caller's kept connection; the far one is called by its own name, below its path."""
    far_run = Incarnation("back", 0, 2)
    url = "http://far.example/base"

    async with peer("far", tell_line) as far:
        at = Elsewhere(far.upstream.host, far.upstream.port, Remote("far.example", "/base"))
        subject.routes.elsewhere_of = lambda ref: at if ref == far_run else None
        key = EdgeKey("front", "back", "http")
        port = subject.routes.port_of(key)
        async with dial(port) as (reader, writer):
            writer.write(GET)
            assert (await read_response(reader)).body == b"back"

            await subject.adopt(
                SYSTEM.replace('[services.back]\ncommand = "true"', f'[services.back]\nurl = "{url}"')
            )
            subject.routes.route("back", (far_run,))
            await subject.settled()
            assert subject.routes.port_of(key) == port
            writer.write(GET)
            assert (await read_response(reader)).body == b"GET /base/ HTTP/1.1"

            await subject.adopt()
            subject.routes.route("back", (Incarnation("back", 0, 3),))
            await subject.settled()
            writer.write(GET)
            assert (await read_response(reader)).body == b"back"


async def tell_line(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer each request with its first line."""
    while True:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        line = head.partition(b"\r\n")[0]
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(line), line))


BOXED = """
[services.front]
image = "front"
calls = ["back", "side"]
[services.back]
command = "true"
[services.side]
command = "true"
"""


class TestWithin:
    """Edges of a caller with a network of its own; another loopback address stands for its bridge."""

    async def test_no_listener_before_its_network(self, subject: Subject) -> None:
        """Then each callee is at its address, on the port that a container would use, and on 80."""
        await subject.adopt(BOXED)
        assert subject.routes.port_of(DECLARED) == 8080
        subject.routes.place("front", Placing({"back": "127.0.9.1", "side": "127.0.9.2"}, ""))
        await subject.settled()
        for port in (8080, 80) if os.geteuid() == 0 else (8080,):
            async with dial(port, host="127.0.9.1") as streams:
                streams[1].write(GET)
                assert b"back" in (await read_response(streams[0])).body

    async def test_two_callees_on_one_address(self, subject: Subject) -> None:
        """Where no addresses can be added: the second has another port, which the environment tells."""
        await subject.adopt(BOXED)
        subject.routes.place("front", Placing({"back": "127.0.9.3", "side": "127.0.9.3"}, ""))
        ports = {subject.routes.port_of(EdgeKey("front", name, "http")) for name in ("back", "side")}
        assert 8080 in ports
        assert len(ports) == 2

    async def test_an_exact_place_that_is_taken(self, subject: Subject) -> None:
        """A name that leads nowhere helps nobody: said, with the way out, each time; the undeclared do not matter."""
        await subject.adopt(BOXED)
        placing = Placing({"back": "127.0.9.4", "side": "127.0.9.5"}, "", exact=True)
        with socket.create_server(("127.0.9.4", 8080)):
            for _ in range(2):
                with pytest.raises(ServiceError, match="listens on all addresses") as told:
                    subject.routes.place("front", placing)
                assert 'names = "pod"' in told.value.hint
        subject.routes.place("front", placing)
        await subject.settled()
        async with dial(8080, host="127.0.9.4") as streams:
            streams[1].write(GET)
            assert b"back" in (await read_response(streams[0])).body

    async def test_an_exact_place_stays_when_its_edge_changes(self, subject: Subject) -> None:
        """One that becomes declared, or is placed anew beside others, is where it was: no connection is refused."""
        await subject.adopt(BOXED.replace('"back", ', ""))
        subject.routes.place("front", Placing({"back": "127.0.9.6"}, "", exact=True))
        await subject.settled()
        await subject.adopt(BOXED)
        subject.routes.place("front", Placing({"back": "127.0.9.6", "side": "127.0.9.7"}, "", exact=True))
        await subject.settled()
        async with dial(8080, host="127.0.9.6") as streams:
            streams[1].write(GET)
            assert b"back" in (await read_response(streams[0])).body

    async def test_a_new_edge_whose_place_is_taken(self, subject: Subject) -> None:
        """Its caller runs: that is complained of, and nothing else suffers."""
        await subject.adopt(BOXED.replace('"back", ', ""))
        with socket.create_server(("127.0.9.8", 8080)):
            subject.routes.place("front", Placing({"back": "127.0.9.8"}, "", exact=True))
            await subject.adopt(BOXED)
        assert subject.complaints
        assert subject.routes.port_of(DECLARED) == 8080

    async def test_a_network_out_of_reach(self, subject: Subject) -> None:
        """Edges are on loopback then, with ports that the environment tells."""
        await subject.adopt(BOXED)
        subject.routes.place("front", Placing({}, ""))
        await subject.settled()
        port = subject.routes.port_of(DECLARED)
        assert port != 8080
        async with dial(port) as streams:
            streams[1].write(GET)
            assert b"back" in (await read_response(streams[0])).body
