"""What goes into a drawing, and what comes out. Places are cells; x grows to the right, y downwards."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Figure:
    """A node to draw: ``width`` cells of text on at least ``lines`` lines."""

    name: str
    width: int
    lines: int = 1


@dataclass(frozen=True, slots=True)
class Measures:
    """How much room things get.

    ``border`` cells around a box's text, ``gap`` rows between boxes, ``track`` columns from one vertical line to the
    next, ``gutter`` columns before each box for what is written on a line.
    """

    border: int = 1
    gap: int = 1
    track: int = 2
    gutter: int = 0


@dataclass(frozen=True, slots=True)
class Box:
    """A node's place, ``border`` included; ``exit`` is the row at whose right end its lines begin."""

    name: str
    x: int
    y: int
    width: int
    height: int
    exit: int
    layer: int
    border: int = 0

    def __contains__(self, place: Place) -> bool:
        return self.x <= place[0] < self.x + self.width and self.y <= place[1] < self.y + self.height


@dataclass(frozen=True)
class Route:
    """The line of one arrow: corner points from beside the caller's box to the arrowhead beside the callee's.

    ``back`` marks one that runs against the layers. ``gutter`` is the first column of the run before the arrowhead
    that is kept free for writing; nothing else is ever on that row between there and the arrowhead.
    """

    caller: str
    callee: str
    points: tuple[Place, ...]
    back: bool
    gutter: int

    @property
    def head(self) -> Place:
        """The arrowhead's cell."""
        return self.points[-1]

    @cached_property
    def cells(self) -> tuple[Place, ...]:
        """Every cell of the line in its order."""
        cells = [self.points[0]]
        for x, y in self.points[1:]:
            at_x, at_y = cells[-1]
            step_x, step_y = (x > at_x) - (x < at_x), (y > at_y) - (y < at_y)
            length = max(abs(x - at_x), abs(y - at_y))
            cells.extend((at_x + step_x * cell, at_y + step_y * cell) for cell in range(1, length + 1))
        return tuple(cells)


class Strand(NamedTuple):
    """What one caller has in a cell: for each arm the numbers of the routes that use it (none: no arm).

    Two strands in one cell cross: one has only the arms north and south, the other only east and west.
    """

    source: int
    north: tuple[int, ...] = ()
    east: tuple[int, ...] = ()
    south: tuple[int, ...] = ()
    west: tuple[int, ...] = ()

    @property
    def routes(self) -> frozenset[int]:
        """All routes that pass here."""
        return frozenset((*self.north, *self.east, *self.south, *self.west))


@dataclass(frozen=True, slots=True)
class Drawing:
    """The whole picture; ``routes`` stand in the order of the arrows, ``rows[y][x]`` holds one strand or two."""

    boxes: Mapping[str, Box] = field(default_factory=dict)
    routes: tuple[Route, ...] = ()
    rows: Mapping[int, Mapping[int, tuple[Strand, ...]]] = field(default_factory=dict)
    width: int = 0
    height: int = 0
    layers: tuple[tuple[str, ...], ...] = ()
