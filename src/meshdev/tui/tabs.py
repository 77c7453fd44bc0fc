"""The second line: which screens there are, and how the system does as those see it who call it. Pure.

Golden signals are those of the *entry* edges: of callers whom nobody calls (the world outside, a load generator). Inner
edges would count one purchase once a hop. Errors and rates are over ten seconds, percentiles over the last minute.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from operator import attrgetter

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
_GAP, _APART = 3, 2  # cells between groups, and between them and the names
_BRIEF = {" errors": " err"}
_FIGURES, _FEWER = 34, 18  # cells that rate, errors and p99 take together, and the first two
_LONG, _STEP = (
    600.0,
    8,
)  # seconds that are left, and cells of alarms: room is reckoned with steps, not by the second
_FULL, _SHORT = attrgetter("title"), attrgetter("short")


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

    What one forgets at one's peril (faults, recordings) is never left out: rather the other screens' names are short.
    """
    spans: list[Span] = [Span(" ")]
    spots: list[tuple[int, int, str]] = []
    used = 1
    titles, joint, gap = _titles(places, current, vitals, width - used)
    for place, title in zip(places, titles, strict=True):
        here = place.mode == current
        number = place.number + (joint if title else "")
        size = width_of(number) + width_of(title)
        spots.append((used, used + size, place.mode))
        spans += [
            Span(number, Tone.KEY),
            Span(title, Tone.HERE if here else Tone.MUTED),
            Span(" " * gap),
        ]
        used += size + gap
    groups, apart = _fitting(vitals, width - used - max(0, _APART - gap) - 1)
    spans.append(Span(" " * max(0, width - used - _size(groups, apart) - 1)))
    for order, group in enumerate(groups):
        spans += [Span(" " * apart), *group] if order else group
    return spans, spots


def _fitting(vitals: Vitals, room: int) -> tuple[list[list[Span]], int]:
    """What is said in ``room`` cells, and the gap between: faults by their names, or counted; shorter; then less."""
    for groups in (said(vitals, named=True), said(vitals)):
        if _size(groups) <= room:
            return groups, _GAP
    brief = [[Span(_BRIEF.get(span.text, span.text), span.tone) for span in group] for group in said(vitals)]
    while brief and _size(brief, _APART) > room:
        brief = brief[1:]
    return brief, _APART


def _titles(places: Sequence[Place], current: str, vitals: Vitals, width: int) -> tuple[list[str], str, int]:
    """The screens' names, what stands between a number and its name, and the gap behind.

    By the width and the alarms alone: figures change by the second, and names that move then are none to click.
    """
    shown = Vitals(faults=vitals.faults, left=vitals.left and _LONG, recordings=vitals.recordings)
    named, counted = (_size(said(shown, named=by_name)) for by_name in (True, False))
    alarms = counted + _GAP if counted else 0
    everything = _FIGURES + (-(-(named + _GAP) // _STEP) * _STEP if named else 0)
    titles: list[str] = []
    for names, joint, gap, room in (
        (_FULL, " ", 3, everything),
        (_FULL, " ", 2, everything),
        (_FULL, " ", 1, alarms + _FIGURES),
        (_FULL, "", 1, alarms + _FIGURES),
        (_FULL, "", 1, alarms + _FEWER),
        (_FULL, "", 1, alarms),
        (_SHORT, "", 1, alarms),
    ):
        titles = [place.title if place.mode == current else names(place) for place in places]
        size = sum(
            width_of(place.number + joint + title) for place, title in zip(places, titles, strict=True)
        )
        if size + gap * len(places) + room <= width:
            return titles, joint, gap
    return [place.title if place.mode == current else "" for place in places], " ", 1


def _size(groups: Sequence[Sequence[Span]], apart: int = _GAP) -> int:
    return sum(width_of(span.text) for group in groups for span in group) + apart * max(0, len(groups) - 1)
