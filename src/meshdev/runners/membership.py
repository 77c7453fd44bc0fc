"""Who belongs to an incarnation: by mark on Linux, by session and environment elsewhere.

One picture of all marks serves every question of a loop step; it is thrown away with the step.
"""

import asyncio

from meshdev.lifecycle.model import Incarnation
from meshdev.runners import census
from meshdev.runners.census import Seen
from meshdev.runners.mark import MARKS_WORK, RunMark


class Membership:
    """Answers "who is left of this incarnation?" for many incarnations at the price of one look.

    ``marks`` says whether processes bear marks here; without them a stray that leaves the session *and* scrubs its
    environment is found only by the guardian, as its descendant.
    """

    def __init__(
        self, run_mark: RunMark, loop: asyncio.AbstractEventLoop, *, marks: bool = MARKS_WORK
    ) -> None:
        self._run_mark = run_mark
        self._loop = loop
        self._marks = marks
        self._picture: dict[int, list[int]] | None = None

    def of(self, ref: Incarnation, mark: int, leader: int) -> list[Seen]:
        """The live processes of ``ref``, which bear ``mark`` or are of ``leader``'s session."""
        found = self._marked(mark) if self._marks else self._by_environment(ref, leader)
        seen = [census.look(pid) for pid in found]
        return [one for one in seen if one is not None]

    def gone(self, ref: Incarnation, mark: int, leader: int) -> bool:
        """Whether nothing of ``ref`` is left.

        One picture is not one moment: a process may fork and end between being listed and being looked at, and its
        child is not in the picture. But whoever ends so stays a zombie of ours, mark and all, until we reap it, which
        we don't while we look. So zombies that await us count: then an empty picture is true.
        """
        found = self._marked(mark) if self._marks else self._by_environment(ref, leader)
        return not any(census.look(pid) or census.awaits_us(pid) for pid in found)

    def stale(self) -> None:
        """Something has changed: the next question looks again."""
        self._picture = None

    def _marked(self, mark: int) -> list[int]:
        if self._picture is None:
            self._picture = census.by_mark(self._run_mark)
            self._loop.call_soon(self.stale)
        return self._picture.get(mark, [])

    def _by_environment(self, ref: Incarnation, leader: int) -> set[int]:
        wanted = {
            "MESHDEV_RUN": self._run_mark.run_id,
            "MESHDEV_INSTANCE": ref.id,
            "MESHDEV_GENERATION": str(ref.generation),
        }
        return {*census.of_session(leader), *census.by_environment(wanted)}
