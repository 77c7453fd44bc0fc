"""The lines of a log as they come: batches are taken in at 15 frames a second, only visible lines are parsed.

While it *follows*, the newest line is at the bottom. Whoever scrolls up, moves the line cursor or presses pause
freezes the picture: what arrives meanwhile waits (bounded) and is counted, so nothing moves under the reader's eyes.
"""

from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from meshdev.tui.log_paint import compile_pattern
from meshdev.tui.panes import LogStatus
from meshdev.tui.scrollback import Line
from meshdev.tui.widgets.extent import extend
from meshdev.tui.widgets.log_view_rows import LogRows

if TYPE_CHECKING:
    from textual.timer import Timer

FRAME = 1 / 15
"""Seconds between two intakes of waiting lines."""

_MOMENT = 0.25
"""Seconds that are waited for the first lines of another log."""
_SIDEWAYS = 12


class LogView(LogRows):
    """See the module."""

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
        super().__init__(capacity=capacity, empty=empty, id=id)
        self._waiting: deque[Line] = deque(maxlen=capacity)
        self._waiting_count = 0
        self._lost = 0
        self._following = True
        self._moving = False
        self._wrapped = False
        self._only = False
        self._flush: Timer | None = None
        self._outdated: Timer | None = None
        self._status = LogStatus()

    # --- data -------------------------------------------------------------------------------------

    @property
    def status(self) -> LogStatus:
        """What the title says."""
        return self._status

    def feed(self, lines: Sequence[Line], *, lost: int = 0) -> None:
        """Take ``lines`` in at the next frame; ``lost`` lines before them were skipped because they were too many."""
        self._waiting.extend(lines)
        self._waiting_count += len(lines)
        self._lost += lost
        if self._flush is not None:
            self._flush.resume()

    def clear(self, empty: str | None = None) -> None:
        """Forget all lines (another service is shown) and follow again; the pattern stays."""
        self._forget_outdated()
        self._back.clear()
        self._waiting.clear()
        self._waiting_count = self._lost = self._left = 0
        self._paint.forget()
        self._cursor = None
        self._following = True
        self._empty = self._empty if empty is None else empty
        self._lay_out()
        self._tell()

    def supersede(self, empty: str) -> None:
        """Begin another log: nothing is shown until the first lines of it come, or for a moment.

        The scroll bar of the one before stays meanwhile, and with it the layout.
        """
        self._waiting.clear()
        self._waiting_count = self._lost = self._left = 0
        self._cursor = None
        self._following = True
        self._empty = empty
        if self._outdated is not None:
            self._outdated.stop()
        self._outdated = self.set_timer(_MOMENT, self.drop_outdated)
        if not self._hidden:
            self._hidden = True
            self.refresh()
        self._tell()

    def drop_outdated(self) -> None:
        """Nothing has come in place of the log before: show that."""
        if self._outdated is not None:
            self._forget_outdated()
            self._lay_out()

    def _forget_outdated(self) -> None:
        if self._outdated is not None:
            self._outdated.stop()
            self._outdated = None
            self._hidden = False
            self._back.clear()
            self._cache.clear()
            self._paint.forget()

    def current(self) -> Line | None:
        """The line under the cursor, or the newest one; None where none is shown."""
        if self._hidden:
            return None
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
        self._forget_outdated()
        batch = list(self._waiting)
        if any(line.more for line in batch):
            batch = self._join(batch)
        self._lost += self._waiting_count - len(self._waiting)
        self._waiting.clear()
        self._waiting_count = 0
        if self._paint.note(batch):
            self._lay_out()
        self._back.extend(batch)
        self._resize_content()
        self._to_end()
        self.refresh()
        self._tell()

    def _join(self, batch: list[Line]) -> list[Line]:
        """Put what goes on with an earlier stack trace there."""
        joined: list[Line] = []
        for line in batch:
            if not line.more:
                joined.append(line)
                continue
            at = next((at for at in range(len(joined) - 1, -1, -1) if _same(joined[at], line)), None)
            number = None if at is not None else self._back.find_last(lambda old, line=line: _same(old, line))  # type: ignore[misc]
            if at is not None:
                joined[at] = joined[at]._replace(text=f"{joined[at].text}\n{line.text}")
            elif number is not None:
                old = self._back.line(number)
                self._back.amend(number, old._replace(text=f"{old.text}\n{line.text}"))
                self._cache.clear()
            else:
                joined.append(line._replace(more=False))
        return joined

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
        self._paint.folded = not self._paint.folded
        self._lay_out()

    def toggle_times(self) -> None:
        """Show when each line was read, or don't."""
        self._paint.times = not self._paint.times
        self._lay_out()

    def search(self, pattern: str, *, only: bool = False) -> None:
        """Mark what matches ``pattern`` (a regular expression, smart case); ``only``: hide the other lines."""
        self._paint.pattern = compile_pattern(pattern) if pattern else None
        self._only = only and bool(pattern)
        self._back.show_only(self._paint.matches if self._only else None)
        self._status = LogStatus(pattern=pattern)  # so that `_tell` sees the pattern as typed
        self._lay_out()
        self._tell(pattern)

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
        return 1 + self._paint.gutter

    @property
    def _text_width(self) -> int:
        return max(1, self.scrollable_content_region.width - self._gutter)

    def _lay_out(self) -> None:
        if not self.is_attached:
            return
        top = None if self._following else self._back.locate(self.scroll_offset.y)
        # One cell is kept for the scroll bar, so that its coming doesn't break all lines anew.
        width = max(8, self.content_region.width - 1 - self._gutter)
        self._back.lay_out(wrap=width if self._wrapped else 0, folded=self._paint.folded)
        self._cache.clear()
        self._resize_content()
        if self._following:
            self._to_end()
        elif top is not None and (row := self._back.row_of(top.number)) is not None:
            self._scroll(row)
        self.refresh()

    def _resize_content(self) -> None:
        extend(self, self._back.rows)

    def _to_end(self) -> None:
        self._scroll(self.max_scroll_y)

    def _scroll(self, row: float) -> None:
        self._moving = True
        self.scroll_to(y=row, animate=False, immediate=True, force=True)
        self.vertical_scrollbar.position = self.scroll_y  # a bar that is not shown yet is not told
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
        if self._paint.pattern is None:
            return
        here = self._cursor if self._cursor is not None else self._back.first + len(self._back)
        number = self._back.find(self._paint.matches, here, backwards=direction < 0)
        if number is None:
            self.app.bell()
        else:
            self._put(number)

    def on_mouse_down(self) -> None:
        """Nothing may move under a selection."""
        if self._following:
            self.follow(following=False)

    def on_click(self, event: events.Click) -> None:
        """Take the line under the mouse, unless text was selected."""
        place = self._back.locate(event.y + self.scroll_offset.y)
        if place is not None and self.text_selection is None:
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


def _same(one: Line, other: Line) -> bool:
    """Whether two lines come from one stream."""
    return (one.source, one.stream, one.service) == (other.source, other.stream, other.service)
