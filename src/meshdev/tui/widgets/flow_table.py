"""A `LiveTable` over very many rows that only come at its end: a row is made when it is drawn.

While it *follows*, the cursor is on the newest row, the last one; in a list that is sorted by something else, on the
first one. Whoever moves it or scrolls takes hold of the list (`Held`); going to that end lets it go on (`LetGo`). Who
shows the rows decides what that means.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar, overload

from textual import events
from textual.message import Message

from meshdev.tui.model import Row
from meshdev.tui.widgets.extent import extend
from meshdev.tui.widgets.live_table import HEADER, LiveTable
from meshdev.wire.control import ExchangeView

_MEASURED = 60
_CACHED = 1000

T = TypeVar("T")


class _Rows(Sequence[Row]):
    """Rows of ``calls``, made when they are looked at."""

    def __init__(
        self, calls: Sequence[ExchangeView], make: Callable[[ExchangeView], Row], made: dict[int, Row]
    ) -> None:
        self.calls = calls
        self._make = make
        self.made = made

    def __len__(self) -> int:
        return len(self.calls)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | Sequence[Row]:
        if isinstance(index, slice):
            return _Rows(self.calls[index], self._make, self.made)
        return self._row(self.calls[index])

    def _row(self, call: ExchangeView) -> Row:
        row = self.made.get(call.seq)
        if row is None:
            if len(self.made) > _CACHED:
                self.made.clear()
            row = self.made[call.seq] = self._make(call)
        return row

    def __iter__(self) -> Iterator[Row]:
        return map(self._row, self.calls)


class FlowTable(LiveTable):
    """See the module."""

    class Held(Message):
        """Somebody wants to look at what is there."""

    class LetGo(Message):
        """Somebody wants to see the newest again."""

    _calls: Sequence[ExchangeView] = ()
    _make: Callable[[ExchangeView], Row] | None = None
    _index: dict[int, int] | None = None

    @property
    def call(self) -> ExchangeView | None:
        """The call under the cursor."""
        place = self._place(self.cursor)
        return None if place is None else self._calls[place]

    def show_calls(
        self,
        calls: Sequence[ExchangeView],
        make: Callable[[ExchangeView], Row],
        *,
        fresh: Sequence[ExchangeView],
        following: bool,
        empty: str,
        sorted_by: str = "",
    ) -> None:
        """Show ``calls``, of which ``fresh`` are new, each as the row that ``make`` makes of it.

        They come by rising seq, or as the column ``sorted_by`` says.
        """
        old_place = self._place(self.cursor)
        self._calls = calls
        if make != self._make or not isinstance(self._rows, _Rows):
            self._make, made = make, {}
        else:
            made = self._rows.made
        self._rows = _Rows(calls, make, made)
        self._index = None
        self._empty, self._sorted_by = empty, sorted_by
        self._want([make(call) for call in fresh[-_MEASURED:]])
        if len(self._drawn) > _CACHED:
            self._drawn.clear()
        extend(self, len(calls) + HEADER)
        if following and calls:
            if self._place(self.cursor) != self._front:
                self._put(self._front)
        else:
            self._keep_cursor(old_place)
        self.refresh()

    @property
    def _front(self) -> int:
        """The place that is followed."""
        return 0 if self._sorted_by else len(self._calls) - 1

    def to_front(self) -> None:
        """Put the cursor there."""
        if self._calls:
            self._put(self._front)

    def _place(self, key: str | None) -> int | None:
        if not key:
            return None
        seq = int(key)
        if self._sorted_by:
            if self._index is None:
                self._index = {call.seq: place for place, call in enumerate(self._calls)}
            return self._index.get(seq)
        place = bisect_left(self._calls, seq, key=lambda call: call.seq)
        return place if place < len(self._calls) and self._calls[place].seq == seq else None

    def on_resize(self) -> None:
        """Keep the cursor in sight when there is less room."""
        place = self._place(self.cursor)
        if place is not None:
            self._scroll_into_view(place)

    def action_move(self, by: int) -> None:
        """Move the cursor; the list stands still from then on."""
        self.post_message(self.Held())
        super().action_move(by)

    def action_edge(self, direction: int) -> None:
        """To the first row or to the last; the one that is followed is followed again."""
        super().action_edge(direction)
        if (direction > 0) != bool(self._sorted_by):
            self.post_message(self.LetGo())

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scrolling back takes hold of the list, too."""
        del event
        self.post_message(self.Held())

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Where the first row is followed, that is scrolling away."""
        del event
        if self._sorted_by:
            self.post_message(self.Held())

    def on_click(self, event: events.Click) -> None:
        """A click on a row takes hold of the list; the rest is done by the base, which Textual calls too."""
        if event.y >= HEADER:
            self.post_message(self.Held())
