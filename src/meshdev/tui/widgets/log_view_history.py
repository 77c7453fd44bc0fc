"""A log pane over a whole history: older lines come from the disk as one scrolls up, newer ones on the way down.

While it follows it is a `LogView`. Frozen, it asks for what lies beyond its edges (`Wanted`) and takes it in without
moving what the reader looks at. Far from the newest line it is *detached*: it shows a window of the past, and following
again means that whoever feeds it begins anew (`Resumed`). Searching beyond the edges is asked for, too (`Beyond`).
"""

from collections.abc import Sequence

from textual.message import Message

from meshdev.tui.log_paint import MARK
from meshdev.tui.logline import can_unfold
from meshdev.tui.scrollback import Line
from meshdev.tui.widgets.log_view import LogView

KEPT = 60_000
"""Lines of a window of the past."""


class HistoryLog(LogView):
    """See the module."""

    class Wanted(Message):
        """Lines before the first (``older``) or after the last one are wanted."""

        def __init__(self, *, older: bool) -> None:
            super().__init__()
            self.older = older

    class Beyond(Message):
        """The next match is wanted, and is not among the lines that are here."""

        def __init__(self, *, older: bool) -> None:
            super().__init__()
            self.older = older

    class Resumed(Message):
        """The newest lines are wanted again after a window of the past."""

    class Moved(Message):
        """The line under the cursor is another one."""

        def can_replace(self, message: Message) -> bool:
            """Once is enough."""
            return isinstance(message, HistoryLog.Moved)

    def __init__(self, *, capacity: int = 20_000, id: str | None = None) -> None:  # noqa: A002 -- Textual's name
        super().__init__(capacity=capacity, id=id)
        self._paint.mixed = True
        self._paint.times = True
        self._begins: int | None = None
        self._detached = False

    # --- the window -------------------------------------------------------------------------------

    @property
    def detached(self) -> bool:
        """Whether the newest lines are not here."""
        return self._detached

    @property
    def at_beginning(self) -> bool:
        """Whether there is nothing before the first line that is here; the ring may have let go of some."""
        return self._begins is not None and self._back.first <= self._begins

    @property
    def full(self) -> bool:
        """Whether the pane has more lines than it shows."""
        return self._back.rows > self.size.height > 0

    @property
    def cursor_line(self) -> Line | None:
        """The line under the cursor; None while there is no cursor."""
        cursor = self._cursor
        return self._back.line(cursor) if cursor is not None and cursor in self._back else None

    def order_services(self, names: Sequence[str]) -> None:
        """Give each service its colour: by its place in the topology."""
        if list(self._paint.services) != list(names):
            self._paint.services = {name: number for number, name in enumerate(names)}
            self._cache.clear()
            self.refresh()

    def take_in(self) -> None:
        """Take in at once what waits."""
        self._take_in()

    def say_empty(self, text: str) -> None:
        """What stands here while there are no lines."""
        if text != self._empty:
            self._empty = text
            self.refresh()

    def clear(self, empty: str | None = None) -> None:
        """Begin anew."""
        self._begins = None
        self._detached = False
        super().clear(empty)

    def put_before(self, lines: Sequence[Line], *, beginning: bool) -> None:
        """Older lines have come; what is on the screen stays where it is."""
        if not lines:
            self._begins = self._back.first if beginning else None
            self._tell()
            return
        if self._paint.note(lines):
            self._lay_out()
        top = self.scroll_offset.y
        rows = self._back.prepend(lines)
        self._begins = self._back.first if beginning else None
        if not self._following and len(self._back) > KEPT and self._back.drop_newest(len(self._back) - KEPT):
            self._detach()
        self._resize_content()
        if self._following:
            self._to_end()
        else:
            self._scroll(top + rows)
        self.refresh()
        self._tell()

    def put_after(self, lines: Sequence[Line], *, end: bool) -> None:
        """Newer lines have come to a detached window; ``end``: these are the newest ones."""
        if lines:
            self._paint.note(lines)
            left = self._back.extend(lines)
            self._resize_content()
            self._scroll(max(0, self.scroll_offset.y - left))
            self.refresh()
        if end and not lines:
            self.follow(following=True)

    def show_window(self, lines: Sequence[Line], at: int, *, beginning: bool) -> None:
        """Show a window of the past with the cursor on its line ``at``."""
        pattern = self._status.pattern
        super().clear()
        self._detach()
        self._following = False
        self._paint.note(lines)
        self._back.extend(lines)
        self._begins = self._back.first if beginning else None
        self._resize_content()
        self._tell(pattern)
        self._put(self._back.first + at)
        self._centre()

    def _detach(self) -> None:
        self._detached = True
        self._waiting.clear()
        self._waiting_count = 0

    def follow(self, following: bool) -> None:  # noqa: FBT001 -- as in LogView
        """Follow the newest line, wherever it is, or freeze."""
        if following and self._detached:
            self.post_message(self.Resumed())
        else:
            super().follow(following)

    def action_page(self, direction: int) -> None:
        """Move by a screenful; down from the newest line means to follow."""
        newest = self._cursor is not None and self._cursor == self._back.last()
        if direction > 0 and (self._following or (newest and not self._detached)):
            self.follow(following=True)
        else:
            super().action_page(direction)

    def action_edge(self, direction: int) -> None:
        """The oldest line that is here (and what is before it); or the newest one."""
        super().action_edge(direction)
        self._look_beyond()

    # --- what lies beyond -------------------------------------------------------------------------

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Ask for more near an edge."""
        super().watch_scroll_y(old_value, new_value)
        self._look_beyond()

    def _look_beyond(self) -> None:
        """Ask for what comes before or after, a screenful before it is reached."""
        if self._following or self._moving:
            return
        room = self.size.height
        if self.scroll_offset.y < room and not self.at_beginning:
            self.post_message(self.Wanted(older=True))
        elif self._detached and self.scroll_offset.y > self.max_scroll_y - room:
            self.post_message(self.Wanted(older=False))

    def _put(self, number: int) -> None:
        super()._put(number)
        self._look_beyond()
        self.post_message(self.Moved())

    def _centre(self) -> None:
        row = self._back.row_of(self._cursor) if self._cursor is not None else None
        if row is not None:
            self._scroll(max(0, row - self.size.height // 2))

    def action_find(self, direction: int) -> None:
        """Go to the next (previous) line that matches, wherever it is."""
        if self._paint.pattern is None:
            return
        here = self._cursor if self._cursor is not None else self._back.first + len(self._back)
        number = self._back.find(self._paint.matches, here, backwards=direction < 0, around=False)
        if number is not None:
            self._put(number)
            self.reveal(number)
        else:
            self.post_message(self.Beyond(older=direction < 0))

    # --- entries ----------------------------------------------------------------------------------

    def reveal(self, number: int) -> None:
        """Unfold a stack trace when what is searched for is inside."""
        if self._paint.pattern is not None and not self._paint.pattern.search(self._back.shown(number)):
            self._unfold(number, on=True)

    def toggle_unfolded(self) -> bool:
        """Unfold the stack trace under the cursor, or fold it; False when it is none."""
        number = self._cursor if self._cursor is not None else self._back.last()
        if number is None or number not in self._back:
            return False
        line = self._back.line(number)
        if line.stream == MARK or not can_unfold(line.text, folded=self._paint.folded):
            return False
        self._put(number)
        self._unfold(number, on=not self._back.is_unfolded(number))
        return True

    def _unfold(self, number: int, *, on: bool) -> None:
        self._back.unfold(number, on=on)
        self._cache.clear()
        self._resize_content()
        row, height = self._back.row_of(number), self.size.height
        if on and row is not None:
            below = row + self._back.shown(number).count("\n") + 1 - (self.scroll_offset.y + height)
            if below > 0:
                self._scroll(min(row, self.scroll_offset.y + below))
        self.refresh()

    def on_resize(self) -> None:
        """Narrow terminals have less room for names."""
        self._paint.room = 11 if self.size.width < 100 else 16  # noqa: PLR2004 -- see above
        # As long with the scroll bar as without it: whether it is there already is a matter of chance.
        self._paint.rule = max(20, self.content_region.width - 1 - self._gutter)
        self._cache.clear()
