"""Following a log from its files, as the daemon writes them."""

import asyncio
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from meshdev.storage.layout import Source
from meshdev.storage.line import Batch
from meshdev.storage.store import LogStore
from meshdev.tui.follow_log import HISTORY, LogFollower, newest
from meshdev.tui.scrollback import Line


class Reader:
    """Gathers what is delivered, and waits for it."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.lost = 0
        self._news = asyncio.Event()

    def take(self, lines: Sequence[Line], lost: int) -> None:
        """The follower's callback."""
        self.lines += lines
        self.lost += lost
        self._news.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until what has come is enough; fails after ten seconds."""
        async with asyncio.timeout(10):
            while not condition():
                self._news.clear()
                await self._news.wait()


def write(store: LogStore, texts: Sequence[str], instance: str = "orders-0") -> None:
    """Put lines on the disk."""
    stream = store.stream("orders", instance, 1, "stdout")
    stream.feed("".join(f"{text}\n" for text in texts).encode())
    store.flush()


async def test_the_last_lines_come_first_then_the_new_ones(tmp_path: Path) -> None:
    """In order, none twice, with their instance and time."""
    store = LogStore(tmp_path, clock=time.time)
    write(store, [f"old {number}" for number in range(HISTORY + 500)])
    reader = Reader()
    follower = LogFollower(str(tmp_path), "orders", reader.take)
    try:
        await reader.until(lambda: len(reader.lines) >= HISTORY)
        assert reader.lines[-1].text == f"old {HISTORY + 499}"
        seen = len(reader.lines)
        write(store, ["new one", "new two"])
        await reader.until(lambda: len(reader.lines) >= seen + 2)
        assert [line.text for line in reader.lines[seen:]] == ["new one", "new two"]
        assert reader.lines[-1].source == "orders-0"
        assert reader.lines[-1].at > 0
    finally:
        follower.close()
        store.close()


async def test_a_log_that_does_not_exist_yet_is_waited_for(tmp_path: Path) -> None:
    """A service that has not written anything is no error."""
    reader = Reader()
    follower = LogFollower(str(tmp_path), "orders", reader.take)
    store = LogStore(tmp_path, clock=time.time)
    try:
        write(store, ["first"])
        await reader.until(lambda: bool(reader.lines))
        assert [line.text for line in reader.lines] == ["first"]
    finally:
        follower.close()
        store.close()


async def test_a_closed_follower_is_silent(tmp_path: Path) -> None:
    """Another service has been selected: nothing of the old one may come."""
    store = LogStore(tmp_path, clock=time.time)
    write(store, ["before"])
    reader, other = Reader(), Reader()
    follower = LogFollower(str(tmp_path), "orders", reader.take)
    await reader.until(lambda: bool(reader.lines))
    follower.close()
    second = LogFollower(str(tmp_path), "orders", other.take)
    try:
        await other.until(lambda: bool(other.lines))
        write(store, ["after"])
        await other.until(lambda: other.lines[-1].text == "after")
        assert [line.text for line in reader.lines] == ["before"]
    finally:
        second.close()
        store.close()


async def test_what_cannot_be_read_is_told_in_the_pane(tmp_path: Path) -> None:
    """Not as an exception."""
    reader = Reader()
    follower = LogFollower(str(tmp_path), "../etc", reader.take)
    try:
        await reader.until(lambda: bool(reader.lines))
        assert "cannot read this log" in reader.lines[0].text
        assert reader.lines[0].stream == "meshdev"
    finally:
        follower.close()


def batch(texts: Sequence[str]) -> Batch:
    """Lines of one chunk."""
    return Batch(
        "orders", Source("orders-0", 1, "stdout"), 1.0, "".join(f"{text}\n" for text in texts).encode()
    )


def test_of_a_flood_the_newest_lines_are_kept_and_the_others_counted() -> None:
    """Whole chunks, so that nothing is decoded in vain."""
    batches = [batch([f"{chunk}-{number}" for number in range(100)]) for chunk in range(10)]
    lines, lost = newest(batches, most=250)
    assert [line.text for line in lines[:1] + lines[-1:]] == ["8-0", "9-99"]
    assert (len(lines), lost) == (200, 800)


def test_one_huge_chunk_is_kept_whole() -> None:
    """Something is always shown."""
    lines, lost = newest([batch(["a"]), batch([str(number) for number in range(500)])], most=100)
    assert (len(lines), lost) == (500, 1)
    assert newest([]) == ([], 0)
