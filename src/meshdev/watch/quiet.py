"""When a storm of changes is over: one report for each service, on the trailing edge. Sans-IO; ``now`` is seconds.

Rules:
- A service is reported once nothing of it has changed for `PERIOD`; every change begins the period again.
- While version control holds its lock (a branch switch, a rebase), `LOCKED` takes the place of the period, so a
  switch is one change however long it takes, and a lock that was left behind only slows things down. When the lock
  goes or HEAD moves, the period begins again for whoever waits.
- Something that never rests (a log inside the sources) is reported after `LONGEST` all the same.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from meshdev.topology.model import Watch

PERIOD = 0.3
LOCKED = 3.0
LONGEST = 10.0
LONGEST_LOCKED = 60.0
FILES_MOST = 200
"""File names that a report carries; ``count`` tells how many there were."""


@dataclass(frozen=True, slots=True)
class Changed:
    """These files of a service have changed (up to `FILES_MOST` of ``count``), and these watches wanted to know."""

    service: str
    files: tuple[str, ...]
    watches: tuple[Watch, ...] = ()
    count: int = 0


@dataclass(slots=True)
class _Storm:
    """What has gathered for one service."""

    first: float
    last: float
    files: dict[str, None] = field(default_factory=dict)
    watches: dict[Watch, None] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)


class Quiet:
    """Gathers changes and says when they are due."""

    def __init__(self, period: float = PERIOD) -> None:
        self._period = period
        self._storms: dict[str, _Storm] = {}
        self._locked = False
        self._moved = float("-inf")

    def changed(self, service: str, watch: Watch, files: Iterable[str], now: float) -> None:
        """Files that this watch wants have changed."""
        storm = self._storms.setdefault(service, _Storm(now, now))
        storm.last = now
        storm.watches[watch] = None
        for file in files:
            storm.seen.add(file)
            if len(storm.files) < FILES_MOST:
                storm.files[file] = None

    def repository_moved(self, now: float, *, locked: bool) -> None:
        """Version control has taken or released its lock, or moved HEAD."""
        self._locked = locked
        self._moved = now

    def forget(self, services: Iterable[str]) -> None:
        """These services are watched no more."""
        for service in services:
            self._storms.pop(service, None)

    def next_deadline(self) -> float | None:
        """When to ask again; None while nothing waits."""
        return min(map(self._deadline, self._storms.values()), default=None)

    def due(self, now: float) -> list[Changed]:
        """The services whose storm is over."""
        over = [service for service, storm in self._storms.items() if self._deadline(storm) <= now]
        return [_report(service, self._storms.pop(service)) for service in over]

    def _deadline(self, storm: _Storm) -> float:
        if self._locked:
            return min(max(storm.last, self._moved) + LOCKED, storm.first + LONGEST_LOCKED)
        return min(max(storm.last, self._moved) + self._period, storm.first + LONGEST)


def _report(service: str, storm: _Storm) -> Changed:
    return Changed(service, tuple(sorted(storm.files)), tuple(storm.watches), len(storm.seen))
