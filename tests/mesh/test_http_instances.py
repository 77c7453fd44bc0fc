"""The HTTP edge and its instances: balanced, held for, drained, broken off; callers notice as little as can be."""

import asyncio
import contextlib

from meshdev.wire.mesh import Upstream
from support_http_edge import (
    GET,
    Seen,
    by_name,
    http_edge,
    http_peer,
    read_response,
    request,
    scripted,
)
from support_mesh import PATIENCE, dial, free_port, until


async def test_requests_of_one_connection_go_to_all_instances() -> None:
    """Balancing is per request, and connections to the instances are kept."""
    async with http_peer("a") as a, http_peer("b") as b, http_edge(a.upstream, b.upstream) as it:
        async with dial(it.port) as streams:
            assert [await by_name(streams) for _ in range(6)] == ["a", "b", "a", "b", "a", "b"]
            assert (len(a.connections), len(b.connections)) == (1, 1)
        async with dial(it.port) as streams:
            assert [await by_name(streams) for _ in range(2)] == ["a", "b"]
            assert (len(a.connections), len(b.connections)) == (1, 1)


async def test_an_instance_that_breaks_off_without_an_answer_is_a_502() -> None:
    """The caller is told who broke off."""

    async def serve(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")

    async with (
        scripted(serve, name="payments-0@1") as a,
        http_edge(a.upstream) as it,
        dial(it.port) as (reader, writer),
    ):
        writer.write(GET)
        answer = await read_response(reader)
        assert (answer.status, answer.reason) == (502, "payments-0@1 closed the connection without an answer")
    assert it.edge.take_counters().errors == {"callee-reset": 1}


async def test_a_kept_connection_that_was_closed_meanwhile_is_not_noticed() -> None:
    """A request that could be repeated is, when its kept connection turns out to be dead."""

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        await reader.readuntil(b"\r\n\r\n")  # ... and closes without an answer

    async with scripted(once) as a, http_edge(a.upstream) as it, dial(it.port) as (reader, writer):
        for _ in range(6):
            writer.write(GET)
            assert (await read_response(reader)).body == b"ok"
    assert it.edge.take_counters().errors == {}


async def test_a_request_is_held_until_there_is_an_instance() -> None:
    """With its body."""
    seen = Seen()
    async with http_peer("late", seen) as late, http_edge() as it, dial(it.port) as (reader, writer):
        writer.write(request("POST", body=b"x" * 10_000))
        await until(lambda: it.edge.held == 1 and it.edge.bytes_in > 10_000)
        it.route(late.upstream)
        assert (await read_response(reader)).body == b"late"
    assert seen.requests[0].endswith(b"x" * 10_000)


async def test_no_instance_in_time_is_a_503_with_its_reason() -> None:
    """Held for as long as the policy says, then told why; a stopped service at once."""
    async with http_edge(hold=0.05) as it, dial(it.port) as (reader, writer):
        writer.write(GET)
        answer = await read_response(reader)
        assert (answer.status, answer.reason) == (
            503,
            "no instance of payments took the request: hold-timeout",
        )
    dead = Upstream("127.0.0.1", free_port(), "dead")
    async with http_edge(dead, hold=0.0) as it, dial(it.port) as (reader, writer):
        writer.write(b"HEAD / HTTP/1.1\r\n\r\n")
        head = await reader.read(-1)
        assert head.startswith(b"HTTP/1.1 503")
        assert head.endswith(b"took the request: refused\r\nconnection: close\r\n\r\n")


async def test_a_caller_that_vanishes_stops_its_request() -> None:
    """The instance sees the end of the connection, as it would without the edge."""
    ended = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            await reader.read(-1)
        ended.set()

    async with scripted(serve) as a, http_edge(a.upstream) as it:
        async with dial(it.port) as (_, writer):
            writer.write(GET)
            await until(lambda: len(a.connections) == 1)
        async with asyncio.timeout(PATIENCE):
            await ended.wait()
    assert it.edge.take_counters().errors == {"caller-reset": 1}


async def test_an_instance_that_leaves_is_not_noticed() -> None:
    """Idle connections to it end at once, the one in flight after its answer; the caller's stays."""
    release = asyncio.Event()

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            if b"/slow" in head:
                await release.wait()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nold")

    async with (
        scripted(slow) as old,
        http_peer("new") as new,
        http_edge(old.upstream) as it,
        dial(it.port) as first,
        dial(it.port) as second,
    ):
        first[1].write(b"GET /slow HTTP/1.1\r\n\r\n")
        await until(lambda: len(old.connections) == 1)
        assert await by_name(second) == "old"
        assert len(old.connections) == 2
        it.route(new.upstream)
        await until(lambda: len(old.connections) == 1)
        assert await by_name(second) == "new"
        release.set()
        assert (await read_response(first[0])).body == b"old"
        await until(lambda: len(old.connections) == 0)
        assert await by_name(first) == "new"
    assert it.edge.take_counters().errors == {}


async def test_replacing_instances_under_load_fails_no_request() -> None:
    """Twenty generations of an instance come and go under eight busy callers: not one request fails."""
    answers: list[str] = []
    stop = asyncio.Event()

    async def call(port: int) -> None:
        async with dial(port) as streams:
            while not stop.is_set():
                answers.append(await by_name(streams))

    async with contextlib.AsyncExitStack() as stack, http_edge() as it, asyncio.TaskGroup() as group:
        for _ in range(8):
            group.create_task(call(it.port))
        before = None
        for generation in range(20):
            instance = await stack.enter_async_context(http_peer(f"a@{generation}"))
            it.route(instance.upstream)
            count = len(answers)
            await until(lambda instance=instance: answers[-1:] == [instance.name])  # type: ignore[misc]
            assert len(answers) > count
            if before is not None:
                await until(lambda before=before: not before.connections)  # type: ignore[misc]
                await before.close()
            before = instance
        stop.set()
    assert {*answers} == {f"a@{generation}" for generation in range(20)}
    assert it.edge.take_counters().errors == {}


async def test_connections_that_stay_idle_are_closed() -> None:
    """Before the instance does, so that no request races its close."""
    async with http_peer("a") as a, http_edge(a.upstream) as it, dial(it.port) as streams:
        assert await by_name(streams) == "a"
        for _ in range(2):
            it.relay.close_rested()
        await until(lambda: not a.connections)
        assert await by_name(streams) == "a"
