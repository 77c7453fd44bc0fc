"""A kept connection that its instance closes at the very moment at which it is used: what can be known, and what not.

The instance is a plain socket, so that the test decides when it closes, and the request is handed to the edge before
its loop can have seen that.
"""

import sys

import pytest

from support_http_edge import HttpEdge, http_edge, read_response, request
from support_kept import ask_again, instance, serve_one
from support_mesh import dial

POST = request("POST", body=b"pay once")


def say(it: HttpEdge, what: bytes) -> None:
    """The caller's bytes arrive now, before anything else that the kernel knows of."""
    it.callers[0].data_received(what)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what was acknowledged")
async def test_a_post_that_cannot_have_arrived_is_sent_again() -> None:
    """The instance had closed before: its kernel took not a byte, so nobody can have acted on it."""
    async with instance() as a, http_edge(a.upstream) as it, dial(it.port) as streams:
        (await serve_one(a, streams)).close()
        say(it, POST)
        said, answer = await ask_again(a, streams)
        assert (said.endswith(b"pay once"), answer.status) == (True, 200)
        [_, exchange] = it.exchanges()
        assert (exchange.retries, exchange.error) == (0, "")
        assert f"-{exchange.span}-".encode() in said


async def test_a_post_that_has_arrived_is_not() -> None:
    """The instance may have acted on it before it broke off: the caller is told, and decides."""
    async with instance() as a, http_edge(a.upstream) as it, dial(it.port) as streams:
        with await serve_one(a, streams) as sock:
            streams[1].write(POST)
            assert (await a.loop.sock_recv(sock, 1000)).endswith(b"pay once")
        answer = await read_response(streams[0])
        assert (answer.status, answer.reason) == (
            502,
            "payments-0@1 closed the connection without an answer",
        )


async def test_what_is_idempotent_is_sent_again_with_its_body() -> None:
    """Whether it arrived or not."""
    put = request("PUT", body=b"set it")
    async with instance() as a, http_edge(a.upstream) as it, dial(it.port) as streams:
        with await serve_one(a, streams) as sock:
            streams[1].write(put)
            assert (await a.loop.sock_recv(sock, 1000)).endswith(b"set it")
        said, answer = await ask_again(a, streams)
        assert (said.endswith(b"set it"), answer.status) == (True, 200)


async def test_a_large_body_is_not_kept() -> None:
    """Beyond 64 KiB there is nothing to send again."""
    put = request("PUT", body=b"x" * 100_000)
    async with instance() as a, http_edge(a.upstream) as it, dial(it.port) as streams:
        with await serve_one(a, streams) as sock:
            streams[1].write(put)
            left = len(put)
            while left > 0:
                left -= len(await a.loop.sock_recv(sock, 100_000))
        assert (await read_response(streams[0])).status == 502
