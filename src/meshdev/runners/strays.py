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
_CALM_LOOKS = 3
_HUNT_ROUNDS = 20


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
        found = self._bearers() | self._named()
        if self.root:
            found.update(census.descendants(self.root))
        return self._seen(found)

    def marked(self) -> list[Seen]:
        """Those of `strays` that can be found quickly."""
        return self._seen(self._bearers())

    def _seen(self, found: set[int]) -> list[Seen]:
        seen = [census.look(pid) for pid in found - self.spare]
        return [one for one in seen if one is not None]

    def _bearers(self) -> set[int]:
        if self.mark is None:
            return set()
        return {pid for bearers in census.by_mark(self.mark).values() for pid in bearers}

    def _named(self) -> set[int]:
        if self.mark is None:
            return set()
        wanted = {"MESHDEV_PROJECT": self.mark.project}
        if self.mark.run_id:
            wanted["MESHDEV_RUN"] = self.mark.run_id
        return {pid for pid in census.by_environment(wanted) if _is_ours(pid)}


def sweep(
    scope: Scope,
    *,
    grace: float = GRACE_SECONDS,
    reap: Callable[[], bool] = lambda: False,
    sleep: Callable[[float], None] = time.sleep,
) -> Swept:
    """End all strays of ``scope``; blocks for at most ``grace`` plus five seconds.

    ``reap`` reaps the caller's children between looks and says whether there were any: a stray that forked and ended
    during a look has left a zombie, and its child isn't in the picture, so another look is due. Who isn't their parent
    can't know and looks three times.
    """
    told: set[tuple[int, float]] = set()
    killed: set[tuple[int, float]] = set()
    begun = time.monotonic()
    pause = _FIRST_PAUSE
    left = scope.strays()
    calm = 0 if left or scope.root else 1
    while calm < (1 if scope.root or not told else _CALM_LOOKS) or left:
        passed = time.monotonic() - begun
        if passed >= grace + KILL_SECONDS:
            break
        if passed >= grace:
            killed.update(_hunt(scope, left))
        for stray in left:
            if (stray.pid, stray.start) not in told:
                told.add((stray.pid, stray.start))
                census.send(stray, signal.SIGTERM)
                census.send(stray, signal.SIGCONT)
        if left or told:
            sleep(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE)
        reaped = reap()
        left = scope.strays()
        calm = 0 if left or reaped else calm + 1
    return Swept(len(told), len(killed), tuple(stray.pid for stray in left))


def _hunt(scope: Scope, left: list[Seen]) -> set[tuple[int, float]]:
    """SIGKILL in quick succession, so that a stray that forks and ends all the time is hit as well."""
    killed: set[tuple[int, float]] = set()
    for _ in range(_HUNT_ROUNDS):
        for stray in left:
            census.send(stray, signal.SIGKILL)
            killed.add((stray.pid, stray.start))
        left = scope.marked()
        if not left:
            break
    return killed


def _is_ours(pid: int) -> bool:
    try:
        return os.stat(f"/proc/{pid}").st_uid == os.geteuid()  # noqa: PTH116 -- pathlib is heavy
    except OSError:
        return not census.LINUX
