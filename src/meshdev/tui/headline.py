"""The header's words for a picture: the system, how it is, what it costs, and whether this is live. Pure."""

from meshdev.tui import units
from meshdev.tui.cells import clean, width_of
from meshdev.tui.model import Link, Picture, Totals
from meshdev.tui.tone import Span, Tone

_GAP = Span("   ")


def left(picture: Picture, totals: Totals) -> list[list[Span]]:
    """Groups of spans, the most important first."""
    name = clean(picture.system.name) if picture.system else "meshdev"
    groups = [[Span(name, Tone.STRONG)]]
    if picture.system is None:
        return groups
    if picture.system.shutting_down is not None:
        groups.append([Span("◑ stopping", Tone.BUSY)])
    notes = units.plural(len(picture.system.notes), "note")
    noted = [[Span("W ", Tone.KEY), Span(notes, Tone.MUTED)]] if picture.system.notes else []
    if not totals.wanted:
        stopped = [[Span(f"○ {totals.stopped} stopped", Tone.MUTED)]] if totals.stopped else []
        return [*groups, *stopped, *noted]
    tone = Tone.OK if totals.good == totals.wanted else Tone.TEXT
    shape = "●" if tone is Tone.OK else "◐"
    groups.append([Span(f"{shape} {totals.good}/{totals.wanted}", tone), Span(" healthy", Tone.MUTED)])
    if totals.broken:
        groups.append([Span(f"✕ {totals.broken} broken", Tone.ALERT)])
    if totals.busy:
        groups.append([Span(f"◐ {totals.busy} on the way", Tone.BUSY)])
    if totals.stopped:
        groups.append([Span(f"○ {totals.stopped} stopped", Tone.MUTED)])
    return [*groups, *noted]


def right(picture: Picture, totals: Totals, now: float) -> list[list[Span]]:
    """Groups of spans, the most important last."""
    groups: list[list[Span]] = []
    if picture.system is not None:
        groups.append([Span("cpu ", Tone.MUTED), Span(units.percent(totals.cpu))])
        groups.append([Span("mem ", Tone.MUTED), Span(units.size(totals.memory))])
    match picture.link:
        case Link.CONNECTED:
            groups.append([Span("connected", Tone.MUTED)])
        case Link.CONNECTING:
            groups.append([Span("◌ connecting", Tone.BUSY)])
        case Link.LOST:
            groups.append([Span(f"✕ reconnecting {units.age(now - picture.link_since)}", Tone.ALERT)])
    return groups


def headline(picture: Picture, totals: Totals, now: float, width: int) -> list[Span]:
    """One line of at most ``width`` cells; groups that don't fit are left out whole, costs first."""
    start, end = left(picture, totals), right(picture, totals, now)
    while end[:-1] and _size(start) + _size(end) + 2 > width:
        end = end[1:]
    while len(start) > 2 and _size(start) + _size(end) + 2 > width:  # noqa: PLR2004 -- name and health stay
        start = start[:-1]
    space = max(1, width - _size(start) - _size(end) - 2)
    return [Span(" "), *_joined(start), Span(" " * space), *_joined(end)]


def _joined(groups: list[list[Span]]) -> list[Span]:
    spans: list[Span] = []
    for group in groups:
        if spans:
            spans.append(_GAP)
        spans.extend(group)
    return spans


def _size(groups: list[list[Span]]) -> int:
    return sum(width_of(span.text) for span in _joined(groups))
