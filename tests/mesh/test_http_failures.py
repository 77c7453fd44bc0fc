"""What `meshdev edges` counts as failed is what `meshdev traffic` shows as failed, whatever the kind of error."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from meshdev.daemon.edge_book import EdgeBook
from meshdev.daemon.journal import Journal
from meshdev.mesh.signals import EdgeSignals
from meshdev.telemetry.exchange_filter import failed
from meshdev.wire.control import ExchangeView
from meshdev.wire.mesh import CircuitBreaker, EdgeError, Exchange, Upstream
from support_http_edge import FAILURE, GET, HttpEdge, ask, hang, http_edge, http_peer, request, scripted
from support_mesh import EDGE, dial, free_port, until

HALF = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"


def shown(it: HttpEdge) -> tuple[list[ExchangeView], EdgeSignals]:
    """What the edge told so far: single calls, and sums."""
    exchanges: list[Exchange] = it.exchanges()
    signals = EdgeSignals()
    signals.add(it.counters)
    book = EdgeBook(signals=lambda: {EDGE: signals}, edges=dict, journal=Journal())
    for exchange in exchanges:
        book.exchanged(EDGE, exchange, 1.0)
    assert book.views(1.0)[0].errors == signals.total.failures
    return book.last(100), signals


def agree(it: HttpEdge, kind: EdgeError, status: int) -> ExchangeView:
    """There was one call, both say that it failed, and how."""
    [call], signals = shown(it)
    assert (call.error, call.status, failed(call)) == (kind, status, True)
    assert (signals.total.requests, signals.total.failures) == (1, 1)
    assert [route.failures for route in signals.routes.values()] == [1]
    assert signals.errors == {kind: 1}
    return call


@asynccontextmanager
async def silent() -> AsyncIterator[Upstream]:
    """Accepts, and reads, and says nothing."""
    async with scripted(hang) as it:
        yield it.upstream


async def test_an_answer_that_breaks_off_counts_as_failed() -> None:
    """Its status was 200, but nobody got it."""
    for reset in (True, False):

        async def serve(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, hard: bool = reset
        ) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(HALF)
            await writer.drain()
            if hard:
                sock = writer.get_extra_info("socket")
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                writer.transport.abort()

        async with scripted(serve) as a, http_edge(a.upstream) as it, dial(it.port) as (reader, writer):
            writer.write(GET)
            with contextlib.suppress(ConnectionError):
                await reader.read(-1)
        agree(it, EdgeError.CALLEE_RESET, 200)


async def test_no_answer_counts_as_failed() -> None:
    """The caller gets 502."""

    async def serve(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")

    async with scripted(serve) as a, http_edge(a.upstream) as it, dial(it.port) as streams:
        assert (await ask(streams))[0] == 502
    agree(it, EdgeError.CALLEE_RESET, 502)


async def test_a_timeout_within_the_answer_counts_as_failed() -> None:
    """The caller has seen 200 already."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HALF)
        await reader.read(-1)

    async with scripted(serve) as a, http_edge(a.upstream, timeout=0.1) as it, dial(it.port) as streams:
        streams[1].write(GET)
        with contextlib.suppress(ConnectionError):
            await streams[0].read(-1)
    assert agree(it, EdgeError.TIMEOUT, 200).by == "meshdev"


async def test_a_timeout_before_the_answer_counts_as_failed() -> None:
    """The caller gets 504."""
    async with silent() as upstream, http_edge(upstream, timeout=0.05) as it, dial(it.port) as streams:
        assert (await ask(streams))[0] == 504
    agree(it, EdgeError.TIMEOUT, 504)


async def test_a_closed_edge_counts_as_failed() -> None:
    """403 is no 5xx, but the call did not happen."""
    async with http_edge(denied="the topology says so") as it, dial(it.port) as streams:
        assert (await ask(streams))[0] == 403
    agree(it, EdgeError.DENIED, 403)


async def test_a_callee_that_refuses_counts_as_failed() -> None:
    """503: nobody listens there."""
    nobody = Upstream("127.0.0.1", free_port(), "gone")
    async with http_edge(nobody, hold=0.0) as it, dial(it.port) as streams:
        assert (await ask(streams))[0] == 503
    agree(it, EdgeError.REFUSED, 503)


async def test_an_edge_without_instances_counts_as_failed() -> None:
    """503 at once, after a while, or because too many wait."""
    async with http_edge(hold=0.0) as it, dial(it.port) as streams:
        assert (await ask(streams))[0] == 503
    agree(it, EdgeError.NO_UPSTREAM, 503)
    async with http_edge(hold=0.02) as it, dial(it.port) as streams:
        assert (await ask(streams))[0] == 503
    agree(it, EdgeError.HOLD_TIMEOUT, 503)
    async with http_edge(hold_most=0) as it, dial(it.port) as streams:
        assert (await ask(streams))[0] == 503
    agree(it, EdgeError.HOLD_OVERFLOW, 503)


async def test_a_bad_message_counts_as_failed() -> None:
    """In its head, so that there never was a request, or in its body."""
    bad = b"POST /pay/7 HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
    async with http_peer("a") as a, http_edge(a.upstream) as it, dial(it.port) as streams:
        assert (await ask(streams, bad))[0] == 400
    call = agree(it, EdgeError.REFUSED_MESSAGE, 400)
    assert (call.method, call.target, call.by) == ("POST", "/pay/7", "meshdev")
    async with silent() as upstream, http_edge(upstream) as it, dial(it.port) as streams:
        assert (
            await ask(streams, b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
        )[0] == 400
    agree(it, EdgeError.REFUSED_MESSAGE, 400)


async def test_a_caller_that_gives_up_counts_as_failed() -> None:
    """Before the answer, and within it."""
    async with silent() as upstream, http_edge(upstream) as it:
        async with dial(it.port) as (_, writer):
            writer.write(GET)
            await until(lambda: it.edge.in_flight == 1)
            writer.transport.abort()
        await until(lambda: it.edge.in_flight == 0)
    agree(it, EdgeError.CALLER_RESET, 0)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HALF)
        await hang(reader, writer)

    async with scripted(serve) as a, http_edge(a.upstream) as it:
        async with dial(it.port) as (reader, writer):
            writer.write(GET)
            await reader.readuntil(b"half")
            writer.transport.abort()
        await until(lambda: it.edge.in_flight == 0)
    agree(it, EdgeError.CALLER_RESET, 200)


async def test_what_the_limits_turn_away_counts_as_failed() -> None:
    """An open circuit, and too many at once."""
    breaker = CircuitBreaker(consecutive_errors=1, open_for=60.0)
    async with scripted(FAILURE) as a, http_edge(a.upstream, circuit_breaker=breaker) as it:
        for _ in range(2):
            async with dial(it.port) as streams:
                assert (await ask(streams))[0] == 503
    calls, signals = shown(it)
    assert [call.error for call in calls] == ["", EdgeError.CIRCUIT_OPEN]
    assert all(map(failed, calls))
    assert (signals.total.requests, signals.total.failures) == (2, 2)
    async with silent() as upstream, http_edge(upstream, max_concurrency=0) as it, dial(it.port) as streams:
        assert (await ask(streams))[0] == 503
    agree(it, EdgeError.OVER_LIMIT, 503)


async def test_a_retried_call_that_succeeds_has_not_failed() -> None:
    """Nor is a 4xx of the callee's own a failure of the edge."""
    async with scripted(FAILURE) as bad, http_peer("good") as good:
        rules: dict[str, Any] = {"retry_attempts": 2, "retry_on": ("5xx",), "retry_backoff": 0.001}
        async with http_edge(bad.upstream, good.upstream, **rules) as it, dial(it.port) as streams:
            assert (await ask(streams))[0] == 200
    calls, signals = shown(it)
    assert [failed(call) for call in calls] == [False]
    assert signals.total.failures == 0
    missing = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
    async with scripted(missing) as a, http_edge(a.upstream) as it, dial(it.port) as streams:
        assert (await ask(streams, request("GET")))[0] == 404
    calls, signals = shown(it)
    assert ([failed(call) for call in calls], signals.total.failures) == ([False], 0)
