"""Where the cursor is, and where the arrow keys take it.

It stands on a node or on an edge. From a node, right goes onto the edge that leaves most nearly straight, and from the
edge to its callee; left the other way round. Up and down go along the layer, or through the edges of the node that the
edge was reached from.
"""

from dataclasses import dataclass
from enum import StrEnum

from meshdev.topology.drawing import Box, Drawing, Route
from meshdev.tui.graph.scene import Pair


class Way(StrEnum):
    """Where an arrow key points."""

    UP = "up"
    DOWN = "down"
    LEFT = "left"
    RIGHT = "right"


@dataclass(frozen=True, slots=True)
class Cursor:
    """On the node ``node``, or on the edge ``edge``; ``inward``: its neighbours are the edges into the same callee."""

    node: str = ""
    edge: Pair | None = None
    inward: bool = False

    @property
    def ends(self) -> tuple[str, ...]:
        """The nodes that it touches."""
        return self.edge if self.edge is not None else (self.node,) if self.node else ()


def begin(drawing: Drawing) -> Cursor:
    """The node at the left, nearest to the middle."""
    first = next((layer for layer in drawing.layers if layer), ())
    return Cursor(first[(len(first) - 1) // 2]) if first else Cursor()


def kept(cursor: Cursor, drawing: Drawing) -> Cursor:
    """The same place, if it is still there; else one that is near."""
    if cursor.edge is not None:
        if any((route.caller, route.callee) == cursor.edge for route in drawing.routes):
            return cursor
        return next((Cursor(name) for name in cursor.edge if name in drawing.boxes), begin(drawing))
    return cursor if cursor.node in drawing.boxes else begin(drawing)


def moved(cursor: Cursor, way: Way, drawing: Drawing) -> Cursor:
    """Where ``way`` leads from ``cursor``; itself at the end."""
    if cursor.edge is not None:
        return _from_edge(cursor, cursor.edge, way, drawing)
    box = drawing.boxes.get(cursor.node)
    if box is None:
        return begin(drawing)
    if way in {Way.LEFT, Way.RIGHT}:
        edges = outgoing(drawing, box.name) if way is Way.RIGHT else incoming(drawing, box.name)
        if edges:
            nearest = min(edges, key=lambda route: (route.back, abs(route.head[1] - box.exit)))
            return Cursor(edge=(nearest.caller, nearest.callee), inward=way is Way.LEFT)
    return _beside(box, way, drawing)


def _from_edge(cursor: Cursor, pair: Pair, way: Way, drawing: Drawing) -> Cursor:
    if way is Way.RIGHT:
        return Cursor(pair[1])
    if way is Way.LEFT:
        return Cursor(pair[0])
    edges = incoming(drawing, pair[1]) if cursor.inward else outgoing(drawing, pair[0])
    pairs = [(route.caller, route.callee) for route in edges]
    at = pairs.index(pair) if pair in pairs else 0
    to = min(max(at + (1 if way is Way.DOWN else -1), 0), len(pairs) - 1)
    return Cursor(edge=pairs[to], inward=cursor.inward) if pairs else cursor


def outgoing(drawing: Drawing, name: str) -> list[Route]:
    """The edges that leave a node, by where they end, from top to bottom."""
    return sorted(
        (route for route in drawing.routes if route.caller == name), key=lambda route: route.head[::-1]
    )


def incoming(drawing: Drawing, name: str) -> list[Route]:
    """The edges that come into a node, from top to bottom."""
    return sorted(
        (route for route in drawing.routes if route.callee == name), key=lambda route: route.head[::-1]
    )


def _beside(box: Box, way: Way, drawing: Drawing) -> Cursor:
    layer = drawing.layers[box.layer]
    if way in {Way.UP, Way.DOWN}:
        at = layer.index(box.name) + (1 if way is Way.DOWN else -1)
        if 0 <= at < len(layer):
            return Cursor(layer[at])
    ahead = [
        (far, other.name)
        for other in drawing.boxes.values()
        if (far := _distance(box, other, way)) is not None
    ]
    return Cursor(min(ahead)[1]) if ahead else Cursor(box.name)


def _distance(box: Box, other: Box, way: Way) -> int | None:
    """How far ``other`` is, if it lies that way; a step aside counts more than a step ahead."""
    across, down = other.x - box.x, other.exit - box.exit
    match way:
        case Way.UP:
            return -down * 2 + abs(across) if down < 0 else None
        case Way.DOWN:
            return down * 2 + abs(across) if down > 0 else None
        case Way.LEFT:
            return -across + abs(down) * 4 if across < 0 else None
        case Way.RIGHT:
            return across + abs(down) * 4 if across > 0 else None


def at(drawing: Drawing, x: int, y: int) -> Cursor | None:
    """What is in a cell: a box, or of the lines there the one that leads to the nearest head."""
    for box in drawing.boxes.values():
        if (x, y) in box:
            return Cursor(box.name)
    strands = drawing.rows.get(y, {}).get(x, ())
    numbers = sorted(
        {number for strand in strands for number in strand.routes},
        key=lambda number: abs(drawing.routes[number].head[0] - x) + abs(drawing.routes[number].head[1] - y),
    )
    if not numbers:
        return None
    route = drawing.routes[numbers[0]]
    return Cursor(edge=(route.caller, route.callee))
