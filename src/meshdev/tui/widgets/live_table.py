"""A table of rows that change all the time: one strip per row, drawn again only when the row's value differs.

Rows arrive sorted. Columns adapt to the width (`columns`), so there is no horizontal scrolling and nothing is clipped.
The first line is the header and stays. The cursor belongs to a row's key, not to its place: when the order changes it
goes along.
"""

from collections.abc import Iterator, Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from meshdev.tui.cells import cut_name, fit, pad, width_of
from meshdev.tui.columns import GAP, Column, Fitted, fit_columns
from meshdev.tui.model import Cell, Row
from meshdev.tui.tone import Span, Tone
from meshdev.tui.widgets.extent import extend
from meshdev.tui.widgets.toned import Toned

HEADER = 1
"""Lines above the rows."""

_Drawn = tuple[Row, bool, Strip]

# Quiet tones would not be read on the cursor's ground.
_LIFTED = {Tone.FAINT: Tone.MUTED, Tone.MUTED: Tone.TEXT}


class LiveTable(Toned, ScrollView, can_focus=True):
    """See the module. Posts `Highlighted` when the cursor comes to another row, `Chosen` on Enter or double click."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"table--cursor", "table--header", "table--empty"}

    DEFAULT_CSS = """
    LiveTable {
        background: $surface;
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
        & > .table--cursor { background: $cursor-idle; }
        & > .table--header { color: $muted; }
        &:focus > .table--cursor { background: $cursor; text-style: bold; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home,g", "edge(-1)", "First", show=False),
        Binding("end,G", "edge(1)", "Last", show=False),
        Binding("enter", "choose", "Open", show=False),
    ]

    class Highlighted(Message):
        """The cursor stands on another row (None: the table is empty)."""

        def __init__(self, key: str | None) -> None:
            super().__init__()
            self.key = key

        def can_replace(self, message: Message) -> bool:
            """Only the last row counts when the cursor runs."""
            return isinstance(message, LiveTable.Highlighted)

    class Chosen(Message):
        """A row was opened."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    class HeaderClicked(Message):
        """A column's title was clicked."""

        def __init__(self, column: str) -> None:
            super().__init__()
            self.column = column

    def __init__(self, columns: Sequence[Column], *, empty: str = "", id: str | None = None) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self._columns = tuple(columns)
        self._rows: Sequence[Row] = ()
        self._places: dict[str, int] = {}
        self._cursor: str | None = None
        self._wanted = [0] * len(self._columns)
        self._fitted: tuple[Fitted, ...] = ()
        self._fitted_width = -1
        self._drawn: dict[str, _Drawn] = {}
        self._empty = empty
        self._sorted_by = ""

    # --- data -------------------------------------------------------------------------------------

    @property
    def rows(self) -> Sequence[Row]:
        """The rows as they stand."""
        return self._rows

    @property
    def cursor(self) -> str | None:
        """The key of the row under the cursor."""
        return self._cursor

    @property
    def fitted(self) -> tuple[Fitted, ...]:
        """The columns as they are laid out now."""
        self._fit()
        return self._fitted

    def show_rows(self, rows: Sequence[Row], *, sorted_by: str = "", empty: str | None = None) -> None:
        """Show these rows; only visible lines that differ are drawn again."""
        old, self._rows = self._rows, tuple(rows)
        if sorted_by != self._sorted_by or (empty is not None and empty != self._empty):
            self._sorted_by = sorted_by
            self._empty = self._empty if empty is None else empty
            self.refresh()
        relaid = self._want(self._rows)
        old_place = self._place(self._cursor)
        self._places = {row.key: place for place, row in enumerate(self._rows)}
        if len(self._rows) != len(old):
            self._drawn = {key: drawn for key, drawn in self._drawn.items() if key in self._places}
            extend(self, len(self._rows) + HEADER)
            self.refresh()
        elif relaid:
            self.refresh()
        else:
            self._refresh_changed(old)
        self._keep_cursor(old_place)

    def move_to(self, key: str | None) -> None:
        """Put the cursor on the row of that key, if there is one."""
        place = self._place(key)
        if place is not None and key != self._cursor:
            self._put(place)

    def _place(self, key: str | None) -> int | None:
        """Where the row of that key stands."""
        return self._places.get(key or "")

    def _want(self, rows: Sequence[Row]) -> bool:
        """Let columns grow to what they hold (they never shrink: nothing may jump); whether any did."""
        grown = False
        for row in rows:
            for index, cell in enumerate(row.cells):
                width = width_of(cell.text)
                if width > self._wanted[index]:
                    column = self._columns[index]
                    grown = grown or self._wanted[index] < column.most
                    self._wanted[index] = max(width, width_of(column.title))
        if grown:
            self._fitted_width = -1
        return grown

    def _refresh_changed(self, old: Sequence[Row]) -> None:
        top = self.scroll_offset.y
        for place in range(top, min(len(self._rows), top + self.size.height)):
            if self._rows[place] != old[place]:
                self.refresh_line(place + HEADER)

    # --- cursor -----------------------------------------------------------------------------------

    def _keep_cursor(self, old_place: int | None) -> None:
        place = self._place(self._cursor)
        if place is not None:
            if old_place is not None and place != old_place:
                self._scroll_into_view(place)
            return
        if self._rows:
            self._put(min(old_place or 0, len(self._rows) - 1))
        elif self._cursor is not None:
            self._cursor = None
            self.post_message(self.Highlighted(None))

    def _put(self, place: int) -> None:
        before = self._place(self._cursor)
        self._cursor = self._rows[place].key
        for line in {before, place} - {None}:
            self.refresh_line(line + HEADER)  # type: ignore[operator]
        self._scroll_into_view(place)
        if before != place:
            self.post_message(self.Highlighted(self._cursor))

    def _scroll_into_view(self, place: int) -> None:
        top = self.scroll_offset.y
        visible = max(1, self.size.height - HEADER)
        if place < top:
            self.scroll_to(y=place, animate=False, immediate=True, force=True)
        elif place >= top + visible:
            self.scroll_to(y=place - visible + 1, animate=False, immediate=True, force=True)

    def action_move(self, by: int) -> None:
        """Move the cursor by so many rows."""
        if self._rows:
            place = (self._place(self._cursor) or 0) + by
            self._put(min(max(place, 0), len(self._rows) - 1))

    def action_page(self, direction: int) -> None:
        """Move the cursor by a screenful."""
        self.action_move(direction * max(1, self.size.height - HEADER - 1))

    def action_edge(self, direction: int) -> None:
        """Move the cursor to the first or the last row."""
        self.action_move(direction * len(self._rows))

    def action_choose(self) -> None:
        """Open the row under the cursor."""
        if self._cursor is not None:
            self.post_message(self.Chosen(self._cursor))

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where the mouse is; a double click opens; a click on a title sorts."""
        if event.y < HEADER:
            for fitted in self.fitted:
                if fitted.x <= event.x - 1 < fitted.x + fitted.width + GAP:
                    self.post_message(self.HeaderClicked(fitted.column.key))
            return
        place = event.y - HEADER + self.scroll_offset.y
        if place < len(self._rows):
            self._put(place)
            if event.chain > 1:
                self.action_choose()

    # --- drawing ----------------------------------------------------------------------------------

    def notify_style_update(self) -> None:
        """Forget what was drawn in another theme or focus."""
        super().notify_style_update()
        self._drawn.clear()

    def _fit(self) -> None:
        width = self.scrollable_content_region.width - 2
        if width != self._fitted_width:
            self._fitted = fit_columns(self._columns, self._wanted, max(1, width))
            self._fitted_width = width
            self._drawn.clear()

    def render_line(self, y: int) -> Strip:
        """One line of the widget."""
        self._fit()
        width = self.scrollable_content_region.width
        if y < HEADER:
            return self._draw_header(width)
        place = y - HEADER + self.scroll_offset.y
        if place >= len(self._rows):
            return self._draw_blank(y, width)
        row = self._rows[place]
        under = row.key == self._cursor
        known = self._drawn.get(row.key)
        if known is not None and known[0] == row and known[1] == under:
            return known[2]
        strip = self._draw(row, under=under, width=width)
        self._drawn[row.key] = (row, under, strip)
        return strip

    def _draw(self, row: Row, *, under: bool, width: int) -> Strip:
        ground = self.rich_style
        if under:
            ground += self.get_component_rich_style("table--cursor", partial=True)
        segments = [Segment("▌" if under else " ", ground + self.style_of(Tone.ACCENT))]
        last = len(self._fitted) - 1
        for number, fitted in enumerate(self._fitted):
            cell = row.cells[fitted.index]
            if cell.spans:
                segments += self._spans(cell, fitted.width, ground)
                if number < last:
                    segments.append(Segment(" " * GAP, ground))
                continue
            text = pad(_short(cell, fitted), fitted.width, right=fitted.column.right)
            tone = _LIFTED.get(cell.tone, cell.tone) if under else cell.tone
            segments.append(Segment(text, ground + self.style_of(tone)))
            if number < last:
                segments.append(Segment(" " * GAP, ground))
        return Strip(segments).adjust_cell_length(width, ground)

    def _spans(self, cell: Cell, width: int, ground: Style) -> Iterator[Segment]:
        used = 0
        for span in fit(cell.spans, width):
            used += width_of(span.text)
            yield Segment(span.text, ground + self.style_of(span.tone))
        yield Segment(" " * (width - used), ground)

    def _draw_header(self, width: int) -> Strip:
        ground = self.rich_style + self.get_component_rich_style("table--header", partial=True)
        segments = [Segment(" ", ground)]
        for fitted in self._fitted:
            column = fitted.column
            mark = "▾" if column.key == self._sorted_by else ""
            over = bool(mark) and width_of(column.title) == fitted.width  # the mark stands in the gap then
            text = pad(column.title + mark, fitted.width + over, right=column.right)
            segments.append(Segment(text + " " * (GAP - over), ground))
        return Strip(segments).adjust_cell_length(width, ground)

    def _draw_blank(self, y: int, width: int) -> Strip:
        if not self._rows and self._empty:
            lines = self._empty.splitlines()
            at = y - HEADER - 1
            if 0 <= at < len(lines):
                tone = Tone.TEXT if at == 0 else Tone.MUTED
                return self.line([Span("  " + pad(lines[at], width - 2), tone)], width)
        return Strip.blank(width, self.rich_style)


def _short(cell: Cell, fitted: Fitted) -> str:
    return cut_name(cell.text, fitted.width) if fitted.column.key == "name" else cell.text
