"""Names that could have been each other's: carts made by equal calls, told apart only by what is done to them later.

Which recorded cart an actual one stands for is a guess when it is made: the next one in turn. When a later call fits
another one of them, and everything that was answered so far would have been answered alike, the two change places.
Names come from the caller (noise that was bound) or from the callee (given out by answers that agree otherwise).
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from meshdev.recording.matching.answers import signature
from meshdev.recording.matching.bindings import Bindings, bindable
from meshdev.recording.matching.entry import Entry
from meshdev.recording.matching.group import Group

_WORD: Final = re.compile(r"[A-Za-z0-9_-]{6,96}")
_MOST_SCANNED: Final = 65_536
_MOST_HISTORY: Final = 64
_MOST_SIBLINGS: Final = 64
_MOST_NAMES: Final = 100_000

Find = Callable[[Entry, str, str], Group | None]
"""The group of an entry's request with one name in another's stead."""


@dataclass(slots=True, eq=False)
class Siblings:
    """The names that the entries of a group brought up in one place, by position."""

    group: Group
    names: list[str]


@dataclass(slots=True)
class Told:
    """What an actual name was answered with, each with the position within its group."""

    entries: list[tuple[Group, int]] = field(default_factory=list)


class Swaps:
    """All names of a recording that could change places."""

    def __init__(self) -> None:
        self._siblings: dict[str, tuple[Siblings, int]] = {}
        self._given: set[str] = set()
        self._told: dict[str, Told] = {}

    def reset(self, bindings: Bindings) -> None:
        """As if nothing had been answered; names that the callee gives out stand for themselves at first."""
        self._told.clear()
        for name in self._given:
            bindings.bind(name, name)

    def build(self, groups: Iterable[Group], entries: Iterable[Entry]) -> None:
        """Finds them in groups of calls that are answered alike."""
        wide = [
            group
            for group in groups
            if len(group.entries) > 1 and group.entries[0].exchange.request.method != "GET"
        ]
        if not wide:
            return
        used = {
            word
            for entry in entries
            for word in _WORD.findall(
                f"{entry.exchange.request.target} {entry.exchange.request.body.data[:_MOST_SCANNED].decode('latin-1')}"
            )
        }
        for group in wide:
            if len({signature(entry.exchange, entry.values) for entry in group.entries}) == 1:
                self._brought(group)
                self._given_out(group, used)

    def _brought(self, group: Group) -> None:
        for which in range(len(group.entries[0].values)):
            names = [entry.values[which] for entry in group.entries]
            if all(map(bindable, names)) and len(set(names)) == len(names):
                self._add(Siblings(group, names))

    def _given_out(self, group: Group, used: set[str]) -> None:
        rows = []
        for entry in group.entries:
            response = entry.exchange.response
            if response is None:
                return
            text = " ".join(
                [
                    *(value for _, value in response.headers),
                    response.body.data[:_MOST_SCANNED].decode("latin-1"),
                ]
            )
            asked = set(entry.values)
            rows.append(
                list(
                    dict.fromkeys(word for word in _WORD.findall(text) if word in used and word not in asked)
                )
            )
        common = set(rows[0]).intersection(*rows[1:])
        rows = [[word for word in row if word not in common and bindable(word)] for row in rows]
        if len({len(row) for row in rows}) != 1 or len({word for row in rows for word in row}) != sum(
            map(len, rows)
        ):
            return
        for names in zip(*rows, strict=True):
            if self._add(Siblings(group, list(names))):
                self._given.update(names)

    def _add(self, siblings: Siblings) -> bool:
        if len(self._siblings) > _MOST_NAMES or any(name in self._siblings for name in siblings.names):
            return False
        for at, name in enumerate(siblings.names):
            self._siblings[name] = (siblings, at)
        return True

    @property
    def given(self) -> frozenset[str]:
        """Names that the callee gave out."""
        return frozenset(self._given)

    def note(self, group: Group, at: int, bindings: Mapping[str, str]) -> None:
        """A position of a group answered a call that carried these names, recorded → actual."""
        if not self._siblings:
            return
        for recorded, actual in bindings.items():
            if recorded in self._siblings:
                told = self._told.setdefault(actual, Told())
                if len(told.entries) < _MOST_HISTORY:
                    told.entries.append((group, at))

    def swap(
        self, own: Mapping[str, str], bindings: Bindings, find: Find, fits: Callable[[str, str], bool]
    ) -> bool:
        """Whether a name of a call that nothing answers was put in another's place, so that something may.

        ``own`` is recorded → actual; ``fits`` whether the call is found with one recorded name instead of another.
        """
        for recorded, actual in own.items():
            known = self._siblings.get(recorded)
            if known is None:
                continue
            siblings, _ = known
            for other in siblings.names[:_MOST_SIBLINGS]:
                if other == recorded or not fits(recorded, other):
                    continue
                holder = bindings.holder(other)
                mine = self._moved(actual, recorded, other, find)
                theirs = self._moved(holder, other, recorded, find) if holder is not None else []
                if mine is None or theirs is None:
                    continue
                self._commit(siblings, actual, recorded, other, mine)
                bindings.bind(other, actual)
                if holder is not None:
                    self._commit(siblings, holder, other, recorded, theirs)
                    bindings.bind(recorded, holder)
                return True
        return False

    def _moved(self, actual: str, before: str, after: str, find: Find) -> list[tuple[Group, int]] | None:
        """What the other name would have been answered with, None when it would have been something else."""
        moved = []
        maker = self._siblings[before][0].group
        for group, at in self._told.get(actual, Told()).entries:
            entry = group.entries[at]
            if group is maker:
                moved.append((group, self._siblings[after][1]))
                continue
            there = find(entry, before, after)
            if there is None:
                return None
            place = min(at, len(there.entries) - 1)
            other = there.entries[place]
            if signature(entry.exchange, (*entry.values, before)) != signature(
                other.exchange, (*other.values, after)
            ):
                return None
            moved.append((there, place))
        return moved

    def _commit(
        self, siblings: Siblings, actual: str, before: str, after: str, moved: list[tuple[Group, int]]
    ) -> None:
        siblings.group.exchanged(self._siblings[before][1], self._siblings[after][1])
        for group, at in moved:
            if group is not siblings.group:
                group.advance(at, (actual,))
        self._told[actual] = Told(list(moved))
