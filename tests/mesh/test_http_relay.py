"""The HTTP edge between real sockets: every form of message, every byte unchanged."""

import asyncio
import contextlib
import re
import socket
import struct

import pytest

from support_http_edge import (
    GET,
    Seen,
    http_edge,
    http_peer,
    read_response,
    request,
    scripted,
)
from support_mesh import PATIENCE, dial, peer, until


async def test_a_request_passes_with_two_headers_more() -> None:
    """All bytes are the caller's, but for a traceparent and a request id behind the request line."""
    seen = Seen()
    async with http_peer("a", seen) as a, http_edge(a.upstream) as it, dial(it.port) as (reader, writer):
        writer.write(b"POST /x?y=1 HTTP/1.1\r\nHOST: me\r\nX-Odd:   spaced \r\ncontent-length: 3\r\n\r\nabc")
        assert (await read_response(reader)).body == b"a"
    head, _, body = seen.requests[0].partition(b"\r\n\r\n")
    assert body == b"abc"
    added = re.compile(rb"traceparent: 00-([0-9a-f]{32})-([0-9a-f]{16})-01\r\nx-request-id: \1\r\n")
    ids = added.search(head + b"\r\n")
    [exchange] = it.exchanges()
    assert ids is not None
    assert (exchange.trace.encode(), exchange.span.encode()) == ids.groups()
    assert added.sub(b"", head + b"\r\n") == (
        b"POST /x?y=1 HTTP/1.1\r\nHOST: me\r\nX-Odd:   spaced \r\ncontent-length: 3\r\n"
    )


async def test_a_trace_that_is_there_goes_on() -> None:
    """The callee's parent is our span; every other byte stays, a request id too."""
    seen = Seen()
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    async with http_peer("a", seen) as a, http_edge(a.upstream) as it, dial(it.port) as (reader, writer):
        mine = f"GET / HTTP/1.1\r\nX-REQUEST-ID: mine\r\nTraceparent: 00-{trace}-00f067aa0ba902b7-00\r\n\r\n"
        writer.write(mine.encode())
        await read_response(reader)
    [exchange] = it.exchanges()
    assert (exchange.trace, len(exchange.span)) == (trace, 16)
    assert exchange.span != "00f067aa0ba902b7"
    assert seen.requests == [mine.replace("00f067aa0ba902b7", exchange.span).encode()]


async def test_a_malformed_trace_begins_anew() -> None:
    """What nobody could read is replaced, with the state that belonged to it."""
    seen = Seen()
    async with http_peer("a", seen) as a, http_edge(a.upstream) as it, dial(it.port) as (reader, writer):
        writer.write(
            b"GET / HTTP/1.1\r\nA: 1\r\nTraceparent: 00-aa-bb-01\r\ntracestate: x=y\r\nX-Request-Id: mine\r\n\r\n"
        )
        await read_response(reader)
    [exchange] = it.exchanges()
    assert seen.requests == [
        f"GET / HTTP/1.1\r\ntraceparent: 00-{exchange.trace}-{exchange.span}-01\r\n".encode()
        + b"A: 1\r\nX-Request-Id: mine\r\n\r\n"
    ]


async def test_pipelined_requests_are_answered_in_order() -> None:
    """Requests that come at once wait for their turn."""
    async with (
        http_peer("a") as a,
        http_peer("b") as b,
        http_edge(a.upstream, b.upstream) as it,
        dial(it.port) as (reader, writer),
    ):
        writer.write(GET + request("POST", body=b"12345") + GET + GET)
        assert [(await read_response(reader)).body for _ in range(4)] == [b"a", b"b", b"a", b"b"]


async def test_pipelining_is_bounded() -> None:
    """A caller that sends without end while an answer is due is not read without end."""
    release = asyncio.Event()

    async def late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readuntil(b"\r\n\r\n"):
            await release.wait()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    async with scripted(late) as a, http_edge(a.upstream) as it, dial(it.port) as (reader, writer):
        count = 1_000
        writer.write(b"GET / HTTP/1.1\r\nX-Padding: %b\r\n\r\n" % (b"x" * 1000) * count)
        await until(lambda: it.edge.bytes_in > 64 * 1024)
        for _ in range(50):
            await asyncio.sleep(0)
        assert it.edge.bytes_in < 1 << 20
        release.set()
        for _ in range(count):
            assert (await read_response(reader)).status == 200


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    ],
)
async def test_answers_of_every_form_pass_unchanged(answer: bytes) -> None:
    """Byte for byte, whole and in single bytes; and the connection is kept for the next request."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await reader.readuntil(b"\r\n\r\n")
        for at in range(len(answer)):
            writer.write(answer[at : at + 1])
            await writer.drain()
        await reader.read(-1)

    async with scripted(serve) as a, http_edge(a.upstream) as it, dial(it.port) as (reader, writer):
        for _ in range(2):
            writer.write(GET)
            assert await reader.readexactly(len(answer)) == answer
        assert len(a.connections) == 1


async def test_the_answer_to_a_head_has_no_body() -> None:
    """The length of a HEAD's answer announces nothing that follows."""
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
    async with scripted(answer) as a, http_edge(a.upstream) as it, dial(it.port) as (reader, writer):
        for _ in range(2):
            writer.write(b"HEAD / HTTP/1.1\r\n\r\n")
            assert await reader.readexactly(len(answer)) == answer


async def test_a_body_that_waits_for_100_continue() -> None:
    """The head goes out alone, the interim answer comes back, then the body follows."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = await reader.readexactly(5)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" + body)
        await reader.read(-1)

    async with scripted(serve) as a, http_edge(a.upstream) as it, dial(it.port) as (reader, writer):
        writer.write(b"PUT / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"hello")
        assert (await read_response(reader)).body == b"hello"


async def test_a_body_without_length_ends_with_the_connection() -> None:
    """The caller's connection ends with it, in order."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\nas long as ")
        await writer.drain()
        writer.write(b"it lasts")

    async with scripted(serve) as a, http_edge(a.upstream) as it, dial(it.port) as (reader, writer):
        writer.write(GET)
        assert await reader.read(-1) == b"HTTP/1.1 200 OK\r\n\r\nas long as it lasts"
    assert it.edge.take_counters().errors == {}


@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
async def test_a_caller_that_wants_no_more_is_let_go(version: bytes) -> None:
    """HTTP/1.0, or Connection: close: the connection ends after the answer."""
    async with http_peer("a") as a, http_edge(a.upstream) as it, dial(it.port) as (reader, writer):
        writer.write(b"GET / HTTP/" + version + b"\r\nConnection: close\r\n\r\n")
        assert (await read_response(reader)).body == b"a"
        assert await reader.read(-1) == b""


async def test_an_upgrade_becomes_a_tunnel() -> None:
    """After 101 bytes pass as they are, both ways, also those that came too early, and half-closes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\nwelcome "
        )
        while data := await reader.read(1000):
            writer.write(data.upper())
            await writer.drain()
        writer.write(b"!")

    async with scripted(serve) as a, http_edge(a.upstream) as it, dial(it.port) as (reader, writer):
        writer.write(b"GET /chat HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nearly ")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101")
        assert await reader.readexactly(14) == b"welcome EARLY "
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        assert await reader.readexactly(18) == b"GET / HTTP/1.1\r\n\r\n"
        writer.write_eof()
        assert await reader.read(-1) == b"!"


async def test_an_upgrade_that_is_declined_stays_http() -> None:
    """What was sent behind the request is then the next request."""
    async with http_peer("a") as a, http_edge(a.upstream) as it, dial(it.port) as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n" + GET)
        assert [(await read_response(reader)).body for _ in range(2)] == [b"a", b"a"]


async def test_an_early_answer_reaches_a_caller_that_is_still_sending() -> None:
    """An instance that answers and closes before the request is complete is heard."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nno!")
        await writer.drain()

    async with scripted(serve) as a, http_edge(a.upstream) as it, dial(it.port) as (reader, writer):
        writer.write(b"POST / HTTP/1.1\r\nContent-Length: 10000000\r\n\r\n" + b"x" * 100_000)
        assert (await read_response(reader)).body == b"no!"
        with contextlib.suppress(ConnectionError):
            writer.write(b"x" * 100_000)
            await writer.drain()
            await reader.read(-1)


async def test_an_early_answer_does_not_end_the_request() -> None:
    """An instance that answers early and reads on gets the whole request, and its connection is kept."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(2):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            await reader.readexactly(10)

    async with scripted(serve) as a, http_edge(a.upstream) as it, dial(it.port) as (reader, writer):
        for _ in range(2):
            writer.write(b"POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\n")
            assert (await read_response(reader)).body == b"ok"
            writer.write(b"0123456789")
        await until(lambda: len(a.connections) == 0)


async def test_a_half_closed_caller_gets_its_answer() -> None:
    """A caller may say that it has said everything, and still listens."""
    async with http_peer("a") as a, http_edge(a.upstream) as it, dial(it.port) as (reader, writer):
        writer.write(GET + GET)
        writer.write_eof()
        assert [(await read_response(reader)).body for _ in range(2)] == [b"a", b"a"]
        assert await reader.read(-1) == b""


async def test_an_ambiguous_request_is_refused() -> None:
    """It is answered with 400 and the reason, and no instance hears of it."""
    seen = Seen()
    async with http_peer("a", seen) as a, http_edge(a.upstream) as it, dial(it.port) as (reader, writer):
        writer.write(b"POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
        answer = await read_response(reader)
        assert (answer.status, answer.reason) == (400, "both Content-Length and Transfer-Encoding")
        assert await reader.read(-1) == b""
    assert seen.requests == []
    assert it.edge.take_counters().errors == {"refused-message": 1}


async def test_a_request_that_turns_bad_halfway_is_broken_off() -> None:
    """Its instance sees a reset and never a whole request."""
    lost = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            await reader.read(-1)
        except ConnectionResetError:
            lost.set()

    async with scripted(serve) as a, http_edge(a.upstream) as it, dial(it.port) as (reader, writer):
        writer.write(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
        await until(lambda: len(a.connections) == 1)
        writer.write(b"zz\r\n")
        assert (await read_response(reader)).reason == "a malformed chunk size"
        async with asyncio.timeout(PATIENCE):
            await lost.wait()


async def test_what_is_not_http_passes_as_plain_tcp() -> None:
    """Another protocol on an HTTP edge works, and a person is told once."""
    async with peer("echo") as echo, http_edge(echo.upstream) as it:
        for _ in range(2):
            async with dial(it.port) as (reader, writer):
                writer.write(b"\x16\x03\x01binary\r\n")
                assert await reader.readexactly(16) == b"echo\n\x16\x03\x01binary\r\n"
    assert it.said == [
        "orders -> payments:http: the caller does not speak HTTP/1; its connections pass as plain TCP"
    ]


async def test_an_answer_that_cannot_be_read_passes_as_it_is() -> None:
    """A tap never breaks traffic: odd bytes of an instance reach the caller, who may understand them."""
    odd = b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok"
    async with scripted(odd, close=True) as a, http_edge(a.upstream) as it, dial(it.port) as (reader, writer):
        writer.write(GET)
        assert await reader.read(-1) == odd
    assert "cannot be read" in it.said[0]


async def test_an_instance_that_breaks_off_in_its_answer_breaks_the_caller_off() -> None:
    """Half an answer is never made to look whole."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        await writer.drain()
        await asyncio.sleep(0)
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    async with scripted(serve) as a, http_edge(a.upstream) as it, dial(it.port) as (reader, writer):
        writer.write(GET)
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            await read_response(reader)


async def test_large_bodies_pass_both_ways() -> None:
    """Many times what any buffer holds, chunked and counted, with slow ends."""
    block = bytes(range(256)) * 1024
    rounds = 200

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (len(block) * rounds))
        for _ in range(rounds):
            size = await reader.readline()
            writer.write(await reader.readexactly(int(size, 16)))
            await writer.drain()
            await reader.readline()
        await reader.read(-1)

    async with scripted(serve) as a, http_edge(a.upstream) as it, dial(it.port) as (reader, writer):
        writer.write(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")

        async def send() -> None:
            for _ in range(rounds):
                writer.write(b"%x\r\n%b\r\n" % (len(block), block))
                await writer.drain()
            writer.write(b"0\r\n\r\n")

        async with asyncio.TaskGroup() as group:
            group.create_task(send())
            await reader.readuntil(b"\r\n\r\n")
            for _ in range(rounds):
                assert await reader.readexactly(len(block)) == block


async def test_a_slow_caller_stops_the_instance() -> None:
    """Nothing piles up for a caller that does not read; when it reads again it gets everything."""
    total = 32 << 20

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % total)
        for _ in range(total // 65536):
            writer.write(b"x" * 65536)
            await writer.drain()
        await reader.read(-1)

    async with (
        scripted(flood) as a,
        http_edge(a.upstream) as it,
        dial(it.port, limit=1024) as (reader, writer),
    ):
        writer.write(GET)
        await until(lambda: it.paused_callers() == 1)
        assert it.edge.bytes_out < total
        assert len((await read_response(reader)).body) == total
        assert it.paused_callers() == 0
