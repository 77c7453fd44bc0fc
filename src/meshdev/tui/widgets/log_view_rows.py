"""How the rows of a log are drawn: only visible ones are parsed, and kept until they would look different."""

from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

from meshdev.tui.hues import hue
from meshdev.tui.log_paint import Paint, selected_text
from meshdev.tui.scrollback import Line, Place, Scrollback
from meshdev.tui.tone import Span, Tone
from meshdev.tui.widgets.toned import Toned

_CACHED = 400


class LogRows(Toned, ScrollView, can_focus=True):
    """The drawing half of `LogView`: a scrollback as rows, with a cursor and a selection."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"log--cursor"}

    DEFAULT_CSS = """
    LogRows {
        background: $surface;
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
        & > .log--cursor { background: $cursor; }
    }
    """

    def __init__(self, *, capacity: int, empty: str, id: str | None) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self._back = Scrollback(capacity)
        self._paint = Paint()
        self._cursor: int | None = None
        self._left = 0
        self._cache: dict[Place, tuple[Strip, Strip]] = {}
        self._empty = empty
        self._hidden = False  # other lines come in a moment: until then none, and the scroll bar stays

    @property
    def scrollback(self) -> Scrollback:
        """The lines that are kept."""
        return self._back

    def notify_style_update(self) -> None:
        """Forget what was drawn in another theme."""
        super().notify_style_update()
        self._cache.clear()

    def render_line(self, y: int) -> Strip:
        """One line of the widget."""
        width = self.scrollable_content_region.width
        if self._hidden:
            return Strip.blank(width, self.rich_style)
        row = y + self.scroll_offset.y
        place = self._back.locate(row)
        if place is None:
            if y == 1 and not len(self._back) and self._empty:
                return self.line([Span("  " + self._empty, Tone.MUTED)], width)
            return Strip.blank(width, self.rich_style)
        under = place.number == self._cursor
        special = under or self.text_selection is not None
        drawn = None if special else self._cache.get(place)
        if drawn is None:
            drawn = self._draw(place, row, under=under)
            if not special:
                if len(self._cache) > _CACHED:
                    self._cache.clear()
                self._cache[place] = drawn
        gutter, text = drawn
        if self._left:
            text = text.crop(self._left)
        # The offsets let the mouse select characters; the gutter has none.
        strip = Strip.join([gutter, text.apply_offsets(self._left, row)])
        return strip.adjust_cell_length(width, self._ground(under=under))

    def _ground(self, *, under: bool) -> Style:
        cursor = self.get_component_rich_style("log--cursor", partial=True)
        return self.rich_style + cursor if under else self.rich_style

    def _draw(self, place: Place, row: int, *, under: bool) -> tuple[Strip, Strip]:
        """The gutter and the text of a row."""
        line = self._back.line(place.number)
        ground = self._ground(under=under)
        unfolded = self._back.is_unfolded(place.number)
        text = self._paint.text_of(line, self.style_of, unfolded=unfolded)
        if self._back.wrap or unfolded:
            text = text[slice(*self._back.extent(place, text.plain))]
        selected = self.text_selection.get_span(row) if self.text_selection is not None else None
        if selected is not None:
            start, end = selected
            ground_of = self.screen.get_component_rich_style(
                "screen--selection"
            )  # its own colour hides the text
            text.stylize(Style(bgcolor=ground_of.bgcolor), start, len(text.plain) if end < 0 else end)
        gutter = self._gutter_of(line, ground, first=place.part == 0, under=under)
        rendered = text.render(self.app.console)
        return Strip(gutter), Strip(
            Segment(part, ground + (style or Style.null())) for part, style, _ in rendered
        )

    def _gutter_of(self, line: Line, ground: Style, *, first: bool, under: bool) -> list[Segment]:
        spans = [Span("▌" if under else " ", Tone.ACCENT), *self._paint.gutter_of(line, first=first)]
        gutter = [Segment(span.text, ground + self.style_of(span.tone)) for span in spans]
        if self._paint.mixed:
            colour = hue(self._paint.hue_of(line.service), dark=self.app.current_theme.dark)
            gutter.append(Segment(self._paint.name_of(line, first=first), ground + Style(color=colour)))
            sign = self._paint.sign_of(line, first=first)
            gutter.append(Segment(sign.text, ground + self.style_of(sign.tone)))
        return gutter

    # --- selection with the mouse -----------------------------------------------------------------

    def selection_updated(self, selection: Selection | None) -> None:  # noqa: ARG002 -- Textual's signature
        """Draw what is selected now."""
        self.refresh()

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The selected characters as they are shown."""
        return selected_text(self._back, selection), "\n"
