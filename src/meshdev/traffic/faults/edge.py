"""The faults of one edge at work: which there are, whom each hits, and how often it did.

A fault keeps its state (ordinals, hits, memory) for as long as its spec is the same; when the spec changes and
``since`` does not, ordinals and hits go on, so decisions that were made before stay as they were.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from meshdev.traffic.faults.asked import ASKED
from meshdev.traffic.faults.catalogue import CATALOGUE
from meshdev.traffic.faults.draws import Draws
from meshdev.traffic.faults.kinds import Direction, FaultKind, Layer
from meshdev.traffic.faults.link import Link
from meshdev.traffic.faults.match import (
    Request,
    asks_for_more,
    counts,
    exhausted,
    fits,
    fits_caller,
    fits_message,
    fits_statements,
)
from meshdev.traffic.faults.schedule import acts, next_change
from meshdev.traffic.faults.settings import Settings, percentage_at
from meshdev.wire.faults import ALWAYS, FaultMatch, FaultSchedule, FaultSpec

if TYPE_CHECKING:
    from meshdev.traffic.faults.http import HttpFault
    from meshdev.traffic.faults.messages import MessageFault
    from meshdev.traffic.faults.statements import StatementFault
    from meshdev.traffic.protocols.cutting import Message
    from meshdev.traffic.protocols.sql.text import Statement

_LONG_AGO: Final = float("-inf")


class ActiveFault:
    """One fault that is switched on; times are those of the machine's monotonic clock."""

    __slots__ = (
        "_all",
        "_kept",
        "_seen",
        "_told",
        "always",
        "draws",
        "hits",
        "http",
        "key",
        "kind",
        "message",
        "since",
        "spec",
        "statement",
    )

    def __init__(self, kind: FaultKind, spec: FaultSpec, edge: str, now: float) -> None:
        self.kind = kind
        self.spec = spec
        self.since = spec.since or now
        self.draws = Draws(spec.seed, edge, spec.key)
        self._seen = 0
        self.hits = 0
        self._told = 0
        self._kept: Settings | None = None
        self.key = spec.key
        self.always = spec.schedule == FaultSchedule()  # whether its schedule needs no look
        self._all = spec.match == FaultMatch(caller=spec.match.caller) and (
            spec.percentage >= ALWAYS and not spec.schedule.ramp and kind.http is None
        )  # whether it hits whatever comes
        self.http: HttpFault | None = (
            kind.http(Settings(kind, spec, self.since, per_exchange=True), self.draws) if kind.http else None
        )
        self.message: MessageFault | None = (
            kind.message(Settings(kind, spec, self.since, per_exchange=True)) if kind.message else None
        )
        self.statement: StatementFault | None = (
            kind.statement(Settings(kind, spec, self.since, per_exchange=True)) if kind.statement else None
        )

    def __repr__(self) -> str:
        return f"<ActiveFault {self.spec.key}, {self.hits} of {self._seen}>"

    def go_on(self, before: "ActiveFault") -> None:
        """Take over what ``before``, which had another spec, has counted."""
        if before.spec.since == self.spec.since:
            self.since = before.since
            self._kept = None
            self._seen, self.hits, self._told = before._seen, before.hits, before._told  # noqa: SLF001 - one of us

    def acts(self, now: float) -> bool:
        """Whether its schedule lets it act."""
        return acts(self.spec.schedule, now - self.since)

    def next_change(self, now: float) -> float | None:
        """When it will begin or end to act."""
        age = next_change(self.spec.schedule, now - self.since)
        return None if age is None else self.since + age

    def decide(self, request: Request | None, now: float) -> int:
        """Take an ordinal: it is given when that is hit, negative when it is not; 0 is for what is not meant at all.

        ``request`` is None for a connection of which nothing is read.
        """
        if self._all:
            self._seen += 1
            self.hits += 1
            return self._seen
        match = self.spec.match
        if request is None:
            if asks_for_more(match):
                return 0
        elif not fits(match, request):
            return 0
        return self._take(request, now)

    def decide_message(self, message: "Message", now: float) -> int:
        """The same for a message."""
        return self._take(None, now) if fits_message(self.spec.match, message) else 0

    def decide_statements(self, statements: "Sequence[Statement]", now: float) -> int:
        """The same for the statements of one text."""
        return self._take(None, now) if fits_statements(self.spec.match, statements) else 0

    def _take(self, request: Request | None, now: float) -> int:
        """The ordinal of what fits, negative when it is not hit."""
        match = self.spec.match
        self._seen += 1
        ordinal = self._seen
        if not counts(match, ordinal) or exhausted(match, self.hits) or not self.draw(ordinal, now, request):
            return -ordinal
        self.hits += 1
        return ordinal

    def draw(self, ordinal: int, now: float, request: Request | None = None) -> bool:
        """Whether the percentage hits number ``ordinal``."""
        percentage = percentage_at(self.kind, self.spec, now - self.since)
        if request is not None and self.http is not None:
            percentage = self.http.percentage(request, percentage)
        if percentage >= ALWAYS:  # draws are below 1
            return True
        return self.draws.about(ordinal).uniform("hit") * 100.0 < percentage

    def per_exchange(self, opened: float) -> Settings:
        """Its values for one request, over a connection opened at ``opened``: minus infinity for a kept one."""
        kept = opened == _LONG_AGO
        if kept and self._kept is not None:
            return self._kept
        joined = opened < self.since
        settings = Settings(self.kind, self.spec, self.since, opened=opened, per_exchange=True, joined=joined)
        if kept:
            self._kept = settings
        return settings

    def links(self, ordinal: int, settings: Settings) -> list[tuple[Direction, Link]]:
        """What it does to bytes, for each direction."""
        make = self.kind.link
        if make is None:
            return []
        draws = self.draws.about(ordinal)
        if settings.direction is not Direction.BOTH:
            return [(settings.direction, make(settings, draws))]
        return [
            (direction, make(settings, draws)) for direction in (Direction.UPSTREAM, Direction.DOWNSTREAM)
        ]

    def take_hits(self) -> int:
        """Hits since this was last asked."""
        new, self._told = self.hits - self._told, self.hits
        return new


class EdgeFaults:
    """All faults of one edge, in the order of their creation."""

    __slots__ = ("_caller", "_edge", "_left", "faults")

    def __init__(self, edge: str, caller: str) -> None:
        self._edge = edge
        self._caller = caller
        self.faults: list[ActiveFault] = []
        self._left: dict[str, int] = {}  # hits of those that are gone, not told yet

    def __repr__(self) -> str:
        return f"<EdgeFaults {self._edge}: {self.faults}>"

    def adopt(self, specs: Sequence[FaultSpec], now: float) -> None:
        """These act from now on; kinds that nobody knows, or that are not for edges, are left out."""
        known = {fault.spec.key: fault for fault in self.faults}
        faults: list[ActiveFault] = []
        for spec in specs:
            kind = CATALOGUE.get(spec.kind) or ASKED.get(spec.kind)
            if kind is None or kind.layer is Layer.INSTANCE or not fits_caller(spec.match, self._caller):
                continue
            before = known.pop(spec.key, None)
            if before is not None and before.spec == spec:
                faults.append(before)
                continue
            fault = ActiveFault(kind, spec, self._edge, now)
            if before is not None:
                self._remember(before)
                fault.go_on(before)
            faults.append(fault)
        for gone in known.values():
            self._remember(gone)
        self.faults = faults

    def _remember(self, gone: ActiveFault) -> None:
        """Its last hits are still to be told."""
        if new := gone.take_hits():
            self._left[gone.spec.key] = self._left.get(gone.spec.key, 0) + new

    def hides_name(self, request: Request, now: float) -> str:
        """The fault (`FaultSpec.key`) for which the callee's name is unknown to ``request``; empty for none."""
        for fault in self.faults:
            if fault.kind.layer is Layer.NAME and fault.acts(now) and fault.decide(request, now) > 0:
                return fault.spec.key
        return ""

    def next_change(self, now: float) -> float | None:
        """When some fault's schedule has it begin or end."""
        times = [at for fault in self.faults if (at := fault.next_change(now)) is not None]
        return min(times, default=None)

    def take_hits(self) -> dict[str, int]:
        """Hits by `FaultSpec.key` since this was last asked."""
        hits, self._left = self._left, {}
        for fault in self.faults:
            if new := fault.take_hits():
                hits[fault.spec.key] = hits.get(fault.spec.key, 0) + new
        return hits
