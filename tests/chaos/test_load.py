"""The open-loop generator against real servers: one that stalls, one that breaks, one that is quick."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from meshdev.chaos import load as generator
from meshdev.chaos.http_client import Target
from meshdev.chaos.load import LoadGenerator
from meshdev.chaos.load_figures import load_report
from meshdev.topology.experiment import Load, LoadRequest

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@asynccontextmanager
async def server(gate: asyncio.Event, heads: list[bytes]) -> AsyncIterator[Target]:
    """Answers requests over kept connections, but none while the gate is closed."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                heads.append(await reader.readuntil(b"\r\n\r\n"))
                await gate.wait()
                writer.write(ANSWER)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield Target("127.0.0.1", listening.sockets[0].getsockname()[1])
    finally:
        listening.close()


async def until(condition: Callable[[], bool]) -> None:
    """Wait for it."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 -- what it looks at has no event
            await asyncio.sleep(0.01)


async def stopped(task: "asyncio.Task[None]") -> None:
    """Cancel, and wait for the end."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_stall_does_not_slow_down_what_is_sent() -> None:
    """Requests leave on time while none is answered, and each one's latency counts from when it was due."""
    gate, heads = asyncio.Event(), list[bytes]()
    async with server(gate, heads) as target, asyncio.TaskGroup() as group:
        load = LoadGenerator(Load(rate=100, rate_end=100), target)
        running = group.create_task(load.run())
        await until(lambda: len(heads) >= 50)  # a closed loop would have sent one, and wait
        assert load.shots == []
        gate.set()
        await until(lambda: len(load.shots) >= 100)
        await stopped(running)

    stalled = sorted(load.shots, key=lambda shot: shot.due)[:50]
    assert [round(shot.due, 6) for shot in stalled] == [index / 100 for index in range(50)]
    # the gate opened once the 50th had come: whoever was due t seconds before it has waited t seconds
    assert all(shot.latency >= 0.49 - shot.due for shot in stalled)
    assert all(shot.status == 200 for shot in load.shots)
    figures = load_report("all", load.shots, 1.0)
    assert figures.max_ms is not None
    assert figures.max_ms >= 490


async def test_lag_of_the_generator_is_part_of_the_latency() -> None:
    """A generator that was kept from sending tells its lag, and counts the time from when it should have sent."""
    gate = asyncio.Event()
    gate.set()
    now = 0.0
    async with server(gate, []) as target, asyncio.TaskGroup() as group:
        load = LoadGenerator(Load(rate=10, rate_end=10), target, clock=lambda: now)
        running = group.create_task(load.run())
        await until(lambda: len(load.shots) == 1)
        now = 1.05  # a second in which nothing could be sent: ten requests are due at once
        await until(lambda: len(load.shots) >= 11)
        await stopped(running)

    late = sorted(load.shots, key=lambda shot: shot.due)[1:11]
    assert [round(shot.lag, 6) for shot in late] == [round(1.05 - index / 10, 6) for index in range(1, 11)]
    assert all(shot.latency >= shot.lag for shot in late)


async def test_what_is_under_way_at_the_end_counts() -> None:
    """A request that nobody has answered by the end is a failure with the time that it has waited."""
    gate, heads = asyncio.Event(), list[bytes]()
    async with server(gate, heads) as target, asyncio.TaskGroup() as group:
        load = LoadGenerator(Load(rate=50, rate_end=50), target)
        running = group.create_task(load.run())
        await until(lambda: len(heads) >= 3)
        await stopped(running)
    assert len(load.shots) >= 3
    assert {shot.error for shot in load.shots} == {"unanswered at the end"}
    assert all(shot.failed and shot.latency >= generator.GRACE * 0.9 for shot in load.shots[:3])


async def test_nobody_listens() -> None:
    """A refused connection is a failed request, and the load goes on."""
    gate = asyncio.Event()
    async with server(gate, []) as target:
        pass
    async with asyncio.TaskGroup() as group:
        load = LoadGenerator(Load(rate=200, rate_end=200), target)
        running = group.create_task(load.run())
        await until(lambda: len(load.shots) >= 5)
        await stopped(running)
    assert all(shot.status == 0 and shot.error for shot in load.shots)


async def test_an_answer_that_does_not_come_in_time() -> None:
    """A request has the load's timeout."""
    async with server(asyncio.Event(), []) as target, asyncio.TaskGroup() as group:
        load = LoadGenerator(Load(rate=100, rate_end=100, timeout=0.05), target)
        running = group.create_task(load.run())
        await until(lambda: len(load.shots) >= 3)
        await stopped(running)
    assert load.shots[0].error == "timeout"


async def test_requests_are_sent_as_they_are_written() -> None:
    """Method, path, headers and body, with their turns put in; connections are kept."""
    gate, heads = asyncio.Event(), list[bytes]()
    gate.set()
    request = LoadRequest("PUT", "/carts/{run}-{turn}", {"X-Turn": "{turn}"}, "")
    async with server(gate, heads) as target, asyncio.TaskGroup() as group:
        load = LoadGenerator(
            Load(rate=50, rate_end=50, requests=(request,)), Target(target.host, target.port, "/base"), "r1"
        )
        running = group.create_task(load.run())
        await until(lambda: len(load.shots) >= 3)
        await stopped(running)
    assert heads[1].startswith(b"PUT /base/carts/r1-1 HTTP/1.1\r\n")
    assert b"x-turn: 1\r\n" in heads[1].lower()
    assert b"content-length: 0\r\n" in heads[1].lower()
