"""Which columns fit, and how wide: nothing is ever clipped, the least important columns go first.

Every column has a least width; when the sum doesn't fit, columns are dropped by rising priority. A column without any
content is not there at all, and an `extra` one only where the `flex` column keeps its comfort. What is left over is
given to the columns that want more (highest priority first), then to the one that takes all (`flex`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

GAP = 2
COMFORT = 44
"""Cells that the flex column should have before extra columns are shown."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: ``least`` and ``most`` cells, ``priority`` (higher stays longer), ``flex`` takes what is left.

    ``always``: shown even when it is empty. ``extra``: nice to have, where the flex column keeps ``comfort`` cells.
    """

    key: str
    title: str
    least: int
    most: int
    priority: int
    right: bool = False
    flex: bool = False
    always: bool = False
    extra: bool = False
    comfort: int = COMFORT


@dataclass(frozen=True, slots=True)
class Fitted:
    """A column that fits: where it begins and how wide it is, in cells; ``index`` is its place in the row."""

    column: Column
    index: int
    x: int
    width: int


def fit_columns(columns: Sequence[Column], wanted: Sequence[int], width: int) -> tuple[Fitted, ...]:
    """Lay ``columns`` out over ``width`` cells; ``wanted`` is the widest content of each (0: empty so far)."""
    kept = [index for index, column in enumerate(columns) if column.always or column.flex or wanted[index]]

    def least(index: int) -> int:
        column = columns[index]
        return min(column.least, max(wanted[index], len(column.title))) if column.flex else column.least

    def needed() -> int:
        return sum(least(index) for index in kept) + GAP * (len(kept) - 1)

    def least_of_all(index: int) -> tuple[int, int]:
        return (columns[index].priority, -index)

    while len(kept) > 1 and needed() > width:
        kept.remove(min(kept, key=least_of_all))
    while extras := [index for index in kept if columns[index].extra]:
        spare = width - needed() + sum(least(index) for index in kept if columns[index].flex)
        grown = sum(
            max(0, min(columns[i].most, wanted[i]) - columns[i].least) for i in kept if not columns[i].flex
        )
        last = min(extras, key=least_of_all)
        if spare - grown >= columns[last].comfort:
            break
        kept.remove(last)
    widths = {index: least(index) for index in kept}
    left = max(0, width - needed())
    for index in sorted(kept, key=lambda index: -columns[index].priority):
        column = columns[index]
        more = min(left, max(0, min(column.most, wanted[index]) - column.least))
        if not column.flex:
            widths[index] += more
            left -= more
    for index in kept:
        if columns[index].flex:
            widths[index] += left
            left = 0
    fitted: list[Fitted] = []
    x = 0
    for index in kept:
        # A single column that is wider than the screen is all that can be too wide.
        fitted.append(Fitted(columns[index], index, x, min(widths[index], max(0, width - x))))
        x += widths[index] + GAP
    return tuple(fitted)
