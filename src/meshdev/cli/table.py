"""Plain aligned columns, by hand: importing a table library would cost more than the whole command. Pure."""

import re
import unicodedata
from collections.abc import Sequence

_ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def width(text: str) -> int:
    """Cells that ``text`` takes on a terminal, without its colours."""
    cells = 0
    for char in _ESCAPE.sub("", text):
        if unicodedata.combining(char) or unicodedata.category(char) in ("Cf", "Mn", "Me"):
            continue
        cells += 2 if unicodedata.east_asian_width(char) in "WF" else 1
    return cells


def columns(
    head: Sequence[str], rows: Sequence[Sequence[str]], *, right: frozenset[str] = frozenset()
) -> list[str]:
    """Lines with each column as wide as its widest cell; those named in ``right`` end flush.

    The last column is left as it is, so a long reason wraps by the terminal's own rule.
    """
    table = [list(head), *map(list, rows)]
    widths = [max(width(row[index]) for row in table) for index in range(len(head))]
    return [_line(row, head, widths, right) for row in table]


def _line(row: list[str], head: Sequence[str], widths: list[int], right: frozenset[str]) -> str:
    cells = []
    for index, cell in enumerate(row):
        pad = " " * (widths[index] - width(cell))
        if head[index] in right:
            cells.append(pad + cell)
        else:
            cells.append(cell if index == len(row) - 1 else cell + pad)
    return "  ".join(cells).rstrip()
