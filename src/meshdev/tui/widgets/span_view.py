"""Lines of spans that can be scrolled: details, events, help."""

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.scroll_view import ScrollView
from textual.strip import Strip

from meshdev.tui.cells import fit
from meshdev.tui.tone import Span, Tone
from meshdev.tui.widgets.extent import extend
from meshdev.tui.widgets.toned import Toned


class SpanView(Toned, ScrollView, can_focus=True):
    """Shows prepared lines; draws again only when they differ. ``to_end`` keeps the last line in sight."""

    DEFAULT_CSS = """
    SpanView {
        background: $surface;
        padding: 0 1;
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_up", "Up", show=False),
        Binding("down,j", "scroll_down", "Down", show=False),
        Binding("home,g", "scroll_home", "Top", show=False),
        Binding("end,G", "scroll_end", "End", show=False),
    ]

    def __init__(self, *, empty: str = "", to_end: bool = False, id: str | None = None) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self._lines: tuple[tuple[Span, ...], ...] = ()
        self._empty = empty
        self._to_end = to_end

    @property
    def text(self) -> str:
        """What stands there."""
        return "\n".join("".join(span.text for span in line) for line in self._lines)

    @property
    def room(self) -> int:
        """Cells that a line has; one is kept for the scroll bar."""
        return max(16, self.content_region.width - 1)

    def show_lines(self, lines: Sequence[Sequence[Span]]) -> None:
        """Show these lines."""
        frozen = tuple(tuple(line) for line in lines)
        if frozen == self._lines:
            return
        at_end = self.scroll_offset.y >= self.max_scroll_y
        self._lines = frozen
        extend(self, len(frozen))
        if self._to_end and at_end:
            self.scroll_to(y=self.max_scroll_y, animate=False, immediate=True, force=True)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line of the widget."""
        width = self.scrollable_content_region.width
        place = y + self.scroll_offset.y
        if place < len(self._lines):
            return self.line(fit(self._lines[place], width), width)
        if y == 1 and not self._lines and self._empty:
            return self.line(fit([Span(self._empty, Tone.MUTED)], width), width)
        return Strip.blank(width, self.rich_style)
