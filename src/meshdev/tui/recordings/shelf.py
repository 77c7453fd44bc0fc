"""The recordings as lines of a table. Pure."""

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from meshdev.tui import units
from meshdev.tui.cells import clean
from meshdev.tui.columns import Column
from meshdev.tui.model import Cell, Row
from meshdev.tui.tone import Tone
from meshdev.wire.recording_views import RecordingView

if TYPE_CHECKING:
    from meshdev.storage.recordings import Summary

COLUMNS: tuple[Column, ...] = (
    Column("name", "NAME", 12, 40, 100, always=True),
    Column("calls", "CALLS", 5, 9, 90, right=True, always=True),
    Column("size", "SIZE", 4, 4, 70, right=True),
    Column("made", "MADE", 12, 12, 80),
    Column("note", "NOTE", 14, 30, 60),
    Column("of", "OF", 10, 200, 50, flex=True),
)
_SHORT = 8


def rows_of(summaries: "Sequence[Summary]", active: Sequence[RecordingView]) -> list[Row]:
    """The newest first; those under way on top."""
    under_way = {view.name: view for view in active}
    ordered = sorted(summaries, key=lambda one: (one.meta.name not in under_way, -one.meta.created))
    return [_row(one, under_way) for one in ordered]


def _row(one: "Summary", active: Mapping[str, RecordingView]) -> Row:
    view = active.get(one.meta.name)
    calls = view.exchanges if view is not None else one.exchanges
    size = view.bytes if view is not None else one.bytes
    of = f"{', '.join(one.meta.edges) or 'everything'} {one.meta.match}".strip().replace("->", "→")
    note, tone = note_of(one, view)
    return Row(
        one.meta.name,
        (
            Cell(clean(one.meta.name), Tone.STRONG),
            Cell("?" if calls is None else units.count(calls)),
            Cell(units.size(size), Tone.MUTED),
            Cell(time.strftime("%d %b %H:%M", time.localtime(one.meta.created)), Tone.MUTED),
            Cell(note, tone),
            Cell(clean(of), Tone.MUTED),
        ),
    )


def note_of(one: "Summary", view: RecordingView | None) -> tuple[str, Tone]:
    """What is to be known about it, the most important first."""
    if view is not None:
        return (clean(view.trouble) or "● recording", Tone.ALERT)
    notes: list[tuple[str, Tone]] = []
    if one.exchanges is None:
        notes.append(("▲ not closed in order", Tone.WARN))
    if one.lost:
        notes.append((f"▲ {units.count(one.lost)} lost", Tone.WARN))
    if not one.meta.redacted:
        notes.append(("▲ with secrets", Tone.WARN))
    if one.meta.source != "recorded":
        notes.append((f"from {clean(one.meta.source)}", Tone.MUTED))
    revision = one.meta.provenance.revision
    if revision:
        notes.append((revision[:_SHORT] + ("+" if one.meta.provenance.dirty else ""), Tone.MUTED))
    if not notes:
        return "", Tone.MUTED
    return ", ".join(text for text, _ in notes), notes[0][1]
