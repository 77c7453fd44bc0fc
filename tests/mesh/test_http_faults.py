"""Faults on HTTP edges between real sockets: what callers see, what instances see, and what is told of it."""

import asyncio
import socket
import struct
from collections.abc import Mapping
from contextlib import suppress
from time import monotonic
from typing import Any

import msgspec
import pytest

from meshdev.wire.mesh import CircuitBreaker, EdgePolicy
from support_faults import specs
from support_http_edge import GET, HttpEdge, Seen, ask, http_edge, http_peer, read_response, request, scripted
from support_kept import ask_again, instance, serve_one
from support_mesh import dial, until


def faults(*tables: Mapping[str, Any]) -> Any:
    """What a policy says of faults that are switched on now."""
    return specs(*tables, since=0.0)


async def heads(port: int, what: bytes = GET) -> bytes:
    """Everything that a request alone on a connection is answered."""
    async with dial(port) as (reader, writer):
        writer.write(what.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))
        return await reader.read()


async def test_an_injected_status() -> None:
    """The instance sees nothing; the caller gets a problem that names the fault, over a connection that stays."""
    seen = Seen()
    async with http_peer("a", seen) as a, http_edge(a.upstream, faults=faults({"status": 503})) as it:
        async with dial(it.port) as streams:
            for _ in range(3):
                streams[1].write(GET)
                answer = await read_response(streams[0])
                assert answer.status == 503
                assert msgspec.json.decode(answer.body)["fault"] == "a/status"
            it.rule(faults=())
            assert (await ask(streams))[0] == 200
        exchanges = it.exchanges()
        assert [(one.status, one.by, one.faults) for one in exchanges] == [
            *[(503, "meshdev", ("a/status",))] * 3,
            (200, "", ()),
        ]
        assert (it.counters.fault_hits, len(seen.requests)) == ({"a/status": 3}, 1)


async def test_an_answer_in_the_users_words() -> None:
    """Code, body, type, headers and Retry-After are as they were asked for."""
    table = {"status": {"code": 429, "body": '{"a": 1}', "headers": {"x-why": "test"}, "retry_after": "3s"}}
    async with http_peer("a") as a, http_edge(a.upstream, faults=faults(table)) as it:
        said = await heads(it.port)
    assert said.startswith(b"HTTP/1.1 429 Too Many Requests\r\n")
    for line in (b"x-why: test", b"content-type: application/json", b"retry-after: 3", b"content-length: 8"):
        assert line in said
    assert said.endswith(b'\r\n\r\n{"a": 1}')


async def test_a_request_with_a_body_is_answered_too() -> None:
    """The body of a request that is answered here is read away, and the next one is understood."""
    table = {"status": 500, "match": {"method": "POST"}}
    async with (
        http_peer("a") as a,
        http_edge(a.upstream, faults=faults(table)) as it,
        dial(it.port) as streams,
    ):
        for _ in range(2):
            assert (await ask(streams, request("POST", "/x", b"y" * 200_000)))[0] == 500
            assert (await ask(streams))[0] == 200


@pytest.mark.parametrize("table", [{"delay": "150ms"}, {"latency": "150ms"}, {"latency": {"p50": "150ms"}}])
async def test_slowness(table: Mapping[str, Any]) -> None:
    """A delay and a latency make each request late; when they are off it is not."""
    async with (
        http_peer("a") as a,
        http_edge(a.upstream, faults=faults(table)) as it,
        dial(it.port) as streams,
    ):
        for _ in range(2):
            began = monotonic()
            assert (await ask(streams))[0] == 200
            assert 0.15 <= monotonic() - began < 0.4
        it.rule(faults=())
        began = monotonic()
        assert (await ask(streams))[0] == 200
        assert monotonic() - began < 0.14
        assert len(a.connections) == 1


async def test_an_error_comes_after_its_delay() -> None:
    """Delay and error are independent; the error fires after the delay."""
    tables = faults({"delay": "100ms", "status": 500})
    async with http_peer("a") as a, http_edge(a.upstream, faults=tables) as it, dial(it.port) as streams:
        began = monotonic()
        assert (await ask(streams))[0] == 500
        assert monotonic() - began >= 0.1


async def test_a_retry_mends_an_injected_error() -> None:
    """Policies see faults as if the instance did it; the exchange tells both."""
    rules: dict[str, Any] = {"retry_attempts": 3, "retry_on": ("5xx",), "retry_backoff": 0.001}
    table = {"status": 503, "match": {"first": 2}}
    async with http_peer("a") as a, http_edge(a.upstream, faults=faults(table), **rules) as it:
        async with dial(it.port) as streams:
            assert (await ask(streams))[0] == 200
        [exchange] = it.exchanges()
        assert (exchange.retries, exchange.by, exchange.faults) == (2, "", ("a/status", "a/status"))


@pytest.mark.parametrize("table", [{"delay": "1h"}, {"latency": "1h"}, {"timeout": 0}])
async def test_a_timeout_ends_an_injected_delay(table: Mapping[str, Any]) -> None:
    """A policy's timeout sees an injected delay as a slow instance."""
    async with (
        http_peer("a") as a,
        http_edge(a.upstream, faults=faults(table), timeout=0.1) as it,
        dial(it.port) as streams,
    ):
        assert (await ask(streams))[0] == 504


async def test_a_circuit_opens_by_injected_errors() -> None:
    """A breaker counts them."""
    breaker = CircuitBreaker(consecutive_errors=2)
    async with (
        http_peer("a") as a,
        http_edge(a.upstream, faults=faults({"status": 500}), circuit_breaker=breaker) as it,
        dial(it.port) as streams,
    ):
        assert [(await ask(streams))[0] for _ in range(3)] == [500, 500, 503]


@pytest.mark.parametrize("table", [{"refuse": True}, {"reset": True}])
async def test_resets(table: Mapping[str, Any]) -> None:
    """Without a policy the caller gets what a broken instance gives: 502; no second request is made behind its back."""
    seen = Seen()
    async with http_peer("a", seen) as a, http_edge(a.upstream) as it, dial(it.port) as streams:
        assert (await ask(streams))[0] == 200
        it.rule(faults=faults(table))
        assert (await ask(streams))[0] == 502
    assert len(seen.requests) <= 2


@pytest.mark.parametrize("kind", ["refuse", "reset"])
async def test_an_injected_reset_is_not_the_instances(kind: str) -> None:
    """Counted, recorded and answered as what it is: the 502 names the fault, in its head and in its body."""
    async with http_peer("a") as a, http_edge(a.upstream, faults=faults({kind: True})) as it:
        said = await heads(it.port)
        [exchange] = it.exchanges()
        assert dict(it.counters.errors) == {"fault": 1}
    assert f"x-meshdev-fault: a/{kind}\r\n".encode() in said
    problem = msgspec.json.decode(said.partition(b"\r\n\r\n")[2])
    assert (problem["by"], problem["error"], problem["fault"]) == ("meshdev", "fault", f"a/{kind}")
    assert (exchange.error, exchange.by, exchange.faults) == ("fault", "meshdev", (f"a/{kind}",))


async def test_a_reset_over_a_kept_connection_is_not_mended_in_secret() -> None:
    """An instance that closes a kept connection just then is asked again; a fault's reset is told."""
    seen = Seen()
    table = {"reset": True, "match": {"after": 1}}
    async with http_peer("a", seen) as a, http_edge(a.upstream, faults=faults(table)) as it:
        async with dial(it.port) as streams:
            assert [(await ask(streams))[0] for _ in range(2)] == [200, 502]
        told = [(one.status, one.error, one.by, one.faults) for one in it.exchanges()]
        assert told == [(200, "", "", ()), (502, "fault", "meshdev", ("a/reset",))]
        assert (it.counters.fault_hits, dict(it.counters.errors)) == ({"a/reset": 1}, {"fault": 1})
    assert len(seen.requests) == 2


async def test_a_request_that_is_sent_again_is_hit_once() -> None:
    """Its decision is made when it begins: the kept connection that was closed just then takes no ordinal."""
    table = {"latency": "1ms"}
    async with (
        instance() as a,
        http_edge(a.upstream, faults=faults(table)) as it,
        dial(it.port) as streams,
    ):
        with await serve_one(a, streams) as sock:
            streams[1].write(GET)
            await a.loop.sock_recv(sock, 1000)
        _, answer = await ask_again(a, streams)
        assert answer.status == 200
        assert [one.faults for one in it.exchanges()] == [("a/latency",)] * 2
        assert it.counters.fault_hits == {"a/latency": 2}


async def test_an_answer_that_a_fault_breaks_off_is_not_the_instances_doing() -> None:
    """Half a body, and the error is the fault's."""
    body = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 1000
    async with (
        scripted(body) as a,
        http_edge(a.upstream, faults=faults({"limit-data": 500})) as it,
        dial(it.port) as (reader, writer),
    ):
        writer.write(GET)
        with suppress(ConnectionError):
            while await reader.read(1000):
                pass
        [exchange] = it.exchanges()
        assert dict(it.counters.errors) == {"fault": 1}
        assert exchange.error == "fault"


async def test_injected_errors_are_counted_apart_from_those_of_instances() -> None:
    """An injected 5xx is an error of the kind ``fault``; a 4xx is none, as it would be none of an instance."""
    tables = faults({"status": 503, "match": {"first": 2}}, {"status": 404, "match": {"after": 2}})
    async with http_peer("a") as a, http_edge(a.upstream, faults=tables) as it, dial(it.port) as streams:
        assert [(await ask(streams))[0] for _ in range(3)] == [503, 503, 404]
        it.exchanges()
        assert dict(it.counters.errors) == {"fault": 2}


async def test_a_mended_reset_is_no_error() -> None:
    """What a retry has mended nobody has suffered; that there was one is told."""
    rules: dict[str, Any] = {"retry_attempts": 2, "retry_on": ("reset",), "retry_backoff": 0.001}
    table = {"reset": True, "match": {"first": 1}}
    async with http_peer("a") as a, http_edge(a.upstream, faults=faults(table), **rules) as it:
        async with dial(it.port) as streams:
            assert (await ask(streams))[0] == 200
        [exchange] = it.exchanges()
        assert (exchange.error, exchange.faults, dict(it.counters.errors)) == ("", ("a/reset",), {})


async def test_a_hidden_name_hides_no_address() -> None:
    """``dns`` is the name proxy's: an edge's own listener is found by its address."""
    async with (
        http_peer("a") as a,
        http_edge(a.upstream, faults=faults({"dns": True})) as it,
        dial(it.port) as streams,
    ):
        assert (await ask(streams))[0] == 200
        [exchange] = it.exchanges()
        assert (exchange.faults, it.counters.fault_hits) == ((), {})


async def test_percentage_and_match() -> None:
    """Only what is meant is hit, and of that the percentage; the same seed decides the same again."""

    async def statuses(seed: int) -> list[int]:
        table = {"status": 500, "percentage": 50, "seed": seed, "match": {"path": "/charges/*"}}
        async with (
            http_peer("a") as a,
            http_edge(a.upstream, faults=faults(table)) as it,
            dial(it.port) as streams,
        ):
            assert (await ask(streams, request("GET", "/other")))[0] == 200
            return [(await ask(streams, request("GET", f"/charges/{n}")))[0] for n in range(40)]

    first = await statuses(1)
    assert 8 < first.count(500) < 32
    assert await statuses(1) == first
    assert await statuses(2) != first


async def test_edits_of_a_response() -> None:
    """Headers, body and truncation, with framing that callers understand."""
    body = b'{"price": 10, "name": "tea"}'
    counted = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nETag: x\r\n\r\n%b" % (len(body), body)
    chunked = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nETag: x\r\n\r\n5\r\n%b\r\n17\r\n%b\r\n0\r\n\r\n"
        % (
            body[:5],
            body[5:],
        )
    )
    for script in (counted, chunked):
        async with scripted(script) as a, http_edge(a.upstream) as it:
            it.rule(faults=faults({"rewrite": {"find": "10", "replace": "1000"}}))
            said = await heads(it.port)
            assert said.endswith(b'\r\n\r\n{"price": 1000, "name": "tea"}')
            assert b"content-length: 30" in said
            it.rule(faults=faults({"malformed": True}))
            said = await heads(it.port)
            assert b'\xff"price' in said or b'\xff"pri' in said
            it.rule(faults=faults({"headers": {"set": {"x-a": "b"}, "remove": "etag"}}))
            said = await heads(it.port)
            assert (b"x-a: b" in said, b"ETag" in said) == (True, False)
            it.rule(faults=faults({"truncate": 0.5}))
            said = await heads(it.port)
            assert body not in said
            assert not said.endswith(b"0\r\n\r\n")


async def test_headers_of_a_request() -> None:
    """Upstream they are the request's."""
    seen = Seen()
    table = {"headers": {"set": {"x-a": "b"}, "remove": "host", "direction": "upstream"}}
    async with (
        http_peer("a", seen) as a,
        http_edge(a.upstream, faults=faults(table)) as it,
        dial(it.port) as streams,
    ):
        assert (await ask(streams, request("POST", "/", b"body")))[0] == 200
    [sent] = seen.requests
    assert (b"x-a: b" in sent, b"Host" in sent, sent.endswith(b"\r\n\r\nbody")) == (True, False, True)


async def test_rate_limit_and_stale_answers() -> None:
    """So many pass; and an answer that was given once is given again, whoever serves by now."""
    async with (
        http_peer("a") as a,
        http_peer("b") as b,
        http_edge(a.upstream) as it,
        dial(it.port) as streams,
    ):
        it.rule(faults=faults({"rate-limit": {"requests": 2, "per": "1h"}}))
        assert [(await ask(streams))[0] for _ in range(4)] == [200, 200, 429, 429]
        it.rule(faults=faults({"stale": True}))
        for _ in range(2):
            streams[1].write(GET)
            assert (await read_response(streams[0])).body == b"a"
            it.route(b.upstream)
        it.rule(faults=())
        streams[1].write(GET)
        assert (await read_response(streams[0])).body == b"b"


async def test_many_pipelined_requests() -> None:
    """However many requests stand in line, each is answered in turn."""
    async with (
        http_peer("a") as a,
        http_edge(a.upstream, faults=faults({"status": 500})) as it,
        dial(it.port) as (reader, writer),
    ):
        writer.write(GET * 2000)
        for _ in range(2000):
            assert (await read_response(reader)).status == 500


@pytest.mark.parametrize("table", [{"delay": "1h"}, {"latency": "1h"}])
async def test_a_caller_that_leaves_while_it_is_delayed(table: Mapping[str, Any]) -> None:
    """Nothing is left of a call whose caller is gone."""
    async with http_peer("a") as a, http_edge(a.upstream, faults=faults(table)) as it:
        async with dial(it.port) as (_, writer):
            writer.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )
            writer.write(GET)
            await until(lambda: it.edge.in_flight == 1)
        await until(lambda: it.edge.in_flight == 0)


async def test_requests_are_whole_while_faults_come_and_go() -> None:
    """No answer is lost or mixed up under load while faults that destroy nothing are toggled."""
    sets: list[tuple[dict[str, Any], ...]] = [
        (),
        ({"latency": "3ms"},),
        ({"delay": "2ms", "percentage": 50},),
        ({"slicer": {"average_size": 100, "delay": "10us", "direction": "both"}},),
        ({"bandwidth": "10M"}, {"chunk-delay": "1ms"}),
    ]

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            size = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            body = await reader.readexactly(size)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (size, body))

    async def client(it: HttpEdge, number: int) -> None:
        async with dial(it.port) as streams:
            for turn in range(40):
                body = b"%d-%d " % (number, turn) * (1 + 300 * (turn % 5))
                streams[1].write(request("POST", "/", body))
                answer = await read_response(streams[0])
                assert (answer.status, answer.body) == (200, body)

    async with scripted(serve) as a, http_edge(a.upstream) as it:

        async def toggle() -> None:
            for turn in range(100_000):
                it.rule(faults=faults(*sets[turn % len(sets)]))
                await asyncio.sleep(0.003)

        async with asyncio.TaskGroup() as group:
            toggling = group.create_task(toggle())
            await asyncio.gather(*(client(it, number) for number in range(8)))
            toggling.cancel()
        assert it.edge.policy != EdgePolicy()
