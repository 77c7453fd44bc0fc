"""Numbers as small pictures of one line: a sparkline of a series, a heat strip of a distribution. Pure."""

from collections.abc import Sequence

BARS = "▁▂▃▄▅▆▇█"
SHADES = " ░▒▓█"


def sparkline(values: Sequence[float], width: int, most: float | None = None) -> str:
    """``values`` in at most ``width`` cells, the newest at the right; several to a cell show their greatest.

    >>> sparkline([0, 1, 4, 8], 4)
    ' ▁▄█'
    """
    per_cell = max(1, -(-len(values) // max(1, width)))
    start = len(values) % per_cell
    groups = [values[:start]] if start else []
    groups += [values[at : at + per_cell] for at in range(start, len(values), per_cell)]
    greatest = [max(group) for group in groups][-width:]
    top = max([*greatest, most or 0.0])
    bars = (_bar(value, top) for value in greatest)
    return "".join(bars)


def _bar(value: float, top: float) -> str:
    if value <= 0 or top <= 0:
        return " "
    return BARS[max(0, min(len(BARS) - 1, round(value / top * len(BARS)) - 1))]


def heat(counts: Sequence[int], cell: int = 1) -> str:
    """A shade for each count, ``cell`` cells wide each; what is not nothing is seen.

    >>> heat([0, 1, 50, 100])
    ' ░▒█'
    """
    top = max(counts, default=0)
    shades = (
        " " if not count else SHADES[max(1, round(count / top * (len(SHADES) - 1)))] for count in counts
    )
    return "".join(shade * cell for shade in shades)


def of_each(cumulative: Sequence[int]) -> list[int]:
    """How many fell into each bucket, of counts that add up.

    >>> of_each([1, 3, 3, 10])
    [1, 2, 0, 7]
    """
    return [max(0, count - before) for before, count in zip((0, *cumulative), cumulative, strict=False)]
