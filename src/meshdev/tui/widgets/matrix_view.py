"""The heat matrix on the screen: names of callers at the left and of callees on top stay while the rest scrolls."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from meshdev.tui.cells import clean, cut_name, pad, width_of, without_section
from meshdev.tui.graph import matrix as grid
from meshdev.tui.graph.matrix import Mark, Matrix
from meshdev.tui.graph.scene import Pair
from meshdev.tui.tone import Span, Tone
from meshdev.tui.widgets.toned import Toned

if TYPE_CHECKING:
    from rich.style import Style

_LEFT, _TOP = 26, 14
_NONE = Mark("  ", Tone.FAINT)

_FEW = 24
"""Up to so many columns there is a gap between them."""


class MatrixView(Toned, ScrollView, can_focus=True):
    """See the module. Posts `Moved` when the cursor comes to another cell, `Chosen` on Enter or double click."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"matrix--cursor", "matrix--line"}

    DEFAULT_CSS = """
    MatrixView {
        background: $surface;
        overflow: auto auto;
        scrollbar-size: 1 1;
        & > .matrix--cursor { background: $cursor-idle; text-style: bold; }
        & > .matrix--line { background: $cursor-idle; }
        &:focus > .matrix--cursor { background: $cursor; text-style: bold; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(0,-1)", "Up", show=False),
        Binding("down,j", "move(0,1)", "Down", show=False),
        Binding("left,h", "move(-1,0)", "Left", show=False),
        Binding("right,l", "move(1,0)", "Right", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home,g", "begin", "First", show=False),
        Binding("enter", "choose", "Open", show=False),
    ]

    class Moved(Message):
        """The cursor stands elsewhere."""

        def can_replace(self, message: Message) -> bool:
            """Only the last place counts when the cursor runs."""
            return isinstance(message, MatrixView.Moved)

    class Chosen(Message):
        """What the cursor stands on was opened."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self._matrix = Matrix()
        self._labels: dict[str, str] = {}
        self._cursor: Pair | None = None
        self._left = self._top = 0
        self._step = 3
        self._styles: dict[tuple[Tone, str], Style] = {}
        self._empty = ""

    @property
    def cursor(self) -> Pair | None:
        """The caller and the callee of the cell under the cursor; there need not be an edge."""
        return self._cursor

    def show(self, matrix: Matrix, labels: dict[str, str], empty: str = "") -> None:
        """Show this matrix; only rows that differ are drawn again."""
        old, self._matrix = self._matrix, matrix
        same = old.rows == matrix.rows and old.columns == matrix.columns and labels == self._labels
        if not same or empty != self._empty:
            self._labels, self._empty = dict(labels), empty
            self._measure()
            if self._cursor is None or not {*self._cursor} <= {*matrix.rows, *matrix.columns}:
                self._cursor = grid.first(matrix)
                self.post_message(self.Moved())
            self.refresh()
            return
        for number, caller in enumerate(matrix.rows):
            pairs = [(caller, callee) for callee in matrix.columns]
            if any(old.marks.get(pair) != matrix.marks.get(pair) for pair in pairs):
                self.refresh_line(number + self._top)

    def _measure(self) -> None:
        names = [clean(self._labels.get(name, name)) for name in self._matrix.rows]
        self._left = min(_LEFT, max((width_of(name) for name in names), default=0)) + 2
        tops = [width_of(self._labels.get(name, name)) for name in self._matrix.columns]
        self._top = min(_TOP, max(tops, default=0), max(5, self.size.height * 2 // 5)) + 1
        self._step = 3 if len(self._matrix.columns) <= _FEW else 2
        columns, rows = len(self._matrix.columns), len(self._matrix.rows)
        self.virtual_size = Size(self._left + columns * self._step, self._top + rows)

    def on_resize(self) -> None:
        """Give the names their room."""
        self._measure()

    def go(self, pair: Pair | None) -> None:
        """Put the cursor there."""
        if pair is None or pair == self._cursor:
            return
        if pair[0] not in self._matrix.rows or pair[1] not in self._matrix.columns:
            return
        self._cursor = pair
        self.refresh()  # the names on top change too
        self._into_view()
        self.post_message(self.Moved())

    def _into_view(self) -> None:
        assert self._cursor is not None  # noqa: S101 -- only called with one; for the type checker
        size = self.scrollable_content_region.size
        column = self._matrix.columns.index(self._cursor[1]) * self._step
        row = self._matrix.rows.index(self._cursor[0])
        across, down = size.width - self._left, size.height - self._top
        x, y = self.scroll_offset
        x = min(x, column) if column < x else max(x, column + self._step - across)
        y = min(y, row) if row < y else max(y, row + 1 - down)
        if (x, y) != self.scroll_offset:
            self.scroll_to(x=x, y=y, animate=False, immediate=True, force=True)

    # --- keys and mouse ---------------------------------------------------------------------------

    def action_move(self, across: int, down: int) -> None:
        """Walk."""
        self.go(grid.stepped(self._matrix, self._cursor, across, down))

    def action_page(self, direction: int) -> None:
        """Walk a screenful."""
        self.action_move(0, direction * max(1, self.size.height - self._top - 1))

    def action_begin(self) -> None:
        """To the first edge."""
        self.go(grid.first(self._matrix))

    def action_choose(self) -> None:
        """Open the cell."""
        if self._cursor is not None:
            self.post_message(self.Chosen())

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where the mouse is; a double click opens."""
        if event.x < self._left or event.y < self._top:
            return
        column = (event.x - self._left + self.scroll_offset.x) // self._step
        row = event.y - self._top + self.scroll_offset.y
        if column < len(self._matrix.columns) and row < len(self._matrix.rows):
            self.go((self._matrix.rows[row], self._matrix.columns[column]))
            if event.chain > 1:
                self.action_choose()

    # --- drawing ----------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        """One line of the widget."""
        width = self.scrollable_content_region.width
        if not self._matrix.rows:
            lines = self._empty.splitlines()
            if 0 <= y - 1 < len(lines):
                return self.line([Span("  " + pad(lines[y - 1], width - 2), Tone.MUTED)], width)
            return Strip.blank(width, self.rich_style)
        row = y - self._top + self.scroll_offset.y
        names = (
            (self._corner(y), *self._heads(y)) if y < self._top else (self._caller(row), *self._marks(row))
        )
        return Strip(names).adjust_cell_length(width, self.rich_style)

    def _piece(self, text: str, tone: Tone, ground: str = "") -> Segment:
        style = self._styles.get((tone, ground))
        if style is None:
            style = self.rich_style
            if ground:
                style += self.get_component_rich_style(f"matrix--{ground}", partial=True)
            style = self._styles[tone, ground] = style + self.style_of(tone)
        return Segment(text, style)

    def notify_style_update(self) -> None:
        """Forget the styles of another theme or focus."""
        super().notify_style_update()
        self._styles.clear()

    @property
    def _across(self) -> tuple[str, ...]:
        """The callees in sight; columns are scrolled whole."""
        start = self.scroll_offset.x // self._step
        room = self.scrollable_content_region.width - self._left
        return self._matrix.columns[start : start + max(0, room // self._step)]

    def _corner(self, y: int) -> Segment:
        words = "calls ▸" if y == self._top - 1 else ""
        return self._piece(pad(words, self._left - 1, right=True) + " ", Tone.FAINT)

    def _heads(self, y: int) -> Iterator[Segment]:
        at = self._cursor[1] if self._cursor is not None else None
        for callee in self._across:
            here = callee == at
            letters = _letters(clean(self._labels.get(callee, callee)), self._top - 1)
            number = y - (self._top - 1 - len(letters))
            text = letters[number] if 0 <= number < len(letters) else ""
            yield self._piece(pad(text, 2), Tone.STRONG if here else Tone.MUTED, "line" if here else "")
            yield self._piece(" " * (self._step - 2), Tone.FAINT)

    def _caller(self, row: int) -> Segment:
        if row >= len(self._matrix.rows):
            return self._piece(" " * self._left, Tone.FAINT)
        caller = self._matrix.rows[row]
        here = self._cursor is not None and caller == self._cursor[0]
        name = cut_name(clean(self._labels.get(caller, caller)), self._left - 2)
        text = " " + pad(name, self._left - 2, right=True) + " "
        return self._piece(text, Tone.STRONG if here else Tone.MUTED, "line" if here else "")

    def _marks(self, row: int) -> Iterator[Segment]:
        if row >= len(self._matrix.rows):
            return
        caller = self._matrix.rows[row]
        at = self._cursor or ("", "")
        gap = " " * (self._step - 2)
        for callee in self._across:
            mark = self._matrix.marks.get((caller, callee), _NONE)
            ground = "line" if caller == at[0] or callee == at[1] else ""
            if (caller, callee) == at:
                ground = "cursor"
                mark = Mark("[]", Tone.MUTED) if mark is _NONE else mark
            yield self._piece(mark.text, mark.tone, ground)
            yield self._piece(gap, Tone.FAINT, "line" if caller == at[0] else "")


def _letters(name: str, most: int) -> list[str]:
    """A name from top to bottom, one character a line; of a long one the end is kept, since names differ there."""
    letters = list(without_section(name) if len(name) > most else name)
    if len(letters) > most:
        letters = [*letters[: most // 3], "…", *letters[len(letters) - (most - most // 3 - 1) :]]
    return letters
