"""Which columns fit, and how wide: nothing is ever clipped, the least important columns go first.

Every column has a least width; when the sum doesn't fit, columns are dropped by rising priority. What is left over is
given to the columns that want more (highest priority first), then to the one that takes all (`flex`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

GAP = 2


@dataclass(frozen=True, slots=True)
class Column:
    """A column: ``least`` and ``most`` cells, ``priority`` (higher stays longer), ``flex`` takes what is left."""

    key: str
    title: str
    least: int
    most: int
    priority: int
    right: bool = False
    flex: bool = False


@dataclass(frozen=True, slots=True)
class Fitted:
    """A column that fits: where it begins and how wide it is, in cells; ``index`` is its place in the row."""

    column: Column
    index: int
    x: int
    width: int


def fit_columns(columns: Sequence[Column], wanted: Sequence[int], width: int) -> tuple[Fitted, ...]:
    """Lay ``columns`` out over ``width`` cells; ``wanted`` is the widest content of each."""
    kept = list(range(len(columns)))

    def needed() -> int:
        return sum(columns[index].least for index in kept) + GAP * (len(kept) - 1)

    while len(kept) > 1 and needed() > width:
        kept.remove(min(kept, key=lambda index: (columns[index].priority, -index)))
    widths = {index: columns[index].least for index in kept}
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
