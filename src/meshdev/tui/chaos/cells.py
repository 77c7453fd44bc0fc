"""The table of faults. Pure."""

from collections.abc import Sequence

from meshdev.tui import units
from meshdev.tui.cells import clean, without_section
from meshdev.tui.chaos.acting import countdown, left_of, state_of
from meshdev.tui.columns import Column
from meshdev.tui.model import Cell, Row
from meshdev.tui.tone import Tone
from meshdev.tui.wanted import words_hold
from meshdev.wire.fault_views import FaultView

COLUMNS: tuple[Column, ...] = (
    Column("state", "STATE", 9, 9, 100, always=True),
    Column("key", "KEY", 3, 3, 40),
    Column("name", "FAULT", 14, 30, 90, always=True),
    Column("hits", "HITS", 5, 7, 70, right=True, always=True),
    Column("left", "LEFT", 5, 5, 80, right=True, always=True),
    Column("target", "WHERE", 16, 28, 60, always=True),
    Column("from", "FROM", 8, 16, 30, extra=True, comfort=34),
    Column("what", "WHAT", 18, 400, 85, flex=True),
)


def row_of(fault: FaultView, told_at: float, now: float, keys: frozenset[str]) -> Row:
    """One fault; ``keys`` are those that toggle one here."""
    state = state_of(fault)
    left = left_of(fault, told_at, now)
    quiet = Tone.TEXT if fault.on else Tone.MUTED
    cells = (
        Cell(str(state), state.tone),
        Cell(fault.key if fault.key in keys else "", Tone.KEY),
        Cell(clean(fault.name), Tone.STRONG if fault.on else Tone.TEXT),
        Cell(units.rate(fault.hits) if fault.hits > _MANY else str(fault.hits) if fault.on else "", quiet),
        Cell(countdown(left) if left is not None else "", Tone.WARN),
        Cell(clean(arrow(without_section(fault.target))), quiet),
        Cell(clean(holder_of(fault)), Tone.MUTED),
        Cell(clean(words_of(fault)), quiet),
    )
    return Row(fault.name, cells)


_MANY = 99_999


def rows_of(
    faults: Sequence[FaultView], told_at: float, now: float, keys: frozenset[str], wanted: str = ""
) -> tuple[Row, ...]:
    """Those that match, in the daemon's order: a fault that is switched on stays where it is."""
    return tuple(row_of(fault, told_at, now, keys) for fault in faults if matches(fault, wanted))


def matches(fault: FaultView, wanted: str) -> bool:
    """Whether each word is in name, state, target or kinds; ``!word`` must not be."""
    kinds = " ".join(part.words for part in fault.parts)
    text = f"{fault.name} {state_of(fault).word} {fault.target} {kinds} {fault.origin}".lower()
    return words_hold(text, wanted)


def words_of(fault: FaultView) -> str:
    """What it does, in short."""
    return "; ".join(part.words for part in fault.parts)


def arrow(target: str) -> str:
    """An edge as people write it."""
    return target.replace("->", "→")


def holder_of(fault: FaultView) -> str:
    """Where it comes from: who holds the lease, the file, or somebody's hand."""
    if fault.lease:
        return f"lease {fault.lease}"
    return {"topology": "file", "ad hoc": "added"}.get(fault.origin, fault.origin)
