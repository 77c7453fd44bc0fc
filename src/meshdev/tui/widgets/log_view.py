"""The lines of a log as they come: batches are taken in at 15 frames a second, only visible lines are parsed.

While it *follows*, the newest line is at the bottom. Whoever scrolls up, moves the line cursor or presses pause
freezes the picture: what arrives meanwhile waits (bounded) and is counted, so nothing moves under the reader's eyes.
"""

import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from meshdev.tui.ansi import parts, styled
from meshdev.tui.logline import fold, shown
from meshdev.tui.scrollback import Line, Place, Scrollback
from meshdev.tui.tone import Span, Tone
from meshdev.tui.widgets.toned import Toned

if TYPE_CHECKING:
    from textual.timer import Timer

FRAME = 1 / 15
"""Seconds between two intakes of waiting lines."""

_SIDEWAYS = 12
_CACHED = 400
_SLOTS = (Tone.ACCENT, Tone.OK, Tone.WARN, Tone.MUTED)


@dataclass(frozen=True, slots=True)
class LogStatus:
    """What the pane's title says: ``waiting`` lines have come while it is paused, ``hits`` lines match."""

    following: bool = True
    waiting: int = 0
    wrapped: bool = False
    pattern: str = ""
    only: bool = False
    hits: int | None = None
    lost: int = 0


class LogView(Toned, ScrollView, can_focus=True):
    """See the module."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"log--cursor"}

    DEFAULT_CSS = """
    LogView {
        background: $surface;
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
        & > .log--cursor { background: $cursor; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown,space", "page(1)", "Page down", show=False),
        Binding("home,g", "edge(-1)", "Oldest", show=False),
        Binding("end,G", "edge(1)", "Newest", show=False),
        Binding("left,h", "sideways(-1)", "Left", show=False),
        Binding("right", "sideways(1)", "Right", show=False),
        Binding("n", "find(1)", "Next match", show=False),
        Binding("N", "find(-1)", "Previous match", show=False),
    ]

    class Changed(Message):
        """The pane's status is another one."""

        def __init__(self, status: LogStatus) -> None:
            super().__init__()
            self.status = status

        def can_replace(self, message: Message) -> bool:
            """Only the last status counts."""
            return isinstance(message, LogView.Changed)

    def __init__(self, *, capacity: int = 20_000, empty: str = "", id: str | None = None) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self._back = Scrollback(capacity)
        self._waiting: deque[Line] = deque(maxlen=capacity)
        self._waiting_count = 0
        self._lost = 0
        self._following = True
        self._moving = False
        self._wrapped = False
        self._folded = True
        self._times = False
        self._cursor: int | None = None
        self._left = 0
        self._pattern: re.Pattern[str] | None = None
        self._only = False
        self._sources: dict[str, int] = {}
        self._several = False
        self._cache: dict[Place, Strip] = {}
        self._flush: Timer | None = None
        self._empty = empty
        self._status = LogStatus()

    # --- data -------------------------------------------------------------------------------------

    @property
    def status(self) -> LogStatus:
        """What the title says."""
        return self._status

    @property
    def scrollback(self) -> Scrollback:
        """The lines that are kept."""
        return self._back

    def feed(self, lines: Sequence[Line], *, lost: int = 0) -> None:
        """Take ``lines`` in at the next frame; ``lost`` lines before them were skipped because they were too many."""
        self._waiting.extend(lines)
        self._waiting_count += len(lines)
        self._lost += lost
        if self._flush is not None:
            self._flush.resume()

    def clear(self, empty: str | None = None) -> None:
        """Forget all lines (another service is shown) and follow again; the pattern stays."""
        self._back.clear()
        self._waiting.clear()
        self._waiting_count = self._lost = self._left = 0
        self._sources.clear()
        self._several = False
        self._cursor = None
        self._following = True
        self._empty = self._empty if empty is None else empty
        self._lay_out()
        self._tell()

    def current(self) -> Line | None:
        """The line under the cursor, or the newest one."""
        number = (
            self._cursor if self._cursor is not None and self._cursor in self._back else self._back.last()
        )
        return None if number is None else self._back.line(number)

    def on_mount(self) -> None:
        """Begin to take in what waits."""
        self._flush = self.set_interval(FRAME, self._take_in, pause=not self._waiting)

    def _take_in(self) -> None:
        if self._flush is not None:
            self._flush.pause()
        if not self._waiting_count:
            return
        if not self._following:
            self._tell()
            return
        batch = list(self._waiting)
        self._lost += self._waiting_count - len(batch)
        self._waiting.clear()
        self._waiting_count = 0
        self._note_sources(batch)
        self._back.extend(batch)
        self._resize_content()
        self._to_end()
        self.refresh()
        self._tell()

    def _note_sources(self, batch: Sequence[Line]) -> None:
        fresh = {line.source for line in batch} - self._sources.keys()
        for source in sorted(fresh - {""}):
            self._sources[source] = len(self._sources)
        if len(self._sources) > 1 and not self._several:
            self._several = True
            self._lay_out()

    # --- modes ------------------------------------------------------------------------------------

    def follow(self, following: bool) -> None:  # noqa: FBT001 -- a state, named by the verb
        """Follow the newest line, or freeze."""
        self._following = following
        if following:
            self._cursor = None
            self._take_in()
            self._to_end()
        self.refresh()
        self._tell()

    def toggle_follow(self) -> None:
        """Pause, or go on."""
        self.follow(not self._following)

    def toggle_wrap(self) -> None:
        """Break long lines, or let them run out of sight."""
        self._wrapped = not self._wrapped
        self._left = 0
        self._lay_out()
        self._tell()

    def toggle_folded(self) -> None:
        """Show structured lines folded, or as they were written."""
        self._folded = not self._folded
        self._lay_out()

    def toggle_times(self) -> None:
        """Show when each line was read, or don't."""
        self._times = not self._times
        self._lay_out()

    def search(self, pattern: str, *, only: bool = False) -> None:
        """Mark what matches ``pattern`` (a regular expression, smart case); ``only``: hide the other lines."""
        self._pattern = compile_pattern(pattern) if pattern else None
        self._only = only and bool(pattern)
        self._back.show_only(self._matches if self._only else None)
        self._status = LogStatus(pattern=pattern)  # so that `_tell` sees the pattern as typed
        self._lay_out()
        self._tell(pattern)

    def _matches(self, line: Line) -> bool:
        return (
            self._pattern is None or self._pattern.search(shown(line.text, folded=self._folded)) is not None
        )

    def _tell(self, pattern: str | None = None) -> None:
        pattern = self._status.pattern if pattern is None else pattern
        hits = self._back.in_view if self._only else None
        status = LogStatus(
            self._following,
            0 if self._following else self._waiting_count,
            self._wrapped,
            pattern,
            self._only,
            hits,
            self._lost,
        )
        if status != self._status or pattern:
            self._status = status
            self.post_message(self.Changed(status))

    # --- geometry ---------------------------------------------------------------------------------

    @property
    def _gutter(self) -> int:
        """Cells left of the text: cursor mark, time, instance."""
        return 1 + (9 if self._times else 0) + (self._source_width + 1 if self._several else 0)

    @property
    def _source_width(self) -> int:
        return max((len(_slot(source)) for source in self._sources), default=0)

    @property
    def _text_width(self) -> int:
        return max(1, self.scrollable_content_region.width - self._gutter)

    def _lay_out(self) -> None:
        if not self.is_attached:
            return
        top = None if self._following else self._back.locate(self.scroll_offset.y)
        # One cell is kept for the scroll bar, so that its coming doesn't break all lines anew.
        width = max(8, self.content_region.width - 1 - self._gutter)
        self._back.lay_out(wrap=width if self._wrapped else 0, folded=self._folded)
        self._cache.clear()
        self._resize_content()
        if self._following:
            self._to_end()
        elif top is not None and (row := self._back.row_of(top.number)) is not None:
            self._scroll(row)
        self.refresh()

    def _resize_content(self) -> None:
        self.virtual_size = Size(0, self._back.rows)

    def _to_end(self) -> None:
        self._scroll(self.max_scroll_y)

    def _scroll(self, row: float) -> None:
        self._moving = True
        self.scroll_to(y=row, animate=False, immediate=True)
        self._moving = False

    def on_resize(self) -> None:
        """Lay out for the new size."""
        self._lay_out()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Freeze when somebody scrolls up."""
        super().watch_scroll_y(old_value, new_value)
        if self._following and not self._moving and new_value < old_value and new_value < self.max_scroll_y:
            self._following = False
            self._tell()

    def on_mouse_scroll_down(self) -> None:
        """Scrolling on at the end follows again."""
        if not self._following and self.scroll_offset.y >= self.max_scroll_y:
            self.follow(following=True)

    # --- line cursor ------------------------------------------------------------------------------

    def action_move(self, by: int) -> None:
        """Move the line cursor; the first move freezes the picture and takes the newest line."""
        if self._cursor is None or self._cursor not in self._back:
            start = self._back.last()
        else:
            start = self._back.step(self._cursor, by)
        if start is not None:
            self._put(start)

    def action_page(self, direction: int) -> None:
        """Move by a screenful."""
        self.action_move(direction * max(1, self.size.height - 1))

    def action_edge(self, direction: int) -> None:
        """The oldest line; or the newest one, followed."""
        if direction > 0:
            self.follow(following=True)
        elif (number := self._back.step(self._back.first, -len(self._back))) is not None:
            self._put(number)

    def action_sideways(self, direction: int) -> None:
        """Move the text sideways where lines are not wrapped."""
        if not self._wrapped:
            most = max(0, self._back.widest - self._text_width)
            self._left = min(max(0, self._left + direction * _SIDEWAYS), most)
            self.refresh()

    def action_find(self, direction: int) -> None:
        """Go to the next (previous) line that matches."""
        if self._pattern is None:
            return
        here = self._cursor if self._cursor is not None else self._back.first + len(self._back)
        number = self._back.find(self._matches, here, backwards=direction < 0)
        if number is None:
            self.app.bell()
        else:
            self._put(number)

    def on_click(self, event: events.Click) -> None:
        """Take the line under the mouse."""
        place = self._back.locate(event.y + self.scroll_offset.y)
        if place is not None:
            self._put(place.number)

    def _put(self, number: int) -> None:
        self._following = False
        self._cursor = number
        row = self._back.row_of(number)
        if row is not None:
            top, height = self.scroll_offset.y, max(1, self.size.height)
            if row < top:
                self._scroll(row)
            elif row >= top + height:
                self._scroll(row - height + 1)
        self.refresh()
        self._tell()

    # --- drawing ----------------------------------------------------------------------------------

    def notify_style_update(self) -> None:
        """Forget what was drawn in another theme."""
        super().notify_style_update()
        self._cache.clear()

    def render_line(self, y: int) -> Strip:
        """One line of the widget."""
        width = self.scrollable_content_region.width
        place = self._back.locate(y + self.scroll_offset.y)
        if place is None:
            if y == 1 and not len(self._back) and self._empty:
                return self.line([Span("  " + self._empty, Tone.MUTED)], width)
            return Strip.blank(width, self.rich_style)
        under = place.number == self._cursor
        strip = None if under else self._cache.get(place)
        if strip is None:
            strip = self._draw(place, under=under)
            if not under:
                if len(self._cache) > _CACHED:
                    self._cache.clear()
                self._cache[place] = strip
        ground = self.rich_style + (self._cursor_style if under else Style.null())
        if self._left and not self._wrapped:
            gutter = self._gutter
            strip = Strip.join([strip.crop(0, gutter), strip.crop(gutter + self._left)])
        return strip.adjust_cell_length(width, ground)

    @property
    def _cursor_style(self) -> Style:
        return self.get_component_rich_style("log--cursor", partial=True)

    def _draw(self, place: Place, *, under: bool) -> Strip:
        line = self._back.line(place.number)
        ground = self.rich_style + (self._cursor_style if under else Style.null())
        text = self._text_of(line)
        if self._pattern is not None:
            mark = self.style_of(Tone.MATCH)
            for match in self._pattern.finditer(text.plain):
                text.stylize(mark, *match.span())
        if self._back.wrap:
            starts = [*parts(text.plain, self._back.wrap), len(text.plain)]
            text = text[starts[place.part] : starts[place.part + 1]]
        segments = [Segment("▌" if under else " ", ground + self.style_of(Tone.ACCENT))]
        segments += self._draw_gutter(line, first=place.part == 0, ground=ground)
        segments += [
            Segment(part, ground + (style or Style.null()))
            for part, style, _ in text.render(self.app.console)
        ]
        return Strip(segments)

    def _draw_gutter(self, line: Line, *, first: bool, ground: Style) -> list[Segment]:
        segments = []
        if self._times:
            stamp = (
                f"{datetime.fromtimestamp(line.at).astimezone():%H:%M:%S} " if line.at and first else " " * 9
            )
            segments.append(Segment(stamp, ground + self.style_of(Tone.FAINT)))
        if self._several:
            tone = _SLOTS[self._sources.get(line.source, 0) % len(_SLOTS)]
            slot = _slot(line.source) if first else ""
            segments.append(Segment(slot.rjust(self._source_width) + "│", ground + self.style_of(tone)))
        return segments

    def _text_of(self, line: Line) -> Text:
        spans = fold(line.text) if self._folded else None
        if spans is None:
            text = styled(line.text)
            if line.stream == "meshdev":
                text.stylize(self.style_of(Tone.ACCENT))
            return text
        text = Text(no_wrap=True, end="")
        for span in spans:
            text.append(span.text, self.style_of(span.tone))
        return text


def compile_pattern(pattern: str) -> re.Pattern[str]:
    """A regular expression, or the very text when it is none; small letters match both cases."""
    flags = re.IGNORECASE if pattern == pattern.lower() else re.NOFLAG
    try:
        return re.compile(pattern, flags)
    except re.error:
        return re.compile(re.escape(pattern), flags)


def _slot(source: str) -> str:
    """What tells a service's instances apart: ``0`` of ``orders-0``."""
    return source.rpartition("-")[2] or source
