"""The faults on one direction of one connection, in the order of their creation; spliced in and out while it lives.

Rules: what comes in carries the time at which it came; each link hands on with the time at which it lets go, so that
delays add up exactly, however seldom somebody looks · a link that is taken out lets go at once of what it only held
back, in order, and into the links behind it · a link that is replaced keeps its place, and what it has begun
(`Link.renew`) · after the first end of the connection (`CLOSE`, `RESET`) nothing leaves any more · what waits is
bounded: `full` asks for no more input until half of it is gone. The first link is always a plain `Link`, so an empty
chain is no special case.
"""

from collections.abc import Collection
from typing import Final

from meshdev.traffic.faults.link import End, Item, Link, Timed

MOST_HELD: Final = 4 * 1024 * 1024
_FRONT: Final = ""


class Chain:
    """Give it what arrives (`write`, `end`), and ask it what is due (`advance`) at `deadline` and after each call."""

    __slots__ = ("_full", "_links", "_most", "_out", "ended")

    def __init__(self, most: int = MOST_HELD) -> None:
        self._links: list[tuple[str, Link]] = [(_FRONT, Link())]
        self._most = most
        self._full = False
        self._out: list[Item] = []
        self.ended = False

    def __repr__(self) -> str:
        return f"<Chain {' > '.join(self.names) or 'empty'}, {self.held} bytes held>"

    @property
    def names(self) -> list[str]:
        """The faults in it, in order."""
        return [name for name, _ in self._links[1:]]

    @property
    def idle(self) -> bool:
        """No fault is in it, and nothing waits."""
        return len(self._links) == 1 and self._links[0][1].deadline() is None and not self._out

    @property
    def held(self) -> int:
        """How many bytes wait."""
        return sum(link.held for _, link in self._links)

    @property
    def full(self) -> bool:
        """Whether no more should be read for now."""
        held = self.held
        self._full = held >= self._most if not self._full else held > self._most // 2
        return self._full

    def write(self, data: bytes, now: float) -> None:
        """Bytes arrived."""
        self._links[0][1].take(data, now)

    def end(self, end: End, now: float) -> None:
        """The direction, or the connection, ended at its source."""
        self._links[0][1].take(end, now)

    def advance(self, now: float) -> list[Item]:
        """What leaves by ``now``, in order."""
        moving: list[Timed] = []
        for _, link in self._links:
            for at, item in moving:
                link.take(item, at)
            moving = link.due(now)
        left = self._out + self._let_out(moving)
        self._out = []
        return left

    def deadline(self) -> float | None:
        """When to `advance` next, if nothing arrives before."""
        if self._out:
            return 0.0
        if self.ended:
            return None
        deadlines = [at for _, link in self._links if (at := link.deadline()) is not None]
        return min(deadlines, default=None)

    def insert(self, name: str, link: Link, now: float, later: Collection[str] = ()) -> None:
        """A fault more, before those that are ``later``; what arrived before and has passed is not touched by it."""
        link.begin(now)
        at = next((index for index, (known, _) in enumerate(self._links) if known in later), len(self._links))
        self._links.insert(at, (name, link))

    def replace(self, name: str, link: Link, now: float, later: Collection[str] = ()) -> None:
        """The same fault with other values, in its place. `advance` next."""
        index = self._index(name)
        if not index:
            self.insert(name, link, now, later)
            return
        before = self._links[index][1]
        moving = self._moved(index, now)
        link.begin(now)
        self._links[index] = (name, link)
        self._let_in(index + 1, moving + [(now, item) for item in link.renew(before)], now)

    def remove(self, name: str, now: float) -> None:
        """A fault less; what it held back goes on at once. `advance` next."""
        index = self._index(name)
        if index:
            moving = self._moved(index, now)
            self._let_in(index, moving + [(now, item) for item in self._links.pop(index)[1].release()], now)

    def _index(self, name: str) -> int:
        return next((index for index, (known, _) in enumerate(self._links) if known == name), 0)

    def _moved(self, last: int, now: float) -> list[Timed]:
        """What leaves link number ``last`` by ``now``."""
        moving: list[Timed] = []
        for _, link in self._links[: last + 1]:
            for at, item in moving:
                link.take(item, at)
            moving = link.due(now)
        return moving

    def _let_in(self, first: int, moving: list[Timed], now: float) -> None:
        """Have this go through the links from ``first`` on."""
        for _, link in self._links[first:]:
            for at, item in moving:
                link.take(item, at)
            moving = link.due(now)
        self._out += self._let_out(moving)

    def _let_out(self, moving: list[Timed]) -> list[Item]:
        left: list[Item] = []
        for _, item in moving:
            if self.ended:
                break
            self.ended = item is End.CLOSE or item is End.RESET
            left.append(item)
        return left
