"""What has passed and is not read yet (`meshdev.mesh.unread`)."""

import asyncio

from meshdev.mesh.unread import Unread


class Late:
    """Counts how often it was to read."""

    def __init__(self) -> None:
        self.reads = 0
        self.read_once = asyncio.Event()

    def read(self) -> None:
        """Read."""
        self.reads += 1
        self.read_once.set()


async def test_it_is_read_by_itself() -> None:
    """A moment later, once."""
    unread, late = Unread(asyncio.get_running_loop()), Late()
    unread.add(late)
    assert late.reads == 0
    await asyncio.wait_for(late.read_once.wait(), 10)
    unread.read()
    assert late.reads == 1


async def test_whoever_wants_to_know_has_it_read_at_once() -> None:
    """All that is waiting, and nobody twice."""
    unread, both = Unread(asyncio.get_running_loop()), (Late(), Late())
    for late in both:
        unread.add(late)
    unread.read()
    unread.read()
    assert [late.reads for late in both] == [1, 1]
    assert repr(unread) == "<Unread of 0>"
