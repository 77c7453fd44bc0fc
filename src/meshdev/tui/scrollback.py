"""The lines of a log pane: a bounded ring with a filtered view, wrapping and search. Pure; the widget only draws.

Every line has a number that never changes (`first` is the oldest one kept). The *view* is the numbers that pass the
filter; a *row* is one screen line of the view, counted from `base`, which grows as lines leave. Without wrapping a
row is a line. Costs: `extend` a few hundred nanoseconds a line without a filter, `locate` O(log n).
"""

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from meshdev.tui.ansi import parts
from meshdev.tui.logline import shown


class Line(NamedTuple):
    """A line as it was written, without its end; ``source`` is the instance, ``at`` epoch seconds (0: unknown)."""

    text: str
    source: str = ""
    stream: str = "stdout"
    at: float = 0.0


class Place(NamedTuple):
    """A row's line (by number) and which part of it the row shows (from 0)."""

    number: int
    part: int


Predicate = Callable[[Line], bool]


class Scrollback:
    """A ring of at most ``capacity`` lines and ``budget`` characters; see the module for the words."""

    def __init__(self, capacity: int = 20_000, budget: int = 16_000_000) -> None:
        self.capacity = capacity
        self.budget = budget
        self.first = 0
        self.widest = 0
        self._lines: list[Line] = []
        self._head = 0
        self._characters = 0
        self._keep: Predicate | None = None
        self._wrap = 0
        self._folded = True
        # Numbers of the lines in view, and the row that each begins at; parallel, with the same dead head.
        self._view = array("q")
        self._starts = array("q")
        self._view_head = 0
        self._end = 0

    def __len__(self) -> int:
        return len(self._lines) - self._head

    @property
    def rows(self) -> int:
        """Screen rows of the view."""
        return self._end - self.base

    @property
    def base(self) -> int:
        """The first row that still exists, counted since the view was made."""
        return self._starts[self._view_head] if self._view_head < len(self._starts) else self._end

    @property
    def in_view(self) -> int:
        """Lines that pass the filter."""
        return len(self._view) - self._view_head

    @property
    def wrap(self) -> int:
        """The width that lines are wrapped at; 0 means not at all."""
        return self._wrap

    def line(self, number: int) -> Line:
        """The line of that number; IndexError when it has left."""
        if number < self.first:
            raise IndexError(number)
        return self._lines[number - self.first + self._head]

    def __contains__(self, number: object) -> bool:
        return isinstance(number, int) and self.first <= number < self.first + len(self)

    def extend(self, lines: Sequence[Line]) -> int:
        """Append ``lines``, let the oldest go; answers how many rows left at the top."""
        before = self.base
        lines = lines[-self.capacity :] if len(lines) > self.capacity else lines
        number = self.first + len(self)
        self._lines.extend(lines)
        if lines:
            sizes = [len(line.text) for line in lines]
            self._characters += sum(sizes)
            # At most two cells a character; an upper bound is enough to know how far to the side one may go.
            cells = (
                size if line.text.isascii() else 2 * size for line, size in zip(lines, sizes, strict=True)
            )
            self.widest = max(self.widest, *cells)
        self._show(number, lines)
        self._trim()
        return self.base - before

    def clear(self) -> None:
        """Forget everything; numbers go on."""
        self.first += len(self)
        self._lines.clear()
        self._head = 0
        self._characters = 0
        self.widest = 0
        self._rebuild()

    def show_only(self, keep: Predicate | None) -> None:
        """View only the lines that pass ``keep`` (None: all)."""
        self._keep = keep
        self._rebuild()

    def lay_out(self, *, wrap: int, folded: bool) -> None:
        """Wrap lines at ``wrap`` cells (0: not at all); ``folded`` as in `logline.shown`."""
        if (wrap, folded) != (self._wrap, self._folded):
            again = wrap != self._wrap or wrap > 0
            self._wrap, self._folded = wrap, folded
            if again:
                self._rebuild()

    def locate(self, row: int) -> Place | None:
        """Which line, and which part of it, stands at ``row`` (0 is the top of the view); None below the end."""
        wanted = row + self.base
        if row < 0 or wanted >= self._end:
            return None
        index = bisect_right(self._starts, wanted, self._view_head) - 1
        return Place(self._view[index], wanted - self._starts[index])

    def extent(self, place: Place, text: str) -> tuple[int, int]:
        """Where the row's part of its line's shown ``text`` begins and ends, in characters."""
        starts = [*parts(text, self._wrap), len(text)]
        return starts[place.part], starts[place.part + 1]

    def row_of(self, number: int) -> int | None:
        """The row at which the line of that number begins; None when it is not in view."""
        index = bisect_right(self._view, number, self._view_head) - 1
        if index < self._view_head or self._view[index] != number:
            return None
        return self._starts[index] - self.base

    def step(self, number: int, by: int) -> int | None:
        """The number ``by`` lines further down (or up) the view, stopping at its ends; None when it is empty."""
        if not self.in_view:
            return None
        index = bisect_right(self._view, number, self._view_head) - 1 + by
        return self._view[min(max(index, self._view_head), len(self._view) - 1)]

    def last(self) -> int | None:
        """The newest line's number in view."""
        return self._view[-1] if self.in_view else None

    def find(self, match: Predicate, after: int, *, backwards: bool = False) -> int | None:
        """The next line in view after (before) the line ``after`` that passes ``match``, going round once."""
        if not self.in_view:
            return None
        middle = bisect_right(self._view, after, self._view_head)
        own = middle > self._view_head and self._view[middle - 1] == after
        ahead: Iterable[int] = (*range(middle, len(self._view)), *range(self._view_head, middle))
        if backwards:
            below = middle - own
            ahead = (*range(below - 1, self._view_head - 1, -1), *range(len(self._view) - 1, below - 1, -1))
        for index in ahead:
            number = self._view[index]
            if match(self.line(number)):
                return number
        return None

    def count(self, match: Predicate) -> int:
        """How many lines in view pass ``match``."""
        return sum(1 for number in self._view[self._view_head :] if match(self.line(number)))

    def _height(self, line: Line) -> int:
        if not self._wrap:
            return 1
        return len(parts(shown(line.text, folded=self._folded), self._wrap))

    def _show(self, number: int, lines: Sequence[Line]) -> None:
        if self._keep is None and not self._wrap:
            self._view.extend(range(number, number + len(lines)))
            self._starts.extend(range(self._end, self._end + len(lines)))
            self._end += len(lines)
            return
        for offset, line in enumerate(lines):
            if self._keep is None or self._keep(line):
                self._view.append(number + offset)
                self._starts.append(self._end)
                self._end += self._height(line)

    def _trim(self) -> None:
        excess = max(0, len(self) - self.capacity)
        leaving = sum(len(line.text) for line in self._lines[self._head : self._head + excess])
        while self._characters - leaving > self.budget and excess < len(self) - 1:
            leaving += len(self._lines[self._head + excess].text)
            excess += 1
        if not excess:
            return
        self._characters -= leaving
        self.first += excess
        self._head += excess
        dead = max(1024, self.capacity // 4)  # dead lines are kept for a while: one copy per so many lines
        if self._head > dead:
            del self._lines[: self._head]
            self._head = 0
        self._view_head = bisect_right(self._view, self.first - 1, self._view_head)
        if self._view_head > dead:
            del self._view[: self._view_head]
            del self._starts[: self._view_head]
            self._view_head = 0

    def _rebuild(self) -> None:
        self._view = array("q")
        self._starts = array("q")
        self._view_head = 0
        self._end = 0
        self._show(self.first, self._lines[self._head :])
