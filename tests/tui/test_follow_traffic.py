"""Calls come to the dashboard once each, in order, through losses of the daemon."""

import asyncio
from collections.abc import Callable, Sequence

from hypothesis import given
from hypothesis import strategies as st

from meshdev.client.project import Project
from meshdev.tui.follow_traffic import Bookmark, TrafficFollower
from meshdev.wire.control import ExchangeView
from support_control import Daemon, StandIn, exchange, service, short_project, system


class Reader:
    """Gathers what is delivered, and waits for it."""

    def __init__(self) -> None:
        self.calls: list[ExchangeView] = []
        self.lost = 0
        self._news = asyncio.Event()

    def take(self, calls: Sequence[ExchangeView], lost: int) -> None:
        """The follower's callback."""
        self.calls += calls
        self.lost += lost
        self._news.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until what has come is enough; fails after ten seconds."""
        async with asyncio.timeout(10):
            while not condition():
                self._news.clear()
                await self._news.wait()

    @property
    def targets(self) -> list[str]:
        """What was asked for."""
        return [call.target for call in self.calls]


async def carry(daemon: Daemon, *targets: str) -> None:
    """These calls end now."""
    for target in targets:
        await asyncio.to_thread(daemon.carry, exchange(target=target))


def opened(project: Project, run: str = "run-1") -> Daemon:
    """A daemon of this run."""
    return Daemon(project, StandIn([service()], system(run_id=run)))


async def test_the_last_calls_come_first_then_the_new_ones() -> None:
    """None twice; a closed follower is silent, and the next goes on where it was."""
    with short_project() as project, opened(project) as daemon:
        await carry(daemon, "/1", "/2")
        reader, bookmark = Reader(), Bookmark()
        follower = TrafficFollower(project, bookmark, reader.take)
        await reader.until(lambda: len(reader.calls) == 2)
        await carry(daemon, "/3")
        await reader.until(lambda: len(reader.calls) == 3)
        follower.close()
        await carry(daemon, "/4")
        again = TrafficFollower(project, bookmark, reader.take)
        await reader.until(lambda: len(reader.calls) == 4)
        again.close()
        assert reader.targets == ["/1", "/2", "/3", "/4"]
        assert [call.seq for call in reader.calls] == [1, 2, 3, 4]
        assert reader.lost == 0


async def test_another_daemon_is_begun_anew_and_numbered_on() -> None:
    """Its own numbers begin at one; those of the list don't."""
    with short_project() as project:
        reader = Reader()
        daemon = await asyncio.to_thread(opened(project).__enter__)
        follower = TrafficFollower(project, Bookmark(), reader.take)
        try:
            await carry(daemon, "/1", "/2")
            await reader.until(lambda: len(reader.calls) == 2)
            await asyncio.to_thread(daemon.close)
            daemon = await asyncio.to_thread(opened(project, "run-2").__enter__)
            await carry(daemon, "/3")
            await reader.until(lambda: len(reader.calls) == 3)
        finally:
            follower.close()
            await asyncio.to_thread(daemon.close)
        assert [(call.seq, call.target) for call in reader.calls] == [(1, "/1"), (2, "/2"), (3, "/3")]
        assert reader.lost == 0


def numbered(seqs: Sequence[int]) -> list[ExchangeView]:
    """Calls with these numbers."""
    return [exchange(seq=seq) for seq in seqs]


def test_a_jump_in_the_numbers_is_what_was_lost() -> None:
    """Not at the beginning: nobody missed what was before."""
    bookmark = Bookmark()
    bookmark.enter("run-1")
    assert bookmark.take(numbered([7, 8]))[1] == 0
    assert bookmark.take(numbered([8, 12]))[1] == 3
    assert bookmark.take(numbered([12])) == ([], 0)


@given(st.lists(st.tuples(st.sampled_from(["a", "b"]), st.lists(st.integers(1, 20), max_size=6).map(sorted))))
def test_numbers_always_rise(batches: list[tuple[str, list[int]]]) -> None:
    """Whichever run they come from, and whatever comes twice."""
    bookmark = Bookmark()
    seen = 0
    for run, seqs in batches:
        bookmark.enter(run)
        fresh, lost = bookmark.take(numbered(sorted(set(seqs))))
        assert lost >= 0
        for call in fresh:
            assert call.seq > seen
            seen = call.seq
