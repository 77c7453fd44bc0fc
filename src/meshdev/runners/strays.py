"""Find and end what a run, or any run of a project, has left behind.

Used by the guardian when the daemon has died, by `down` where no daemon answers, and by a new daemon before it starts
anything. Never touches another user's or project's processes. A stray bears the run's mark (which has the user in it),
or is this user's and its environment names the project (and run) exactly, or descends from `root` (the guardian).
SIGTERM first, SIGKILL after the grace, again and again until nothing is left. Who sweeps holds the project's lock or is
the guardian: a daemon that is just starting a program bears its mark for that moment. Light on purpose (see `mark`).
"""

import os
import signal
import time
from collections.abc import Callable

from meshdev.runners import census
from meshdev.runners.census import Seen
from meshdev.runners.mark import RunMark

GRACE_SECONDS = 5.0
KILL_SECONDS = 5.0
_FIRST_PAUSE = 0.005
_LONGEST_PAUSE = 0.1


class Swept:
    """What a sweep did: how many strays it found, how many needed SIGKILL, and who is left (pids)."""

    __slots__ = ("found", "killed", "left")

    def __init__(self, found: int, killed: int, left: tuple[int, ...]) -> None:
        self.found = found
        self.killed = killed
        self.left = left

    def __repr__(self) -> str:
        return f"Swept(found={self.found}, killed={self.killed}, left={self.left})"


class Scope:
    """Whose strays: a project's, or one run's of it; with ``root``, its descendants too; never ``spare``."""

    __slots__ = ("mark", "root", "spare")

    def __init__(self, mark: RunMark | None, *, root: int = 0, spare: frozenset[int] = frozenset()) -> None:
        self.mark = mark
        self.root = root
        self.spare = spare | {os.getpid(), *census.ancestors(os.getpid())}

    def strays(self) -> list[Seen]:
        """Who is there now."""
        found = _marked(self.mark) if self.mark else set()
        if self.root:
            found.update(census.descendants(self.root))
        seen = [census.look(pid) for pid in found - self.spare]
        return [one for one in seen if one is not None]


def sweep(
    scope: Scope,
    *,
    grace: float = GRACE_SECONDS,
    reap: Callable[[], object] = lambda: None,
    sleep: Callable[[float], None] = time.sleep,
) -> Swept:
    """End all strays of ``scope``; blocks for at most ``grace`` plus five seconds; ``reap`` runs between looks."""
    left = scope.strays()
    told: set[tuple[int, float]] = set()
    killed: set[tuple[int, float]] = set()
    begun = time.monotonic()
    pause = _FIRST_PAUSE
    while left and time.monotonic() - begun < grace + KILL_SECONDS:
        kill = time.monotonic() - begun >= grace
        for stray in left:
            key = (stray.pid, stray.start)
            if kill:
                killed.add(key)
                census.send(stray, signal.SIGKILL)
            elif key not in told:
                census.send(stray, signal.SIGTERM)
                census.send(stray, signal.SIGCONT)
            told.add(key)
        sleep(pause)
        pause = min(pause * 1.5, _LONGEST_PAUSE)
        reap()
        left = scope.strays()
    return Swept(len(told), len(killed), tuple(stray.pid for stray in left))


def _marked(mark: RunMark) -> set[int]:
    wanted = {"MESHDEV_PROJECT": mark.project}
    if mark.run_id:
        wanted["MESHDEV_RUN"] = mark.run_id
    found = {pid for marked in census.by_mark(mark).values() for pid in marked}
    found.update(pid for pid in census.by_environment(wanted) if _is_ours(pid))
    return found


def _is_ours(pid: int) -> bool:
    try:
        return os.stat(f"/proc/{pid}").st_uid == os.geteuid()  # noqa: PTH116 -- pathlib is heavy
    except OSError:
        return not census.LINUX
