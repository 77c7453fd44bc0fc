"""Callers that wait for a service to start are told to the daemon, through a real worker."""

import asyncio
from pathlib import Path

import pytest

from meshdev.wire.mesh import EdgeKey, EdgePolicy
from support_http_edge import by_name, http_peer
from support_mesh import EDGE, dial, fleet_of, greeting, peer, until

WAKE = EdgePolicy(hold=30.0, wake=True)


@pytest.mark.parametrize("protocol", ["tcp", "http"])
async def test_a_caller_is_told_at_once_and_served_when_there_is_somebody(
    tmp_path: Path, protocol: str
) -> None:
    """The daemon hears of the edge while the caller waits; the caller gets its answer."""
    wanted: list[EdgeKey] = []
    async with fleet_of(tmp_path, wanted=wanted) as fleet, http_peer("late") as late:
        port = fleet.listen(EDGE)
        await fleet.wait_acked(fleet.apply({EDGE: EdgePolicy((), protocol, hold=30.0, wake=True)}))
        async with dial(port) as streams, asyncio.TaskGroup() as group:
            answer = group.create_task(by_name(streams))
            await until(lambda: wanted == [EDGE])
            fleet.apply({EDGE: EdgePolicy((late.upstream,), protocol)})
            assert await answer == "late"


async def test_many_callers_are_one_message_a_second(tmp_path: Path) -> None:
    """However many wait; and it is said again while they do, since the daemon may have been busy."""
    wanted: list[EdgeKey] = []
    async with fleet_of(tmp_path, wanted=wanted) as fleet, peer("late") as late:
        port = fleet.listen(EDGE)
        await fleet.wait_acked(fleet.apply({EDGE: WAKE}))
        async with asyncio.TaskGroup() as group:
            answers = [group.create_task(greeting(port)) for _ in range(20)]
            await until(lambda: EDGE in fleet.signals() and fleet.signals()[EDGE].held == 20)
            assert len(wanted) == 1
            await until(lambda: len(wanted) == 2)
            fleet.apply({EDGE: [late.upstream]})
        assert [answer.result() for answer in answers] == ["late"] * 20


async def test_holding_as_such_wakes_nobody(tmp_path: Path) -> None:
    """During a reload, say, the daemon knows what it does."""
    wanted: list[EdgeKey] = []
    async with fleet_of(tmp_path, wanted=wanted) as fleet, peer("late") as late:
        port = fleet.listen(EDGE)
        await fleet.wait_acked(fleet.apply({EDGE: []}))
        async with asyncio.TaskGroup() as group:
            answer = group.create_task(greeting(port))
            await until(lambda: EDGE in fleet.signals() and fleet.signals()[EDGE].held == 1)
            fleet.apply({EDGE: [late.upstream]})
        assert answer.result() == "late"
    assert wanted == []
