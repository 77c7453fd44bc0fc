"""The faults on one direction of one connection, in the order of their creation; spliced in and out while it lives.

Rules: what comes in carries the time at which it came; each link hands on with the time at which it lets go, so that
delays add up exactly, however seldom somebody looks · a link that is taken out lets go at once of what it only held
back, in order, and into the links behind it · a link that is replaced keeps its place, and what it has begun
(`Link.renew`) · after the first end of the connection (`CLOSE`, `RESET`) nothing leaves any more · what waits is
bounded: `full` asks for no more input until half of it is gone. What comes while there is no link waits at the front
until somebody looks.
"""

from collections.abc import Collection, Sequence
from typing import Final

from meshdev.traffic.faults.link import End, Item, Link, Timed

MOST_HELD: Final = 4 * 1024 * 1024


class Chain:
    """Give it what arrives (`write`, `end`), and ask it what is due (`advance`) at `deadline` and after each call."""

    __slots__ = ("_front", "_full", "_links", "_most", "_names", "_out", "ended")

    def __init__(self, most: int = MOST_HELD) -> None:
        self._links: list[Link] = []
        self._names: list[str] = []
        self._front: list[Timed] = []
        self._most = most
        self._full = False
        self._out: list[Item] = []
        self.ended = False

    @classmethod
    def of(cls, links: Sequence[tuple[str, Link]], now: float) -> "Chain":
        """One with these faults."""
        chain = cls()
        for name, link in links:
            link.begin(now)
            chain._names.append(name)
            chain._links.append(link)
        return chain

    def __repr__(self) -> str:
        return f"<Chain {' > '.join(self.names) or 'empty'}, {self.held} bytes held>"

    @property
    def names(self) -> list[str]:
        """The faults in it, in order."""
        return self._names[:]

    @property
    def idle(self) -> bool:
        """No fault is in it, and nothing waits."""
        return not self._links and not self._front and not self._out

    @property
    def held(self) -> int:
        """How many bytes wait."""
        held = 0
        for link in self._links:
            held += link.held
        return held

    @property
    def full(self) -> bool:
        """Whether no more should be read for now."""
        links = self._links
        held = links[0].held if len(links) == 1 else self.held
        self._full = held >= self._most if not self._full else held > self._most // 2
        return self._full

    def write(self, data: bytes, now: float) -> None:
        """Bytes arrived."""
        if self._links:
            self._links[0].take(data, now)
        else:
            self._front.append((now, data))

    def end(self, end: End, now: float) -> None:
        """The direction, or the connection, ended at its source."""
        if self._links:
            self._links[0].take(end, now)
        else:
            self._front.append((now, end))

    def advance(self, now: float) -> list[Item]:
        """What leaves by ``now``, in order."""
        left, self._out = self._out, []
        if self._front:
            moving, self._front = self._front, []
            self._let_out(moving, left)
        links = self._links
        if len(links) == 1:
            self._let_out(links[0].due(now), left)
        elif links:
            self._let_out(self._moved(links, now), left)
        return left

    def deadline(self) -> float | None:
        """When to `advance` next, if nothing arrives before."""
        if self._out:
            return 0.0
        if self.ended:
            return None
        if self._front:
            return self._front[0][0]
        if len(self._links) == 1:
            return self._links[0].deadline()
        earliest: float | None = None
        for link in self._links:
            at = link.deadline()
            if at is not None and (earliest is None or at < earliest):
                earliest = at
        return earliest

    def insert(self, name: str, link: Link, now: float, later: Collection[str] = ()) -> None:
        """A fault more, before those that are ``later``; what arrived before and has passed is not touched by it."""
        link.begin(now)
        at = next((index for index, known in enumerate(self._names) if known in later), len(self._names))
        self._names.insert(at, name)
        self._links.insert(at, link)

    def replace(self, name: str, link: Link, now: float, later: Collection[str] = ()) -> None:
        """The same fault with other values, in its place. `advance` next."""
        if name not in self._names:
            self.insert(name, link, now, later)
            return
        index = self._names.index(name)
        before = self._links[index]
        moving = self._moved(self._links[: index + 1], now)
        link.begin(now)
        self._links[index] = link
        self._let_in(index + 1, moving + [(now, item) for item in link.renew(before)], now)

    def remove(self, name: str, now: float) -> None:
        """A fault less; what it held back goes on at once. `advance` next."""
        if name in self._names:
            index = self._names.index(name)
            moving = self._moved(self._links[: index + 1], now)
            del self._names[index]
            self._let_in(index, moving + [(now, item) for item in self._links.pop(index).release()], now)

    @staticmethod
    def _moved(links: Sequence[Link], now: float) -> list[Timed]:
        """What leaves the last of ``links`` by ``now``."""
        moving: list[Timed] = []
        for link in links:
            for at, item in moving:
                link.take(item, at)
            moving = link.due(now)
        return moving

    def _let_in(self, first: int, moving: list[Timed], now: float) -> None:
        """Have this go through the links from ``first`` on."""
        for link in self._links[first:]:
            for at, item in moving:
                link.take(item, at)
            moving = link.due(now)
        front, self._front = self._front, []
        self._let_out(front, self._out)
        self._let_out(moving, self._out)

    def _let_out(self, moving: list[Timed], out: list[Item]) -> None:
        for _, item in moving:
            if self.ended:
                break
            self.ended = item is End.CLOSE or item is End.RESET
            out.append(item)
