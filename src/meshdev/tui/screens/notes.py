"""What the topology file says without effect, line by line: left out, or of no meaning here."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from meshdev.tui import units
from meshdev.tui.cells import clean, wrap_words
from meshdev.tui.tone import Span, Tone
from meshdev.tui.widgets.span_view import SpanView
from meshdev.wire.control import NoteView, SystemView

_WIDE, _NARROW = 88, 20
_FRAME = 6  # cells of border, padding and scrollbar


class NotesScreen(ModalScreen[None]):
    """Closes with Escape, ``W`` or ``q``."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,W,q", "dismiss", "Close", show=False)]

    DEFAULT_CSS = """
    NotesScreen {
        align: center middle;
        background: $background 60%;
        #box {
            width: 94; max-width: 96%; height: auto; max-height: 92%;
            background: $panel; padding: 0 1;
            border: round $primary;
            border-title-color: $foreground; border-title-style: bold;
            border-subtitle-color: $muted;
        }
        SpanView { height: auto; max-height: 100%; background: $panel; }
    }
    """

    def __init__(self, system: SystemView) -> None:
        super().__init__()
        self._system = system

    def compose(self) -> ComposeResult:
        """One long list."""
        with Vertical(id="box") as box:
            count = units.plural(len(self._system.notes), "note")
            box.border_title = f"{count} on {clean(Path(self._system.file).name)}"
            box.border_subtitle = "Esc closes"
            yield SpanView()

    def on_mount(self) -> None:
        """The keyboard scrolls."""
        self.query_one(SpanView).focus()

    def on_resize(self) -> None:
        """Break the lines for the new width."""
        width = max(_NARROW, min(_WIDE, int(0.96 * self.size.width) - _FRAME))
        self.query_one(SpanView).show_lines(note_lines(self._system.notes, self._system.root, width))


def note_lines(notes: Sequence[NoteView], root: str, width: int) -> list[list[Span]]:
    """Each note: where, what, and the way out; files of the project by their names in it."""
    lines: list[list[Span]] = []
    for note in notes:
        where = note.where.removeprefix(f"{root}/")
        lines.append([Span(clean(where), Tone.FAINT)])
        lines += [[Span(line, Tone.TEXT)] for line in wrap_words(clean(note.text), width)]
        hint = (line for part in note.hint.splitlines() for line in wrap_words(clean(part), width - 2))
        lines += [[Span(f"  {line}", Tone.MUTED)] for line in hint]
        lines.append([])
    return lines[:-1]
