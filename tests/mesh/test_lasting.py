"""Calls that last: WebSockets, streams of events and other tunnels are told at their end, with what passed in them."""

import asyncio
import contextlib
import socket
import struct
from typing import Any

import httpx
import pytest
import websockets

from meshdev.wire.mesh import EdgeError, Exchange
from support_asgi import SERVERS, asgi_server
from support_http_edge import GET, HttpEdge, hang, http_edge, scripted
from support_mesh import dial, until

UPGRADE = (
    b"GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
RULES: dict[str, Any] = {"timeout": None, "retry_attempts": 1, "retry_on": ("5xx",)}


def only(it: HttpEdge) -> Exchange:
    """The one call that was told."""
    [exchange] = it.exchanges()
    assert [sum(route.statuses) for route in it.counters.routes] in ([1], [])
    return exchange


async def closed(it: HttpEdge) -> None:
    """Nothing is under way."""
    await until(lambda: it.edge.in_flight == 0)


@pytest.mark.parametrize("rules", [{}, RULES], ids=["plain", "under rules"])
@pytest.mark.parametrize("server", SERVERS)
async def test_a_websockets_messages_are_counted(server: str, rules: dict[str, Any]) -> None:
    """Each way, of a real client and real servers, compressed as they agree on; in flight until its end."""
    async with asgi_server(server) as upstream, http_edge(upstream, **rules) as it:
        async with websockets.connect(f"ws://127.0.0.1:{it.port}/ws", proxy=None) as connection:
            assert it.edge.in_flight == 1
            assert it.exchanges() == []
            assert [sum(route.statuses) for route in it.counters.routes] == [1]
            for number in range(5):
                await connection.send("hello" * 10_000 * number)
                await connection.recv()
            await connection.send(["in ", "three ", "parts"])
            assert await connection.recv() == "IN THREE PARTS"
            await (await connection.ping())
        await closed(it)
    exchange = only(it)
    assert (exchange.method, exchange.target, exchange.status, exchange.error) == ("GET", "/ws", 101, "")
    assert (exchange.messages_in, exchange.messages_out, exchange.events) == (6, 6, None)
    assert exchange.bytes_in > 500
    assert exchange.bytes_out > 500
    assert it.said == []


async def test_messages_that_come_with_the_heads_are_counted() -> None:
    """A server may speak in the packet of its answer, and a caller before it has one."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(SWITCH + b"\x81\x02hi\x81\x05hel")
        assert await reader.readexactly(8) == b"\x81\x82\0\0\0\0yo"
        writer.write(b"lo")

    async with scripted(serve) as a, http_edge(a.upstream) as it, dial(it.port) as (reader, writer):
        writer.write(UPGRADE + b"\x81\x82\0\0\0\0yo")
        assert (await reader.read(-1)).endswith(b"\x81\x02hi\x81\x05hello")
    exchange = only(it)
    assert (exchange.messages_in, exchange.messages_out) == (1, 2)
    assert exchange.bytes_in == len(UPGRADE) + 8
    assert exchange.bytes_out == len(SWITCH) + 11


async def test_what_is_no_websocket_passes_and_nothing_is_said_of_messages() -> None:
    """A tap never breaks traffic; a person is told once."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(SWITCH + b"nonsense ")
        while data := await reader.read(100):
            writer.write(data)

    async with scripted(serve) as a, http_edge(a.upstream) as it:
        for _ in range(2):
            async with dial(it.port) as (reader, writer):
                writer.write(UPGRADE)
                await reader.readuntil(b"nonsense ")
                writer.write(b"more")
                writer.write_eof()
                assert await reader.read(-1) == b"more"
    assert [(it.messages_in, it.messages_out) for it in it.exchanges()] == [(None, None)] * 2
    [said] = it.said
    assert "a WebSocket cannot be read (a frame with " in said


async def test_a_reset_tunnel_has_failed() -> None:
    """It counts once as a request and once as a failure, and its kind is told."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(SWITCH)
        await hang(reader, writer)

    async with scripted(serve) as a, http_edge(a.upstream) as it, dial(it.port) as (reader, writer):
        writer.write(UPGRADE)
        await reader.readuntil(b"\r\n\r\n")
        [server] = a.connections
        sock = server.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        server.transport.abort()
        with contextlib.suppress(ConnectionError):
            await reader.read(-1)
    exchange = only(it)
    [route] = it.counters.routes
    assert (sum(route.statuses), route.broken) == (1, 1)
    assert exchange.error == EdgeError.CALLEE_RESET
    assert it.counters.errors == {EdgeError.CALLEE_RESET: 1}


@pytest.mark.parametrize("rules", [{}, RULES], ids=["plain", "under rules"])
@pytest.mark.parametrize("server", SERVERS)
async def test_events_are_counted(server: str, rules: dict[str, Any]) -> None:
    """Of an answer in chunks by real servers, as they come; the latency is the time until the answer began."""
    async with (
        asgi_server(server) as upstream,
        http_edge(upstream, **rules) as it,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{it.port}", trust_env=False) as client,
    ):
        async with client.stream("GET", "/events") as answer:
            lines = answer.aiter_lines()
            assert await anext(lines) == "data: first"
            assert it.edge.in_flight == 1
            await client.post("/release")
            assert [line async for line in lines if line] == ["data: second"]
        exchanges = {exchange.target: exchange for exchange in it.exchanges()}
    assert exchanges["/events"].events == 2
    assert exchanges["/release"].events is None


async def test_a_stream_that_its_caller_ends_has_not_failed() -> None:
    """Whoever closes the page ends the stream; that is how streams end."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(STREAM + b"Transfer-Encoding: chunked\r\n\r\n9\r\ndata: x\n\n\r\n")
        await hang(reader, writer)

    for rough in (False, True):
        async with scripted(serve) as a, http_edge(a.upstream) as it:
            async with dial(it.port) as (reader, writer):
                writer.write(GET)
                await reader.readuntil(b"data: x\n\n\r\n")
                if rough:
                    writer.transport.abort()
            await closed(it)
        exchange = only(it)
        assert (exchange.events, exchange.status, exchange.error) == (1, 200, "")
        assert it.counters.errors == {}


async def test_a_stream_that_its_callee_breaks_off_has_failed() -> None:
    """A chunked answer without its end is no answer."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(STREAM + b"Transfer-Encoding: chunked\r\n\r\n9\r\ndata: x\n\n\r\n")

    async with scripted(serve) as a, http_edge(a.upstream) as it, dial(it.port) as (reader, writer):
        writer.write(GET)
        await reader.read(-1)
    exchange = only(it)
    assert (exchange.events, exchange.error) == (1, EdgeError.CALLEE_RESET)
    assert [route.broken for route in it.counters.routes] == [1]


async def test_a_connection_forgets_a_stream() -> None:
    """The next call over the same connections is an ordinary one; a stream may have a length, too."""
    body = b"data: x\n\ndata: y\n\n"
    begun = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = STREAM + b"Content-Length: %d\r\n\r\n" % len(body)
        writer.write(head + body[:5])
        await begun.wait()
        writer.write(body[5:])
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")
        await reader.read(-1)

    async with scripted(serve) as a, http_edge(a.upstream) as it, dial(it.port) as (reader, writer):
        writer.write(GET)
        await reader.readuntil(body[:5])
        begun.set()
        assert await reader.readexactly(len(body) - 5) == body[5:]
        writer.write(GET)
        await reader.readuntil(b"0\r\n\r\n")
    first, second = it.exchanges()
    assert first.events == 2
    assert second.events is None
