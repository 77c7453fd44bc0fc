"""Who gets a request, and who gets none: balancing, circuits, limits and closed edges."""

import asyncio
import json
from collections import Counter

from meshdev.wire.mesh import CircuitBreaker, Upstream
from support_http_edge import (
    FAILURE,
    GET,
    OK,
    Seen,
    ask,
    by_name,
    http_edge,
    http_peer,
    read_response,
    scripted,
)
from support_mesh import PATIENCE, dial, free_port, until

# --- circuit and limit --------------------------------------------------------------------------------


async def test_the_circuit_opens_and_closes() -> None:
    """Calls are refused at once while it is open; one that tries successfully closes it."""
    answers = [FAILURE]

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(answers[0])

    rule = CircuitBreaker(consecutive_errors=2, open_for=0.1)
    async with scripted(serve) as a, http_edge(a.upstream, circuit_breaker=rule) as it:
        async with dial(it.port) as streams:
            assert [await ask(streams) for _ in range(2)] == [(503, "")] * 2
            status, reason = await ask(streams)
            assert (status, "circuit to payments is open" in reason) == (503, True)
        assert [exchange.by for exchange in it.exchanges()] == ["", "", "meshdev"]
        assert (it.counters.acts, it.counters.errors) == ({"circuit-opened": 1}, {"circuit-open": 1})
        assert it.counters.circuit == "open"
        it.route(a.upstream)  # a new policy does not forget
        assert it.edge.circuit == "open"
        answers[0] = OK
        found = (503, "")
        async with asyncio.timeout(PATIENCE):
            while found != (200, ""):
                async with dial(it.port) as streams:
                    found = await ask(streams)
        assert it.edge.circuit == ""
    async with http_edge(Upstream("127.0.0.1", free_port(), "dead"), hold=0.0, circuit_breaker=rule) as it:
        for _ in range(3):
            async with dial(it.port) as streams:
                await ask(streams)
        assert it.edge.take_counters().errors == {"refused": 2, "circuit-open": 1}


async def test_more_than_may_be_under_way_are_turned_away() -> None:
    """At once and with the reason; when one is over, another may go."""
    release = asyncio.Event()

    async def late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readuntil(b"\r\n\r\n"):
            await release.wait()
            writer.write(OK)

    async with scripted(late) as a, http_edge(a.upstream, max_concurrency=1) as it, dial(it.port) as first:
        first[1].write(GET)
        await until(lambda: it.edge.in_flight == 1)
        async with dial(it.port) as second:
            status, reason = await ask(second)
            assert (status, "max_concurrency" in reason) == (503, True)
        release.set()
        assert (await read_response(first[0])).body == b"ok"
        assert await ask(first) == (200, "")
        it.exchanges()
        assert it.counters.errors == {"over-limit": 1}


# --- balancing ----------------------------------------------------------------------------------------


async def test_least_request_avoids_the_busy_one() -> None:
    """Who has a request under way gets no other while someone is idle; when all are idle they take turns."""
    release = asyncio.Event()

    async def late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readuntil(b"\r\n\r\n"):
            await release.wait()
            writer.write(OK)

    async with (
        scripted(late) as slow,
        http_peer("fast") as fast,
        http_edge(slow.upstream, fast.upstream, balance="least-request") as it,
        dial(it.port) as first,
        dial(it.port) as second,
    ):
        first[1].write(GET)
        await until(lambda: len(slow.connections) == 1)
        assert [await by_name(second) for _ in range(6)] == ["fast"] * 6
        release.set()
        assert (await read_response(first[0])).body == b"ok"
        assert Counter([await by_name(second) for _ in range(6)]) == {"fast": 3, "ok": 3}


async def test_a_header_decides() -> None:
    """The same value goes to the same instance, different ones are spread; also when an instance was replaced."""
    async with (
        http_peer("a-0@1") as a,
        http_peer("b-0@1") as b,
        http_peer("a-0@2") as newer,
        http_edge(a.upstream, b.upstream, balance="hash:X-User") as it,
        dial(it.port) as streams,
    ):

        async def of(user: int) -> str:
            streams[1].write(b"GET / HTTP/1.1\r\nHost: payments\r\nx-uSer: %d \r\n\r\n" % user)
            return (await read_response(streams[0])).body.decode()

        before = [await of(user) for user in range(20)]
        assert before == [await of(user) for user in range(20)]
        assert min(Counter(before).values()) >= 3
        it.route(newer.upstream, b.upstream)
        assert [await of(user) for user in range(20)] == [
            "a-0@2" if name == "a-0@1" else name for name in before
        ]


async def test_a_new_instance_starts_slowly() -> None:
    """Its share of the requests grows."""
    async with (
        http_peer("old") as old,
        http_peer("new") as new,
        http_edge(old.upstream, slow_start=60.0) as it,
        dial(it.port) as streams,
    ):
        assert await by_name(streams) == "old"
        it.relay.pool_of(old.upstream).since -= 120.0
        it.route(old.upstream, new.upstream)
        counts = Counter([await by_name(streams) for _ in range(44)])
        assert counts == {"old": 40, "new": 4}


# --- access -------------------------------------------------------------------------------------------


async def test_a_closed_edge_says_who_may_not_call_whom() -> None:
    """403 with the rule, no instance hears of it, and it is counted; open again, it serves."""
    seen = Seen()
    async with http_peer("a", seen) as a, http_edge(a.upstream, denied="zero_trust, no rule allows it") as it:
        async with dial(it.port) as (reader, writer):
            writer.write(GET)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 403 Forbidden\r\ncontent-type: application/problem+json\r\n")
            assert json.loads(await reader.read(-1)) == {
                "title": "Forbidden",
                "status": 403,
                "detail": "orders may not call payments: zero_trust, no rule allows it",
                "by": "meshdev",
                "error": "denied",
                "caller": "orders",
                "callee": "payments",
                "endpoint": "http",
            }
        [exchange] = it.exchanges()
        assert (exchange.status, exchange.error, exchange.by) == (403, "denied", "meshdev")
        assert it.counters.errors == {"denied": 1}
        assert seen.requests == []
        it.rule(denied="")
        async with dial(it.port) as streams:
            assert await by_name(streams) == "a"
            it.rule(denied="closed")
            assert (await ask(streams))[0] == 403


async def test_a_closed_edge_is_closed_for_what_is_not_http_too() -> None:
    """Tunnels that were open, and other protocols."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n")
        await reader.read(-1)

    async with scripted(serve) as a, http_edge(a.upstream) as it:
        async with dial(it.port) as (reader, writer):
            writer.write(b"GET /chat HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101")
            await until(lambda: len(it.relay.tunnels.links) == 1)
            it.rule(denied="closed")
            assert await reader.read(-1) == b""
        async with dial(it.port) as (reader, writer):
            writer.write(b"\x16\x03\x01binary\r\n")
            assert await reader.read(-1) == b""
        assert it.edge.take_counters().errors == {"denied": 1}
