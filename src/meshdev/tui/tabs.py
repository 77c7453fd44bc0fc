"""The second line: which screens there are, and how the system does as those see it who call it. Pure.

Golden signals are those of the *entry* edges: of callers whom nobody calls (the world outside, a load generator). Inner
edges would count one purchase once a hop. Errors and rates are over ten seconds, percentiles over the last minute.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from meshdev.tui import units
from meshdev.tui.cells import width_of
from meshdev.tui.keys import Place
from meshdev.tui.tone import Span, Tone
from meshdev.wire.control import EdgeSignalsView

SOME_ERRORS, MANY_ERRORS = 0.0, 0.01


@dataclass(frozen=True, slots=True)
class Vitals:
    """Requests and failed requests a second, the slowest entry's p99 in milliseconds, faults that act now."""

    rps: float = 0.0
    eps: float = 0.0
    p99_ms: float | None = None
    faults: int = 0

    @property
    def error_share(self) -> float:
        """0 to 1."""
        return min(1.0, self.eps / self.rps) if self.rps else 0.0


def vitals_of(signals: Sequence[EdgeSignalsView]) -> Vitals:
    """The golden signals of the system."""
    called = {edge.callee for edge in signals if edge.observed}
    used = [edge for edge in signals if edge.observed and edge.protocol == "http"]
    entries = [edge for edge in used if edge.caller not in called] or used
    slowest = [edge.p99_ms for edge in entries if edge.p99_ms is not None and edge.rps]
    return Vitals(
        rps=sum(edge.rps for edge in entries),
        eps=sum(edge.eps for edge in entries),
        p99_ms=max(slowest, default=None),
        faults=len({fault for edge in signals for fault in edge.faults}),
    )


def said(vitals: Vitals) -> list[list[Span]]:
    """Groups of spans, the most important last; nothing where nothing flows."""
    groups: list[list[Span]] = []
    if vitals.rps:
        share = vitals.error_share
        tone = Tone.MUTED if share <= SOME_ERRORS else Tone.WARN if share < MANY_ERRORS else Tone.ALERT
        if vitals.p99_ms is not None:
            groups.append([Span("p99 ", Tone.MUTED), Span(units.latency(vitals.p99_ms))])
        groups.append([Span(units.rate(vitals.rps)), Span(" rps", Tone.MUTED)])
        groups.append([Span(units.share(share), tone), Span(" errors", Tone.MUTED)])
    if vitals.faults:
        groups.append([Span(f"⚡ {vitals.faults} fault{'s' if vitals.faults > 1 else ''}", Tone.ALERT)])
    return groups


def line(
    places: Sequence[Place], current: str, vitals: Vitals, width: int
) -> tuple[list[Span], list[tuple[int, int, str]]]:
    """The spans of one line, and where each screen's name stands: first cell, cell after the last, mode."""
    spans: list[Span] = [Span(" ")]
    spots: list[tuple[int, int, str]] = []
    used = 1
    for place in places:
        here = place.mode == current
        text = f"{place.number} {place.title}"
        spots.append((used, used + len(text), place.mode))
        spans += [
            Span(f"{place.number} ", Tone.KEY),
            Span(place.title, Tone.HERE if here else Tone.MUTED),
            Span("   "),
        ]
        used += len(text) + 3
    groups = said(vitals)
    while groups and used + _size(groups) + 1 > width:
        groups = groups[1:]
    spans.append(Span(" " * max(0, width - used - _size(groups) - 1)))
    for number, group in enumerate(groups):
        spans += [Span("   "), *group] if number else group
    return spans, spots


def _size(groups: Sequence[Sequence[Span]]) -> int:
    return sum(width_of(span.text) for group in groups for span in group) + 3 * max(0, len(groups) - 1)
