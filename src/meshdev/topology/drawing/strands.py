"""The cells of a drawing while it is made: runs along rows, and trunks that join them."""

from collections.abc import Mapping, Sequence

from meshdev.topology.drawing.model import Strand

Touched = tuple[int, int]
"""A side (0 left, 1 right) and a row."""


class Canvas:
    """Takes lines and knows which strand is in which cell: ``rows[y][x]``."""

    def __init__(self) -> None:
        self.rows: dict[int, dict[int, tuple[Strand, ...]]] = {}

    def _put(self, x: int, y: int, strand: Strand) -> None:
        row = self.rows.setdefault(y, {})
        there = row.get(x)
        row[x] = (strand,) if there is None else (*there, strand)

    def run(self, source: int, y: int, start: int, end: int, routes: tuple[int, ...]) -> None:
        """A line along row ``y`` from column ``start`` to before ``end``."""
        strand = Strand(source, east=routes, west=routes)
        alone = (strand,)
        row = self.rows.setdefault(y, {})
        for x in range(start, end):
            there = row.get(x)
            row[x] = alone if there is None else (*there, strand)

    def trunk(
        self,
        source: int,
        x: int,
        touching: Mapping[Touched, Sequence[int]],
        legs: Mapping[int, Sequence[Touched]],
    ) -> None:
        """A line along column ``x`` that joins the rows that ``touching`` names; ``legs`` say from where to where."""
        rows = sorted({row for _, row in touching})
        spans = [
            (min(ends[0][1], ends[1][1]), max(ends[0][1], ends[1][1]), number)
            for number, ends in legs.items()
        ]
        above: tuple[int, ...] = ()
        for place, row in enumerate(rows):
            below: tuple[int, ...] = ()
            if place + 1 < len(rows):
                below = tuple(number for top, bottom, number in spans if top <= row < bottom)
            west, east = tuple(touching.get((0, row), ())), tuple(touching.get((1, row), ()))
            self._put(x, row, Strand(source, above, east, below, west))
            if below:
                between = Strand(source, north=below, south=below)
                for y in range(row + 1, rows[place + 1]):
                    self._put(x, y, between)
            above = below
