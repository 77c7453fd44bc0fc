"""A call as a line of the Traffic screen: status by shape, word and tone, duration by a small bar. Pure."""

import math
from datetime import datetime

from meshdev.telemetry.exchange_filter import failed
from meshdev.tui import units
from meshdev.tui.cells import clean
from meshdev.tui.columns import Column
from meshdev.tui.model import Cell, Row
from meshdev.tui.tone import Tone
from meshdev.wire.control import ExchangeView

COLUMNS: tuple[Column, ...] = (
    Column("mark", " ", 1, 1, 95),
    Column("time", "TIME", 8, 8, 70, always=True),
    Column("name", "CALL", 21, 46, 90, always=True),
    Column("status", "STATUS", 6, 13, 100, always=True),
    Column("ms", "TOOK", 6, 6, 80, right=True, always=True),
    Column("bar", "", 6, 6, 30, extra=True),
    Column("request", "REQUEST", 14, 400, 85, flex=True),
    Column("size", "SIZE", 4, 4, 40, right=True),
    Column("acts", "", 4, 8, 65),
    Column("error", "ERROR", 12, 16, 75),
    Column("instance", "INSTANCE", 8, 24, 20, extra=True),
    Column("trace", "TRACE", 8, 8, 10, extra=True),
)

_BAR_CELLS = 6
_FASTEST_MS = 1.0
_DECADES = 3.0
_SLOW_MS, _VERY_SLOW_MS = 300.0, 1000.0
_NO_ANSWER = "✕ none"
SHORT_ID = 8


def status_of(call: ExchangeView) -> Cell:
    """What came of it. A failed call is never told by its colour alone."""
    if not call.status:
        return Cell(_NO_ANSWER, Tone.ALERT)
    if failed(call):
        return Cell(f"✕ {call.answer}", Tone.ALERT)
    match call.status // 100:
        case 4:
            return Cell(f"▲ {call.answer}", Tone.WARN)
        case 3:
            return Cell(f"→ {call.answer}", Tone.MUTED)
        case 1:
            return Cell(f"⇄ {call.answer}", Tone.BUSY)
        case _:
            return Cell(f"● {call.answer}", Tone.OK)


def bar_of(ms: float, cells: int = _BAR_CELLS) -> str:
    """A duration as a bar whose length grows by its logarithm: from 1 ms (half a cell) to 1 s (full).

    >>> [bar_of(ms) for ms in (0.1, 3.0, 100.0, 20_000.0)]
    ['╸', '━', '━━━━', '━━━━━━']
    """
    share = math.log10(max(ms, _FASTEST_MS) / _FASTEST_MS) / _DECADES
    whole, half = divmod(max(1, min(cells * 2, round(share * cells * 2))), 2)
    return "━" * whole + "╸" * half


def pace_of(ms: float) -> Tone:
    """How loud a duration is."""
    return Tone.ALERT if ms >= _VERY_SLOW_MS else Tone.WARN if ms >= _SLOW_MS else Tone.TEXT


def acts_of(call: ExchangeView) -> str:
    """What the mesh did: an injected fault, a call repeated, hedged, answered by itself."""
    marks = []
    if call.faults:
        marks.append("⚡")
    if call.retries:
        marks.append(f"↻{call.retries}")
    if call.hedged:
        marks.append("⇉")
    if call.by:
        marks.append("◇")
    return " ".join(marks)


def edge_of(call: ExchangeView) -> str:
    """Who called whom."""
    sender, receiver = call.ends
    return f"{clean(sender)} → {clean(receiver)}"


def request_of(call: ExchangeView) -> str:
    """What was asked for."""
    return f"{clean(call.method)} {clean(call.target)}"


def took(call: ExchangeView) -> str:
    """How long it took; nothing for what passes one way and is not answered, so that it has no duration."""
    return units.latency(call.ms) if call.ms or not call.protocol else ""


def moment(at: float) -> str:
    """The local time of day with milliseconds."""
    return f"{datetime.fromtimestamp(at).astimezone():%H:%M:%S.%f}"[:-3]


def row_of(call: ExchangeView, *, marked: bool = False) -> Row:
    """One call as a line of the table."""
    pace = pace_of(call.ms)
    cells = (
        Cell("◆" if marked else "", Tone.ACCENT),
        Cell(units.clock(call.at), Tone.FAINT),
        Cell(edge_of(call), Tone.TEXT),
        status_of(call),
        Cell(took(call), pace),
        Cell(bar_of(call.ms) if took(call) else "", pace if pace is not Tone.TEXT else Tone.FAINT),
        Cell(request_of(call), Tone.TEXT),
        Cell(units.size(call.bytes_in if call.kind == "publish" else call.bytes_out), Tone.MUTED),
        Cell(acts_of(call), Tone.ALERT if call.faults else Tone.WARN),
        Cell(clean(call.error), Tone.BAD),
        Cell(clean(call.instance), Tone.MUTED),
        Cell(clean(call.trace[:SHORT_ID]), Tone.FAINT),
    )
    return Row(str(call.seq), cells)
