"""The lines of a log pane: a bounded ring with a filtered view, wrapping and search. Pure; the widget only draws.

Every line has a number that never changes (`first` is the oldest one kept). The *view* is the numbers that pass the
filter; a *row* is one screen line of the view, counted from `base`, which grows as lines leave. Without wrapping a
row is a line, but for a stack trace that is unfolded. Older lines can be put before the first one, and the newest can
be let go, so that a window may move over a history that is longer than the ring. Costs: `extend` a few hundred
nanoseconds a line without a filter, `locate` O(log n).
"""

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from meshdev.tui.ansi import parts
from meshdev.tui.logline import shown


class Line(NamedTuple):
    """A line as it was written, without its end; ``source`` is the instance, ``at`` epoch seconds (0: unknown).

    A stack trace is one line with line feeds in it; ``more``: it goes on with the last line of the same stream.
    """

    text: str
    source: str = ""
    stream: str = "stdout"
    at: float = 0.0
    service: str = ""
    generation: int = 0
    more: bool = False


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
        self._unfolded: set[int] = set()
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
        self._note(lines)
        self._show(number, lines)
        self._trim()
        return self.base - before

    def prepend(self, lines: Sequence[Line]) -> int:
        """Put older ``lines`` before the first one, whatever the capacity; answers how many rows came at the top."""
        base = self.base
        del self._lines[: self._head]
        self._head = 0
        self._lines[:0] = lines
        self.first -= len(lines)
        self._note(lines)
        rest, starts, end = self._view[self._view_head :], self._starts[self._view_head :], self._end
        self._view, self._starts, self._view_head, self._end = array("q"), array("q"), 0, 0
        self._show(self.first, lines)
        rows = self._end
        self._starts = array("q", (start + base - rows for start in self._starts)) + starts
        self._view.extend(rest)
        self._end = end
        return rows

    def drop_newest(self, count: int) -> int:
        """Let go of the ``count`` newest lines and of those of the same moment; answers how many that were."""
        keep = len(self._lines) - min(max(0, count), len(self))
        if keep == len(self._lines):
            return 0
        moment = self._lines[keep].at
        while keep > self._head and self._lines[keep - 1].at == moment:
            keep -= 1
        gone = self._lines[keep:]
        del self._lines[keep:]
        self._characters -= sum(len(line.text) for line in gone)
        self._rebuild()
        return len(gone)

    def amend(self, number: int, line: Line) -> None:
        """Put ``line`` in the place of the line of that number."""
        index = number - self.first + self._head
        self._characters += len(line.text) - len(self._lines[index].text)
        self._lines[index] = line
        self._note([line], again=True)
        if self._wrap or number in self._unfolded:
            self._rebuild()

    def unfold(self, number: int, *, on: bool) -> None:
        """Show all of a line that is folded, or fold it."""
        if on:
            self._unfolded.add(number)
        else:
            self._unfolded.discard(number)
        self._rebuild()

    def is_unfolded(self, number: int) -> bool:
        """Whether all of a line is shown."""
        return number in self._unfolded

    def shown(self, number: int) -> str:
        """The characters that stand on the screen for a line."""
        return shown(self.line(number).text, folded=self._folded, unfolded=number in self._unfolded)

    def clear(self) -> None:
        """Forget everything; numbers go on."""
        self.first += len(self)
        self._unfolded.clear()
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
            again = wrap != self._wrap or wrap > 0 or bool(self._unfolded)
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
        starts = [*_breaks(text, self._wrap), len(text)]
        start, end = starts[place.part], starts[place.part + 1]
        return start, end - (text[end - 1 : end] == "\n")

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

    def find(
        self, match: Predicate, after: int, *, backwards: bool = False, around: bool = True
    ) -> int | None:
        """The next line in view after (before) the line ``after`` that passes ``match``, going ``around`` once."""
        if not self.in_view:
            return None
        middle = bisect_right(self._view, after, self._view_head)
        own = middle > self._view_head and self._view[middle - 1] == after
        ahead: Iterable[int] = range(middle, len(self._view))
        rest: Iterable[int] = range(self._view_head, middle)
        if backwards:
            below = middle - own
            ahead = range(below - 1, self._view_head - 1, -1)
            rest = range(len(self._view) - 1, below - 1, -1)
        for index in (*ahead, *rest) if around else ahead:
            number = self._view[index]
            if match(self.line(number)):
                return number
        return None

    def find_last(self, match: Predicate, among: int = 2000) -> int | None:
        """The newest line that passes ``match``, of the newest ``among``; in view or not."""
        for index in range(len(self._lines) - 1, max(self._head, len(self._lines) - among) - 1, -1):
            if match(self._lines[index]):
                return self.first + index - self._head
        return None

    def bottom(self) -> Line | None:
        """The newest line; None while there is none."""
        return self._lines[-1] if len(self) else None

    def top(self, count: int) -> list[Line]:
        """The oldest ``count`` lines."""
        return self._lines[self._head : self._head + count]

    def count(self, match: Predicate) -> int:
        """How many lines in view pass ``match``."""
        return sum(1 for number in self._view[self._view_head :] if match(self.line(number)))

    def _note(self, lines: Sequence[Line], *, again: bool = False) -> None:
        """Count the characters of ``lines`` (not ``again``), and know how far to the side one may go."""
        if not lines:
            return
        sizes = [len(line.text) for line in lines]
        self._characters += 0 if again else sum(sizes)
        # At most two cells a character; an upper bound is enough.
        cells = (size if line.text.isascii() else 2 * size for line, size in zip(lines, sizes, strict=True))
        self.widest = max(self.widest, *cells)

    def _height(self, number: int, line: Line) -> int:
        unfolded = number in self._unfolded
        if not self._wrap and not unfolded:
            return 1
        return len(_breaks(shown(line.text, folded=self._folded, unfolded=unfolded), self._wrap))

    def _show(self, number: int, lines: Sequence[Line]) -> None:
        plainly = self._keep is None and not self._wrap
        if plainly and not any(number <= other < number + len(lines) for other in self._unfolded):
            self._view.extend(range(number, number + len(lines)))
            self._starts.extend(range(self._end, self._end + len(lines)))
            self._end += len(lines)
            return
        for offset, line in enumerate(lines):
            if self._keep is None or self._keep(line):
                self._view.append(number + offset)
                self._starts.append(self._end)
                self._end += self._height(number + offset, line)

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
        self._unfolded = {number for number in self._unfolded if number >= self.first}
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


def _breaks(text: str, width: int) -> list[int]:
    """Where the screen lines of ``text`` begin: at its line feeds, and where it is wrapped."""
    if "\n" not in text:
        return parts(text, width)
    starts: list[int] = []
    at = 0
    for line in text.split("\n"):
        starts += [at + start for start in parts(line, width)]
        at += len(line) + 1
    return starts
