"""Reads whose answer changed because of a write in between: the cart before and after an item was put into it.

While calls come about in the recorded order, such a read gives its next answer when the write was made, not sooner and
not later. When they come in any order (a shuffled replay, tests one by one) the order of the reads is all there is.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from meshdev.recording.matching.answers import signature
from meshdev.recording.matching.entry import Entry
from meshdev.recording.matching.group import Group, Scope
from meshdev.recording.matching.verdict import WRITES

_TOLERATED: Final = 8  # one call in so many may come late


@dataclass(slots=True)
class Order:
    """How well the calls of one scope keep to the recorded order."""

    highest: int = -1
    answered: int = 0
    late: int = 0
    seen: set[int] = field(default_factory=set)

    def note(self, number: int) -> None:
        """One more answer was given."""
        if number in self.seen:
            return
        self.seen.add(number)
        self.answered += 1
        if number < self.highest:
            self.late += 1
        else:
            self.highest = number

    @property
    def kept(self) -> bool:
        """Whether it may be relied on."""
        return self.late * _TOLERATED <= self.answered


class Gates:
    """Which positions of which groups wait for which writes."""

    def __init__(self) -> None:
        self._opens: dict[int, list[tuple[Group, int]]] = defaultdict(list)  # by the number of the write
        self._floors: dict[tuple[int, Scope], int] = {}
        self._orders: dict[Scope, Order] = {}

    def reset(self) -> None:
        """As if nothing had been answered."""
        self._floors.clear()
        self._orders.clear()

    def build(self, groups: Sequence[Group], entries: Sequence[Entry]) -> None:
        """Finds the writes between reads that are answered differently."""
        writes = [entry for entry in entries if entry.family[0] in WRITES]
        if not writes:
            return
        by_root: dict[str, list[Entry]] = defaultdict(list)
        for write in writes:
            by_root[_root(write)].append(write)
        for group in groups:
            if len(group.entries) > 1 and group.entries[0].family[0] in {"GET", "HEAD"}:
                self._gate(group, by_root.get(_root(group.entries[0]), []))

    def _gate(self, group: Group, writes: Sequence[Entry]) -> None:
        if not writes:
            return
        names = [signature(entry.exchange, entry.values) for entry in group.entries]
        for at in range(1, len(group.entries)):
            if names[at] == names[at - 1]:
                continue
            before, after = group.entries[at - 1], group.entries[at]
            between = [
                one for one in writes if before.number < one.number < after.number and _touches(one, after)
            ]
            if between:
                group.gates[at] = between[-1].number
                self._opens[between[-1].number].append((group, at))

    def order(self, scope: Scope) -> Order:
        """The order that a scope has kept."""
        found = self._orders.get(scope)
        if found is None:
            found = self._orders[scope] = Order()
        return found

    def note(self, entry: Entry, scope: Scope, bindings: Mapping[str, str]) -> None:
        """An entry answered; if it was a write, what waited for it is open."""
        if not self._opens:
            return
        self.order(scope).note(entry.number)
        for group, at in self._opens.get(entry.number, ()):
            for one in {scope, *((actual,) for actual in bindings.values())}:
                key = (id(group), one)
                self._floors[key] = max(self._floors.get(key, 0), at)

    def turn(self, group: Group, scope: Scope) -> int | None:
        """The position that a read with gates gets by the writes, None when the order of the reads decides."""
        if not group.gates or not self.order(scope).kept:
            return None
        here = group.positions(scope)
        floor = max(self._floors.get((id(group), scope), 0), self._floors.get((id(group), ()), 0))
        following = here.last + 1
        if floor > here.last:
            return floor if floor > following or here.last < 0 else following
        if following in group.gates and following > floor:
            return max(here.last, 0)
        return None


def _root(entry: Entry) -> str:
    segments = _segments(entry)
    return segments[0] if segments else ""


def _segments(entry: Entry) -> list[str]:
    return [part for part in entry.exchange.request.target.partition("?")[0].split("/") if part]


def _touches(write: Entry, read: Entry) -> bool:
    """Whether a write is about what is read: the same, within it, or (unless it adds another) above it."""
    if any(write.headers.get(name) != read.headers.get(name) for name in ("authorization", "cookie")):
        return False
    changed, asked = _segments(write), _segments(read)
    if changed[: len(asked)] == asked:
        return True
    return write.family[0] != "POST" and asked[: len(changed)] == changed
