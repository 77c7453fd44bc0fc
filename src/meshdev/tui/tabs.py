"""The second line: which screens there are, and how the system does as those see it who call it. Pure.

Golden signals are those of the *entry* edges: of callers whom nobody calls (the world outside, a load generator). Inner
edges would count one purchase once a hop. Errors and rates are over ten seconds, percentiles over the last minute.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from meshdev.tui import units
from meshdev.tui.cells import clean, width_of
from meshdev.tui.chaos.acting import are_on, countdown, left_of
from meshdev.tui.keys import Place
from meshdev.tui.model import Picture
from meshdev.tui.tone import Span, Tone
from meshdev.wire.control import EdgeSignalsView
from meshdev.wire.recording_views import RecordingView

SOME_ERRORS, MANY_ERRORS = 0.0, 0.01
_NAMED = 2
_ENTERED_BY = frozenset({"http", "http2", "grpc"})
_MANY_CALLS = 10_000
_GAP = 3
_BRIEF = {" errors": " err"}
_SHORT = 4  # letters of a name that is cut


@dataclass(frozen=True, slots=True)
class Vitals:
    """Requests and failed requests a second, the slowest entry's p99 in milliseconds, faults that are on.

    ``left`` is how many seconds the first of them has left that ends by itself. ``recordings`` are under way.
    """

    rps: float = 0.0
    eps: float = 0.0
    p99_ms: float | None = None
    faults: tuple[str, ...] = ()
    left: float | None = None
    recordings: tuple[RecordingView, ...] = ()

    @property
    def error_share(self) -> float:
        """0 to 1."""
        return min(1.0, self.eps / self.rps) if self.rps else 0.0


def vitals_of(signals: Sequence[EdgeSignalsView]) -> Vitals:
    """The golden signals of the system."""
    called = {edge.callee for edge in signals if edge.observed}
    used = [edge for edge in signals if edge.observed and edge.protocol in _ENTERED_BY]
    entries = [edge for edge in used if edge.caller not in called] or used
    slowest = [edge.p99_ms for edge in entries if edge.p99_ms is not None and edge.rps]
    return Vitals(
        rps=sum(edge.rps for edge in entries),
        eps=sum(edge.eps for edge in entries),
        p99_ms=max(slowest, default=None),
    )


def vitals(picture: Picture, now: float) -> Vitals:
    """The system's golden signals, faults and recordings, as of ``now``."""
    on = are_on(picture.faults)
    ends = [left for fault in on if (left := left_of(fault, picture.faults_at, now)) is not None]
    return replace(
        vitals_of(picture.signals),
        faults=tuple(fault.name for fault in on),
        left=min(ends, default=None),
        recordings=picture.recordings,
    )


def said(vitals: Vitals, *, named: bool = False) -> list[list[Span]]:
    """Groups of spans, the most important last; nothing where nothing flows.

    ``named``: faults and recordings by their names.
    """
    groups: list[list[Span]] = []
    if vitals.rps:
        share = vitals.error_share
        tone = Tone.MUTED if share <= SOME_ERRORS else Tone.WARN if share < MANY_ERRORS else Tone.ALERT
        if vitals.p99_ms is not None:
            groups.append([Span("p99 ", Tone.MUTED), Span(units.latency(vitals.p99_ms))])
        groups.append([Span(units.rate(vitals.rps)), Span(" rps", Tone.MUTED)])
        groups.append([Span(units.share(share), tone), Span(" errors", Tone.MUTED)])
    if vitals.recordings:
        groups.append(_recordings(vitals.recordings, named=named))
    if vitals.faults:
        groups.append(_faults(vitals, named=named))
    return groups


def _recordings(recordings: Sequence[RecordingView], *, named: bool) -> list[Span]:
    calls = sum(recording.exchanges for recording in recordings)
    trouble = any(recording.trouble for recording in recordings)
    mark = Span("✕ rec" if trouble else "● rec", Tone.ALERT)
    if not named:
        short = units.count(calls) if calls < _MANY_CALLS else f"{calls // 1000}k"
        return [mark, Span(f" {short}", Tone.STRONG)]
    name = clean(recordings[0].name) + (f" +{len(recordings) - 1}" if recordings[1:] else "")
    size = units.size(sum(recording.bytes for recording in recordings))
    figures = f" {units.plural(calls, 'call')} {size}"
    return [mark, Span(f" {name}", Tone.STRONG), Span(figures, Tone.MUTED)]


def _faults(vitals: Vitals, *, named: bool) -> list[Span]:
    number = len(vitals.faults)
    if not named:
        return [Span(f"⚡ {number} fault{'s' if number > 1 else ''}", Tone.ALERT)]
    names = ", ".join(clean(name) for name in vitals.faults[:_NAMED])
    more = f" +{number - _NAMED}" if number > _NAMED else ""
    left = [Span(f" {countdown(vitals.left)}", Tone.WARN)] if vitals.left is not None else []
    return [Span(f"⚡ {names}{more}", Tone.ALERT), *left]


def line(
    places: Sequence[Place], current: str, vitals: Vitals, width: int
) -> tuple[list[Span], list[tuple[int, int, str]]]:
    """The spans of one line, and where each screen's name stands: first cell, cell after the last, mode.

    What one forgets at one's peril (faults, recordings) is never left out: rather the other screens' names are cut.
    """
    spans: list[Span] = [Span(" ")]
    spots: list[tuple[int, int, str]] = []
    used = 1
    titles, gap = _titles(places, current, vitals, width - used)
    for place, title in zip(places, titles, strict=True):
        here = place.mode == current
        text = f"{place.number} {title}".rstrip()
        spots.append((used, used + len(text), place.mode))
        spans += [
            Span(place.number + (" " if title else ""), Tone.KEY),
            Span(title, Tone.HERE if here else Tone.MUTED),
            Span(" " * gap),
        ]
        used += len(text) + gap
    groups = said(vitals, named=True)
    if used + _size(groups) + 1 > width:
        groups = said(vitals)
    while groups and used + _size(groups) + 1 > width:
        groups = groups[1:] or _brief(groups)
    spans.append(Span(" " * max(0, width - used - _size(groups) - 1)))
    for number, group in enumerate(groups):
        spans += [Span("   "), *group] if number else group
    return spans, spots


def _brief(groups: Sequence[Sequence[Span]]) -> list[list[Span]]:
    """The last group that is left in fewer letters; nothing when it has no fewer."""
    brief = [[Span(_BRIEF.get(span.text, span.text), span.tone) for span in group] for group in groups]
    return brief if _size(brief) < _size(groups) else []


def _titles(places: Sequence[Place], current: str, vitals: Vitals, width: int) -> tuple[list[str], int]:
    """The screens' names as long as there is room for, and the gap between them."""
    alarms = said(Vitals(faults=vitals.faults, recordings=vitals.recordings))
    titles: list[str] = []
    everything = said(vitals, named=True)
    for cut, gap, behind in (
        (None, _GAP, everything),
        (None, 1, everything),
        (None, 1, alarms),
        (_SHORT, 1, alarms),
        (0, 1, alarms),
    ):
        titles = [place.title if place.mode == current else place.title[:cut] for place in places]
        names = sum(
            len(f"{place.number} {title}".rstrip()) for place, title in zip(places, titles, strict=True)
        )
        if names + gap * len(places) + _size(behind) + (1 if behind else 0) <= width:
            return titles, gap
    return titles, 1


def _size(groups: Sequence[Sequence[Span]]) -> int:
    return sum(width_of(span.text) for group in groups for span in group) + 3 * max(0, len(groups) - 1)
