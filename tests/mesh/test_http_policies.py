"""Calls that are repeated, cut short or hedged: by the policy, and told from the services' own doing."""

import asyncio
import contextlib
import gc
import json
from typing import Any

from meshdev.mesh.http_attempt import Attempt
from meshdev.mesh.http_call import Call
from meshdev.mesh.http_caller import HttpCaller
from meshdev.wire.mesh import CircuitBreaker
from support_http_edge import (
    FAILURE,
    GET,
    OK,
    Seen,
    ask,
    by_name,
    hang,
    http_edge,
    http_peer,
    read_response,
    request,
    scripted,
)
from support_mesh import PATIENCE, dial, until

RETRIES: dict[str, Any] = {
    "retry_attempts": 1,
    "retry_on": ("5xx", "reset", "timeout"),
    "retry_backoff": 0.001,
}


# --- retries ------------------------------------------------------------------------------------------


async def test_a_failure_is_tried_again_elsewhere() -> None:
    """The caller sees the answer of the second instance only, and telemetry that there were two attempts."""
    async with (
        scripted(FAILURE, name="bad") as bad,
        http_peer("good") as good,
        http_edge(bad.upstream, good.upstream, **RETRIES) as it,
        dial(it.port) as streams,
    ):
        assert await by_name(streams) == "good"
        [exchange] = it.exchanges()
        assert (exchange.status, exchange.retries, exchange.instance, exchange.by) == (200, 1, "good", "")
        assert (it.counters.acts, it.counters.errors) == ({"retry": 1}, {})


async def test_what_is_not_idempotent_is_not_repeated() -> None:
    """Unless its method is named; the instance's own answer passes unchanged."""
    seen = Seen()
    async with (
        scripted(FAILURE) as bad,
        http_peer("good", seen) as good,
        http_edge(bad.upstream, good.upstream, **RETRIES) as it,
        dial(it.port) as streams,
    ):
        assert await ask(streams, request("POST", body=b"x")) == (503, "")
        assert seen.requests == []
        assert it.exchanges()[0].by == ""
        it.rule(retry_methods=("POST",))
        assert await by_name(streams) == "good"
        assert await ask(streams, request("POST", body=b"x")) == (200, "")
        assert seen.requests[-1].endswith(b"\r\n\r\nx")


async def test_the_last_answer_is_the_callers() -> None:
    """When no attempt is left, the failure passes as the instance gave it."""
    async with (
        scripted(FAILURE) as bad,
        http_edge(bad.upstream, **(RETRIES | {"retry_attempts": 2})) as it,
        dial(it.port) as streams,
    ):
        streams[1].write(GET)
        assert (await read_response(streams[0])).body == b"busy"
        [exchange] = it.exchanges()
        assert (exchange.status, exchange.retries) == (503, 2)


async def test_retries_end_with_their_budget() -> None:
    """Three on an edge without a past; what would have been more is counted."""
    async with (
        scripted(FAILURE) as bad,
        http_edge(bad.upstream, **RETRIES, retry_budget=0.0) as it,
        dial(it.port) as streams,
    ):
        for _ in range(5):
            assert await ask(streams) == (503, "")
        assert [exchange.retries for exchange in it.exchanges()] == [1, 1, 1, 0, 0]
        assert it.counters.acts == {"retry": 3, "retry-over-budget": 2}


async def test_a_body_is_sent_again_if_it_was_kept() -> None:
    """A small one whole; a large one is not kept, and not repeated."""
    seen = Seen()
    async with (
        scripted(FAILURE) as bad,
        http_peer("good", seen) as good,
        http_edge(bad.upstream, good.upstream, **RETRIES) as it,
    ):
        for size, status in ((1000, 200), (60_000, 200), (100_000, 503)):
            async with dial(it.port) as streams:
                assert await ask(streams, request("PUT", body=b"x" * size)) == (status, "")
            async with dial(it.port) as streams:
                await ask(streams)  # so that the bad one is next again
        assert [len(it) for it in seen.requests if it.startswith(b"PUT")] > [1000, 60_000]


async def test_an_instance_that_breaks_off_is_tried_again_elsewhere() -> None:
    """No answer is no answer: another instance is asked."""

    async def serve(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")

    async with (
        scripted(serve) as bad,
        http_peer("good") as good,
        http_edge(bad.upstream, good.upstream, **RETRIES) as it,
        dial(it.port) as streams,
    ):
        for _ in range(4):
            assert await by_name(streams) == "good"
        assert it.exchanges()[0].retries == 1
        assert it.counters.errors == {}


async def test_a_caller_that_leaves_ends_the_attempts() -> None:
    """Nothing is repeated for nobody, and its leaving is no failure of the callee."""
    rules = RETRIES | {"circuit_breaker": CircuitBreaker(consecutive_errors=1)}
    async with scripted(hang) as a, http_edge(a.upstream, **rules) as it:
        async with dial(it.port) as (_, writer):
            writer.write(GET)
            await until(lambda: len(a.connections) == 1)
        await until(lambda: not a.connections)
        await until(lambda: it.edge.active == 0)
        it.exchanges()
        assert (it.counters.acts, it.counters.errors) == ({}, {"caller-reset": 1})
        assert it.counters.circuit == ""


# --- timeouts -----------------------------------------------------------------------------------------


async def test_a_call_that_takes_too_long_is_a_504() -> None:
    """Answered by the mesh, with a reason that says so; the instance sees the end of it."""
    async with (
        scripted(hang, name="payments-0@1") as a,
        http_edge(a.upstream, timeout=0.05) as it,
        dial(it.port) as (reader, writer),
    ):
        writer.write(GET)
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        assert head.startswith("HTTP/1.1 504 Gateway Timeout\r\n")
        assert "x-meshdev-reason: payments-0@1 did not answer in full within 0.05 s" in head
        body = json.loads(await reader.read(-1))
        assert (body["by"], body["error"], body["caller"]) == ("meshdev", "timeout", "orders")
        await until(lambda: not a.connections)
        [exchange] = it.exchanges()
        assert (exchange.status, exchange.error, exchange.by) == (504, "timeout", "meshdev")
        assert it.counters.errors == {"timeout": 1}


async def test_an_answer_that_takes_too_long_is_broken_off() -> None:
    """What has begun cannot become a 504; half of it is never made to look whole."""

    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        await hang(reader, writer)

    async with (
        scripted(half) as a,
        http_edge(a.upstream, timeout=0.05, **RETRIES) as it,
        dial(it.port) as (reader, writer),
    ):
        writer.write(GET)
        await reader.readuntil(b"\r\n\r\n")
        with contextlib.suppress(ConnectionResetError):
            assert await reader.read(-1) == b"half"
        [exchange] = it.exchanges()
        assert (exchange.status, exchange.error, exchange.retries) == (200, "timeout", 0)


async def test_a_timeout_is_tried_again() -> None:
    """Each attempt has the time then."""
    async with (
        scripted(hang) as slow,
        http_peer("good") as good,
        http_edge(slow.upstream, good.upstream, timeout=0.05, **RETRIES) as it,
        dial(it.port) as streams,
    ):
        assert await by_name(streams) == "good"
        assert it.exchanges()[0].retries == 1


async def test_each_attempt_has_its_time_when_timeouts_are_tried_again() -> None:
    """Two attempts that take more than the timeout together, but not each."""
    answers = [FAILURE, OK]

    async def late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(0.6)
        writer.write(answers.pop(0))

    async with (
        scripted(late) as a,
        http_edge(a.upstream, timeout=1.0, **RETRIES) as it,
        dial(it.port) as streams,
    ):
        assert await ask(streams) == (200, "")


async def test_a_large_request_times_out_too() -> None:
    """Though it can no longer be repeated."""
    async with (
        scripted(hang) as slow,
        http_edge(slow.upstream, timeout=0.1, **RETRIES) as it,
        dial(it.port) as streams,
    ):
        status, reason = await ask(streams, request("PUT", body=b"x" * 100_000))
        assert (status, reason.endswith("within 0.1 s")) == (504, True)
        assert it.exchanges()[0].retries == 0


async def test_being_held_is_no_timeout() -> None:
    """The clock begins when an instance has the request: a reload is nobody's slowness."""
    async with http_peer("late") as late, http_edge(timeout=0.05) as it, dial(it.port) as streams:
        streams[1].write(GET)
        await until(lambda: it.edge.held == 1)
        await asyncio.sleep(0.1)
        it.route(late.upstream)
        assert (await read_response(streams[0])).body == b"late"


# --- hedging ------------------------------------------------------------------------------------------


async def test_a_slow_call_gets_a_second_chance() -> None:
    """The first answer wins, the other instance is let go of."""
    seen = Seen()
    async with (
        scripted(hang) as slow,
        http_peer("fast", seen) as fast,
        http_edge(slow.upstream, fast.upstream, hedge_after=0.02) as it,
        dial(it.port) as streams,
    ):
        assert await by_name(streams) == "fast"
        await until(lambda: not slow.connections)
        [exchange] = it.exchanges()
        assert (exchange.hedged, exchange.retries, exchange.instance) == (True, 0, "fast")
        assert it.counters.acts == {"hedge": 1, "hedge-won": 1}
        assert len(seen.requests) == 1


async def test_the_first_may_still_win() -> None:
    """Then the second is let go of with the first byte, not only at the end."""
    begin, end = asyncio.Event(), asyncio.Event()

    async def late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await begin.wait()
        writer.write(OK[:-1])
        await end.wait()
        writer.write(OK[-1:])

    async with (
        scripted(late) as slow,
        scripted(hang) as slower,
        http_edge(slow.upstream, slower.upstream, hedge_after=0.02) as it,
        dial(it.port) as streams,
    ):
        streams[1].write(GET)
        await until(lambda: len(slower.connections) == 1)
        begin.set()
        await until(lambda: not slower.connections)
        end.set()
        assert (await read_response(streams[0])).body == b"ok"
        it.exchanges()
        assert it.counters.acts == {"hedge": 1}


async def test_what_is_not_idempotent_is_never_hedged() -> None:
    """One instance has it, however slow it is."""
    async with (
        scripted(hang) as slow,
        http_peer("fast") as fast,
        http_edge(slow.upstream, fast.upstream, hedge_after=0.01, timeout=0.1) as it,
        dial(it.port) as streams,
    ):
        assert (await ask(streams, request("POST", body=b"x")))[0] == 504
        it.exchanges()
        assert it.counters.acts == {}


# --- the rest of HTTP, under policies -----------------------------------------------------------------

ALL: dict[str, Any] = RETRIES | {
    "timeout": PATIENCE,
    "hedge_after": PATIENCE,
    "circuit_breaker": CircuitBreaker(consecutive_errors=100),
    "max_concurrency": 100,
    "balance": "least-request",
}


async def test_an_interim_answer_passes() -> None:
    """A caller that waits for 100 before it sends its body gets it."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        assert await reader.readexactly(3) == b"abc"
        writer.write(OK)

    async with scripted(serve) as a, http_edge(a.upstream, **ALL) as it, dial(it.port) as (reader, writer):
        writer.write(b"PUT / HTTP/1.1\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"abc")
        assert (await read_response(reader)).body == b"ok"


async def test_an_upgrade_is_a_tunnel_that_no_policy_watches() -> None:
    """It is not under way any more, and never times out."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n")
        while data := await reader.read(1000):
            writer.write(data.upper())

    rules = ALL | {"timeout": 0.05, "max_concurrency": 1}
    async with scripted(serve) as a, http_edge(a.upstream, **rules) as it, dial(it.port) as (reader, writer):
        writer.write(b"GET /chat HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101")
        await asyncio.sleep(0.1)
        writer.write(b"hello")
        assert await reader.readexactly(5) == b"HELLO"
        async with dial(it.port) as others:
            others[1].write(GET)
            assert (await others[0].readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101")


async def test_pipelined_requests_and_large_bodies_pass() -> None:
    """In order, and whole."""
    seen = Seen()
    async with (
        http_peer("a", seen) as a,
        http_edge(a.upstream, **ALL) as it,
        dial(it.port) as (reader, writer),
    ):
        big = b"x" * 3_000_000
        writer.write(GET + request("POST", body=b"12345") + GET + request("PUT", body=big) + GET)
        assert [(await read_response(reader)).body for _ in range(5)] == [b"a"] * 5
    assert seen.requests[3].endswith(big)


async def test_rules_may_change_under_a_caller() -> None:
    """From one request to the next, on one connection."""
    async with (
        scripted(FAILURE) as bad,
        http_peer("good") as good,
        http_edge(bad.upstream, good.upstream) as it,
        dial(it.port) as streams,
    ):
        assert {await ask(streams) for _ in range(4)} == {(503, ""), (200, "")}
        it.rule(**RETRIES)
        assert {await ask(streams) for _ in range(4)} == {(200, "")}
        it.rule(retry_attempts=0)
        assert {await ask(streams) for _ in range(4)} == {(503, ""), (200, "")}


async def test_a_call_that_is_over_is_freed_at_once() -> None:
    """No cycle is left for a collection: of what lives long, that comes once in millions of requests."""
    async with http_peer("a") as a, http_edge(a.upstream, timeout=PATIENCE) as it:
        gc.collect()
        gc.disable()
        try:
            for _ in range(3):
                async with dial(it.port) as streams:
                    for _ in range(3):
                        await by_name(streams)
            await until(lambda: it.edge.active == 0)
            it.callers.clear()
            assert [
                thing for thing in gc.get_objects() if isinstance(thing, Call | Attempt | HttpCaller)
            ] == []
        finally:
            gc.enable()
