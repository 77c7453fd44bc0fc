"""A failed call says who failed and how."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from shopkit import trace
from shopkit.calls import Callee, CalleeError

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def ask(handler: Handler | None, patience: float = 5.0) -> str:
    """Call a server that does as `handler` says (None: nobody listens); returns how the call failed, or its body."""
    server = await asyncio.start_server(handler or say(b""), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    if handler is None:
        server.close()
        await server.wait_closed()
    callee = Callee("payments", url=f"http://127.0.0.1:{port}", timeout=patience)
    try:
        return (await callee.get("/")).text
    except CalleeError as error:
        return f"{error.service}: {error.how}"
    finally:
        await callee.close()
        server.close()
        await server.wait_closed()


def say(answer: bytes) -> Handler:
    """A server that answers every connection with the same bytes and hangs up."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    return handler


async def test_nobody_listens() -> None:
    """A refused connection is called one."""
    assert await ask(None) == "payments: connection refused"


async def test_no_answer_in_time() -> None:
    """The limit is named."""
    gone = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(-1)
        writer.close()
        await writer.wait_closed()
        gone.set()

    assert await ask(silent, patience=0.1) == "payments: no answer within 0.1 s"
    await gone.wait()


async def test_the_connection_is_closed_without_an_answer() -> None:
    """An answer that never begins."""
    assert await ask(say(b"")) == "payments: closed the connection without an answer"


async def test_a_server_error_is_a_failure_and_quotes_the_reason() -> None:
    """What the neighbour said is passed on."""
    body = b'{"error": "disk full"}'
    answer = b"HTTP/1.1 503 X\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%s" % (len(body), body)
    assert await ask(say(answer)) == "payments: answered 503 (disk full)"


async def test_a_refusal_is_the_callers_to_judge() -> None:
    """A 4xx is an answer."""
    assert await ask(say(b"HTTP/1.1 409 X\r\ncontent-length: 2\r\nconnection: close\r\n\r\nno")) == "no"


async def test_the_trace_is_passed_on() -> None:
    """The callee gets the caller's span as its parent."""
    seen: list[bytes] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        writer.close()
        await writer.wait_closed()

    with trace.joined({}) as span:
        await ask(handler)
    assert f"traceparent: {span.traceparent}".encode() in seen[0]


def test_a_missing_edge_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says which variable is missing and where edges are declared."""
    monkeypatch.delenv("ORDER_HISTORY_URL", raising=False)
    with pytest.raises(RuntimeError, match=r"ORDER_HISTORY_URL is not set.*meshdev.toml"):
        Callee("order-history")
