"""Calls that are equal but for noise, and which of them answers next.

1. The very request again (target and body as they stand), or the same values in the places of noise: its own answers.
2. A value that is known elsewhere narrows down to the calls that had it; none had it: no answer.
3. New values: the first call that nobody was answered with yet.

Each is a sequence in recorded order with a position for every `Scope`: for whoever brought its own ids or credentials.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from meshdev.recording.matching.bindings import bindable
from meshdev.recording.matching.entry import Entry
from meshdev.recording.matching.mask import Accepts, Found, Leaf
from meshdev.recording.matching.options import OnEnd

Scope = tuple[str, ...]
Raw = tuple[str, bytes]  # target and body
Strange = Callable[[Leaf, str], bool]  # whether a value is known, but from another place

_MOST_SCOPES: Final = 4096


@dataclass(slots=True)
class Positions:
    """How far one scope is within a group."""

    used: set[int] = field(default_factory=set)
    next: int = 0  # the first that may be unused
    last: int = -1  # what was given last
    of: dict[int, int] = field(
        default_factory=dict
    )  # calls so far, by the first position of a sequence within


@dataclass(frozen=True, slots=True)
class Pick:
    """The position that answers; ``exact`` when the request is the recorded one to the byte."""

    at: int
    exact: bool = False
    repeated: bool = False  # the sequence was at its end


class Group:
    """Entries in recorded order, all with the same key."""

    __slots__ = ("_known", "_raw", "_scopes", "_values", "credential", "entries", "gates")

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.credential = False  # whether all were made with the same Authorization
        self.gates: dict[int, int] = {}  # position → number of the write that must come before it
        self._raw: dict[Raw, list[int]] = {}
        self._values: dict[tuple[str, ...], list[int]] = {}
        self._known: dict[tuple[int, str], list[int]] = {}  # (which noise, value) → positions
        self._scopes: dict[Scope, Positions] = {}

    def add(self, entry: Entry) -> None:
        """One more, in recorded order."""
        self.entries.append(entry)

    def finish(self) -> None:
        """Makes the indices that a group of several needs."""
        self.credential = len({entry.headers.get("authorization") for entry in self.entries}) == 1
        if len(self.entries) == 1:
            return
        for at, entry in enumerate(self.entries):
            request = entry.exchange.request
            self._raw.setdefault((request.target, request.body.data), []).append(at)
            if entry.values:
                self._values.setdefault(entry.values, []).append(at)
                for which, value in enumerate(entry.values):
                    self._known.setdefault((which, value), []).append(at)

    def reset(self) -> None:
        """As if nothing had been answered."""
        self._scopes.clear()

    def positions(self, scope: Scope) -> Positions:
        """How far a scope is."""
        found = self._scopes.get(scope)
        if found is None:
            if len(self._scopes) >= _MOST_SCOPES:
                del self._scopes[next(iter(self._scopes))]
            found = self._scopes[scope] = Positions()
        return found

    def pick(
        self, raw: Raw, found: Found, values: tuple[str, ...], scope: Scope, strange: Strange, on_end: OnEnd
    ) -> Pick | None:
        """Which entry answers; None when there is none or the sequence is over and ``on_end`` says so."""
        if len(self.entries) == 1:
            return self._only(raw, found, values, scope, strange, on_end)
        here = self.positions(scope)
        exact = self._raw.get(raw)
        same = exact or (self._values.get(values) if values else None)
        if same is not None:
            return self._in_turn(same, here, on_end, exact=exact is not None)
        among = self._narrowed(found, values, strange)
        if among is None:
            return None
        return self._unused(among, here, on_end)

    def advance(self, at: int, scope: Scope) -> None:
        """A position counts as given, and all before it of the same request."""
        if len(self.entries) == 1:
            return
        here = self.positions(scope)
        here.used.add(at)
        here.last = max(here.last, at)
        entry = self.entries[at]
        request = entry.exchange.request
        for among in (self._raw[request.target, request.body.data], self._values.get(entry.values, ())):
            if among:
                here.of[among[0]] = max(here.of.get(among[0], 0), among.index(at) + 1)

    def exchanged(self, before: int, after: int) -> None:
        """What was given as one position is known now to have been another."""
        for here in self._scopes.values():
            if before in here.used and after not in here.used:
                here.used.discard(before)
                here.used.add(after)
                here.next = min(here.next, before)

    def give(self, at: int, raw: Raw, scope: Scope) -> Pick:
        """That position, because something else decided."""
        here = self.positions(scope)
        repeated = at in here.used
        self.advance(at, scope)
        request = self.entries[at].exchange.request
        return Pick(at, exact=raw == (request.target, request.body.data), repeated=repeated)

    def _only(
        self, raw: Raw, found: Found, values: tuple[str, ...], scope: Scope, strange: Strange, on_end: OnEnd
    ) -> Pick | None:
        entry = self.entries[0]
        request = entry.exchange.request
        if values and values != entry.values and _strangers(found, values, entry.values, strange):
            return None
        repeated = False
        if on_end is OnEnd.FAIL:
            here = self.positions(scope)
            repeated = 0 in here.used
            here.used.add(0)
            if repeated:
                return None
        return Pick(0, exact=raw[1] == request.body.data and raw[0] == request.target, repeated=repeated)

    def _in_turn(self, among: Sequence[int], here: Positions, on_end: OnEnd, *, exact: bool) -> Pick | None:
        count = here.of.get(among[0], 0)
        here.of[among[0]] = count + 1
        over = count >= len(among)
        if over and on_end is OnEnd.FAIL:
            return None
        at = among[count % len(among)] if on_end is OnEnd.CYCLE else among[min(count, len(among) - 1)]
        here.used.add(at)
        here.last = at
        return Pick(at, exact=exact, repeated=over)

    def _unused(self, among: Sequence[int] | None, here: Positions, on_end: OnEnd) -> Pick | None:
        at = self._first_unused(among, here)
        over = at is None
        if at is None:
            if on_end is OnEnd.FAIL:
                return None
            if on_end is OnEnd.CYCLE:
                here.used.difference_update(among or range(len(self.entries)))
                here.next = 0
                at = among[0] if among else 0
            else:
                at = among[-1] if among else len(self.entries) - 1
        here.used.add(at)
        here.last = at
        return Pick(at, repeated=over)

    def _first_unused(self, among: Sequence[int] | None, here: Positions) -> int | None:
        if among:
            return next((at for at in among if at not in here.used), None)
        while here.next < len(self.entries) and here.next in here.used:
            here.next += 1
        return here.next if here.next < len(self.entries) else None

    def _narrowed(self, found: Found, values: tuple[str, ...], strange: Strange) -> Sequence[int] | None:
        """The positions that agree with all values that are known; empty for all, None for contradiction."""
        among: list[int] = []
        for which, value in enumerate(values):
            if found[which][0].accepts is Accepts.SECRET or not bindable(value):
                continue
            here = self._known.get((which, value))
            if here is None:
                if strange(found[which][0], value):
                    return None
                continue
            both = [at for at in among if at in here] if among else here
            if not both and not found[which][0].hard:
                return None
            among = both or among
        return among


def _strangers(found: Found, values: Sequence[str], recorded: Sequence[str], strange: Strange) -> bool:
    """Whether a value is known from another place or call, so that it cannot be noise of this one."""
    return any(
        value != before and leaf.accepts is not Accepts.SECRET and bindable(value) and strange(leaf, value)
        for (leaf, _), value, before in zip(found, values, recorded, strict=True)
    )


__all__ = ["Group", "Pick", "Positions", "Raw", "Scope"]
