"""Links that are read along, between real sockets: what is counted, what is guessed, what cannot be read."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from functools import partial
from time import perf_counter
from typing import Any

import pytest
from msgspec.structs import replace

from meshdev.mesh import unread
from meshdev.mesh.edge import Edge
from meshdev.mesh.reading import MOST_UNREAD, MUCH
from meshdev.mesh.scanned_link import ScannedRelay, is_scanned
from meshdev.traffic.protocols import table
from meshdev.wire.faults import FaultSpec
from meshdev.wire.mesh import EdgeCounters, EdgeEntry, EdgePolicy, Exchange
from support_mesh import EDGE, dial, peer, until
from support_words import ROW


@pytest.fixture(autouse=True)
def _words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(table.PROTOCOLS, "words", ROW)


class Read:
    """An edge whose connections are read along."""

    def __init__(self, edge: Edge, relay: ScannedRelay, port: int, troubles: list[str]) -> None:
        self.edge = edge
        self.relay = relay
        self.port = port
        self.troubles = troubles

    def take(self) -> tuple[EdgeCounters, list[Exchange]]:
        """What telemetry would tell now."""
        exchanges: list[Exchange] = []
        return self.edge.take_counters(exchanges), exchanges


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while line := await reader.readline():
        word = line.split()[0]
        if word not in {b"!", b"WORDS", b"HANG"}:
            writer.write(b"no E42\n" if word == b"BAD" else b"ok\n")


@asynccontextmanager
async def read(protocol: str) -> AsyncIterator[Read]:
    """An edge that is declared as ``protocol``, to a server that speaks words."""
    loop = asyncio.get_running_loop()
    tasks: set[asyncio.Task[None]] = set()
    troubles: list[str] = []

    def start(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = loop.create_task(work)
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        return task

    async with peer("words-0@1", _answer) as callee:
        entry = EdgeEntry(1, EDGE, EdgePolicy((callee.upstream,), protocol=protocol))
        edge = Edge(loop, entry, lambda _: None)
        relay = ScannedRelay(loop, edge, start, lambda text, _: troubles.append(text))
        server = await loop.create_server(relay.accept, "127.0.0.1", 0)
        try:
            yield Read(edge, relay, server.sockets[0].getsockname()[1], troubles)
            await until(lambda: edge.active == 0 and not relay.links and not tasks)
            assert edge.in_flight == 0
        finally:
            server.close()


async def test_operations_are_told_by_their_names() -> None:
    """Counts by name and target, latencies, codes, who answered."""
    async with read("words") as it:
        async with dial(it.port) as (reader, writer):
            writer.write(b"GET a\nGET a\nBAD b\n")
            assert [await reader.readline() for _ in range(3)] == [b"ok\n", b"ok\n", b"no E42\n"]
            writer.write(b"! c\n")
            await until(lambda: it.edge.bytes_in == len("GET a\nGET a\nBAD b\n! c\n"))
        await until(lambda: it.edge.active == 0)
        counters, exchanges = it.take()
    routes = {route.route: route for route in counters.routes}
    assert {name: route.statuses for name, route in routes.items()} == {
        "GET a": (0, 0, 2, 0, 0, 0),
        "BAD b": (0, 0, 0, 0, 1, 0),
        "TELL c": (0, 0, 1, 0, 0, 0),
    }
    assert sum(routes["GET a"].latency.values()) == 2
    assert not routes["TELL c"].latency
    assert (routes["TELL c"].kind, routes["TELL c"].messages) == ("publish", 1)
    assert counters.spoken == "words"
    told = {(one.method, one.target, one.status, one.code, one.payload) for one in exchanges}
    assert told == {
        ("GET", "a", 200, "", b""),
        ("BAD", "b", 400, "E42", b""),
        ("TELL", "c", 200, "", b"! c"),
    }
    assert {one.instance for one in exchanges} == {"words-0@1"}
    assert {one.protocol for one in exchanges} == {"words"}
    assert it.troubles == []


async def test_what_is_not_answered_is_in_flight_and_then_lost() -> None:
    """Until its connection ends."""
    async with read("words") as it:
        async with dial(it.port) as (_, writer):
            writer.write(b"HANG a\nHANG a\n")
            await until(lambda: it.edge.in_flight == 2)
        await until(lambda: it.edge.active == 0)
        counters, _ = it.take()
        assert counters.in_flight == 0
    assert counters.routes[0].statuses == (2, 0, 0, 0, 0, 0)


async def test_a_protocol_is_guessed_from_the_first_bytes() -> None:
    """On an edge of plain TCP; nothing that was said before is missed."""
    async with read("tcp") as it:
        async with dial(it.port) as (reader, writer):
            writer.write(b"WOR")
            await until(lambda: it.edge.bytes_in == 3)
            writer.write(b"DS\nGET a\n")
            assert await reader.readline() == b"ok\n"
        await until(lambda: it.edge.active == 0)
        counters, _ = it.take()
    assert counters.spoken == "words"
    assert [route.route for route in counters.routes] == ["GET a"]


async def test_what_is_not_known_stays_plain_tcp() -> None:
    """And is counted by its bytes alone."""
    async with read("tcp") as it:
        async with dial(it.port) as (reader, writer):
            writer.write(b"GET a\n")
            assert await reader.readline() == b"ok\n"
        await until(lambda: it.edge.active == 0)
        counters, _ = it.take()
    assert (counters.spoken, counters.routes, counters.bytes_in) == ("", (), 6)


async def test_what_cannot_be_read_any_more_goes_on_and_is_told_once() -> None:
    """Bytes pass; a person hears why, once."""
    async with read("words") as it:
        for _ in range(2):
            async with dial(it.port) as (reader, writer):
                writer.write(b"HANG a\nTLS\n")
                writer.write(b"GET a\n")
                assert await reader.readline() == b"ok\n"
        await until(lambda: it.edge.active == 0)
        counters, _ = it.take()
    assert [route for route in counters.routes if route.route == "GET a"] == []
    [trouble] = it.troubles
    assert "cannot be read as words any more (it goes on encrypted)" in trouble


async def test_faults_on_messages_of_a_protocol_without_cuts_are_told() -> None:
    """They would do nothing, and nobody would know."""
    async with read("words") as it:
        policy = replace(it.edge.policy, faults=(FaultSpec("lost", "drop", percentage=10.0),))
        it.relay.adopt(policy)
        it.relay.adopt(policy)
    [trouble] = it.troubles
    assert "faults on messages do nothing here, words is not cut into messages" in trouble


def test_which_edges_are_looked_at() -> None:
    """Those that somebody reads, and those that say nothing of themselves."""
    assert [protocol for protocol in ("tcp", "words", "smtp") if is_scanned(protocol)] == ["tcp", "words"]


async def test_what_passes_is_read_later_and_in_any_case_before_it_is_told() -> None:
    """Telemetry, a look at the scanner and the end of the connection all find everything; times are when it passed."""
    async with read("words") as it:
        async with dial(it.port) as (reader, writer):
            writer.write(b"GET a\n")
            assert await reader.readline() == b"ok\n"
            [link] = it.relay.links
            assert it.edge.in_flight == 0  # nobody has read it yet: that takes a while
            now = perf_counter()
            counters, [exchange] = it.take()
            assert counters.routes[0].statuses == (0, 0, 1, 0, 0, 0)
            assert exchange.started + exchange.microseconds / 1e6 < now
            writer.write(b"HANG a\n")
            await until(lambda: it.edge.bytes_in == len("GET a\nHANG a\n"))
            assert link.busy
            assert it.edge.in_flight == 1
        await until(lambda: it.edge.active == 0)


def _has_passed(edge: Edge, size: int) -> bool:
    return edge.bytes_in == size


async def test_much_is_not_kept_to_be_read_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither many small pieces nor a large one."""
    monkeypatch.setattr(unread, "READ_AFTER", 3600)
    async with read("words") as it:
        async with dial(it.port) as (_, writer):
            for number in range(1, MOST_UNREAD + 1):
                assert it.edge.in_flight == 0
                writer.write(b"HANG a\n")
                await until(partial(_has_passed, it.edge, number * len("HANG a\n")))
            assert it.edge.in_flight == MOST_UNREAD
            writer.write(b"HANG " + b"x" * 4 * MUCH + b"\n")
            await until(lambda: it.edge.in_flight == MOST_UNREAD + 1)
        await until(lambda: it.edge.active == 0)
