"""What faults on bytes do to operations is in their figures, and they name the faults; Valkey and redis-py."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
import redis.asyncio
from redis.exceptions import ConnectionError as LostError
from redis.exceptions import TimeoutError as LateError

from meshdev.mesh.reading import Reading
from meshdev.mesh.scanned_link import ScannedLink
from support_mesh import until
from support_redis import valkey
from support_statement_faults import Bench, bench

SLOW = {"latency": "200ms"}


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    """A real Valkey."""
    with valkey() as port:
        yield port


@asynccontextmanager
async def edge(server: int, *tables: Mapping[str, Any], protocol: str = "redis") -> AsyncIterator[Bench]:
    """An edge to it under faults."""
    async with bench(server, protocol, *tables) as it:
        yield it


@asynccontextmanager
async def client(port: int, **options: Any) -> AsyncIterator["redis.asyncio.Redis"]:
    """A client with one connection."""
    made = redis.asyncio.Redis(port=port, **options)
    try:
        await made.ping()
        yield made
    finally:
        await made.aclose()


async def pinged(one: "redis.asyncio.Redis") -> bool:
    """Whether there was an answer."""
    return bool(await one.ping())


def plain(it: Bench) -> bool:
    """Whether all links are read as if there had never been a fault."""
    links = [link for link in it.relay.links if isinstance(link, ScannedLink)]
    return bool(links) and all(type(link.reading) is Reading and link.faults is None for link in links)


@pytest.mark.parametrize("direction", ["upstream", "downstream", "both"])
@pytest.mark.parametrize("protocol", ["redis", "tcp"])
async def test_a_slow_line_is_in_the_latency(server: int, protocol: str, direction: str) -> None:
    """Whichever way it is slow; the operation names the fault, and those before and after it do not."""
    async with edge(server, protocol=protocol) as it, client(it.port) as one:
        await one.set("a", 1)
        it.on({**SLOW, "direction": direction})
        await one.get("a")
        it.on()
        await one.incr("a")
        await until(lambda: it.edge.in_flight == 0)
        assert plain(it)
        told = {call.method: call for call in it.told()}
        least = 400_000 if direction == "both" else 200_000
        assert told["GET"].microseconds >= least
        assert (told["GET"].faults, told["GET"].by, told["GET"].status) == (("a/latency",), "", 200)
        for name in ("SET", "INCRBY"):
            assert told[name].faults == ()


async def test_a_pipeline_over_a_narrow_line(server: int) -> None:
    """Each answer takes as long as the line needs for all until then; the counters have the same times."""
    async with (
        edge(server, {"bandwidth": "100k"}, {"slicer": {"average_size": 500}}) as it,
        client(it.port) as one,
    ):
        it.told()
        async with one.pipeline(transaction=False) as pipe:
            for _ in range(4):
                pipe.echo("x" * 10_000)
            await pipe.execute()
        told = it.told()
        assert [call.method for call in told] == ["ECHO"] * 4
        assert told[-1].microseconds >= 300_000
        assert {call.faults for call in told} == {("a/bandwidth", "b/slicer")}


async def test_an_answer_that_a_fault_swallows(server: int) -> None:
    """It was given, and never came: no answer, and the fault had a part in it."""
    async with edge(server) as it:
        async with client(it.port, socket_timeout=0.3, retry=None) as one:
            it.told()
            it.on({"timeout": "0s"})
            with pytest.raises((LateError, LostError)):
                await one.get("a")
            await until(lambda: it.edge.active == 0)
            it.on()
        [call] = [call for call in it.told() if call.method == "GET"]
        assert (call.status, call.faults) == (0, ("a/timeout",))


async def test_an_end_that_a_fault_makes(server: int) -> None:
    """What was asked when the connection was cut names the fault."""
    async with edge(server) as it:
        async with client(it.port, retry=None) as one:
            it.told()
            it.on({"limit-data": {"bytes": 100}})
            with pytest.raises(LostError):
                await one.echo("x" * 500)
            await until(lambda: it.edge.active == 0)
        [call] = [call for call in it.told() if call.method == "ECHO"]
        assert (call.status, call.faults) == (0, ("a/limit-data",))


async def test_a_fault_that_ends_while_something_waits(server: int) -> None:
    """What it let go at its end names it all the same; then the link is read as before."""
    async with edge(server, {"latency": "1h"}) as it:
        one = redis.asyncio.Redis(port=it.port, single_connection_client=True)
        async with asyncio.TaskGroup() as tasks:
            asking = tasks.create_task(pinged(one))
            await until(lambda: it.edge.bytes_out > 0)
            assert not asking.done()
            it.on()
        await until(lambda: it.edge.in_flight == 0)
        assert plain(it)
        told = it.told()
        assert told[0].faults == ("a/latency",)
        assert told[-1].faults == ()
        await one.aclose()


async def test_only_the_connections_that_are_hit(server: int) -> None:
    """Of two connections the second: the first one's operations name nothing."""
    async with edge(server, {**SLOW, "match": {"after": 1}}) as it, client(it.port) as one:
        async with client(it.port) as two:
            it.told()
            await one.get("a")
            await two.get("b")
        first, second = it.told()
        assert first.faults == ()
        assert (second.faults, second.microseconds >= 200_000) == (("a/latency",), True)


async def test_many_while_faults_come_and_go(server: int) -> None:
    """Nothing is told twice, nothing is forgotten."""
    async with edge(server) as it, client(it.port) as one:
        it.told()
        asked = 0
        for table in (
            SLOW,
            {"latency": "1ms"},
            {"slicer": {"average_size": 3}},
            {"latency": {"latency": "5ms", "jitter": "5ms"}},
        ):
            async with asyncio.TaskGroup() as tasks:
                pipe = one.pipeline(transaction=False)
                for number in range(50):
                    pipe.echo(f"{number}" * 20)
                asked += 50
                running = tasks.create_task(pipe.execute())
                it.on(table)
                it.on()
                it.on(table)
            assert running.result()[-1] == b"49" * 20
            it.on()
        assert plain(it)
        assert len(it.told()) == asked
        assert it.edge.in_flight == 0


async def test_what_is_told_late_is_told_soon(server: int) -> None:
    """Its answer was counted long ago: the worker hears anew that there is something to tell."""
    async with edge(server) as it, client(it.port) as one:
        it.on({"latency": "1s"})
        it.told()
        async with asyncio.TaskGroup() as group:
            got = group.create_task(pinged(one))
            await until(lambda: not it.edge.clean and it.edge.in_flight == 0)  # the answer is held back
            before = it.told()
            told = [it.edge.clean]
            await got
        assert [*told, it.edge.clean] == [True, False]
        assert [call.method for call in (*before, *it.told())] == ["PING"]
