"""A reader of drawings: follows lines from cell to cell by what is drawn there, as an eye does."""

from collections.abc import Sequence

from hypothesis import strategies as st

from meshdev.topology.drawing import Box, Drawing, Figure, Measures
from meshdev.topology.drawing.glyphs import Side, sides
from meshdev.topology.drawing.text import HEAD

_STEPS = {Side.NORTH: (0, -1), Side.EAST: (1, 0), Side.SOUTH: (0, 1), Side.WEST: (-1, 0)}
_OPPOSITE = {Side.NORTH: Side.SOUTH, Side.EAST: Side.WEST, Side.SOUTH: Side.NORTH, Side.WEST: Side.EAST}


def reached(drawing: Drawing, canvas: Sequence[str], box: Box) -> list[str]:
    """The boxes that the lines of ``box`` lead to, read from the characters alone.

    A line that meets a straight piece across its way runs beneath it and goes on behind it.
    """

    def at(x: int, y: int) -> str:
        return canvas[y][x] if 0 <= y < len(canvas) and 0 <= x < len(canvas[y]) else " "

    found: list[str] = []
    start = (box.x + box.width, box.exit, Side.EAST)
    waiting, seen = [start], {start}
    while waiting:
        x, y, going = waiting.pop()
        here = at(x, y)
        if here == HEAD:
            if going is Side.EAST:
                found.extend(name for name, other in drawing.boxes.items() if (x + 1, y) in other)
            continue
        arms = sides(here)
        if arms & _OPPOSITE[going]:
            following = [side for side in Side if side in arms and side is not _OPPOSITE[going]]
        elif arms and not arms & going:
            following = [going]
        else:
            following = []
        for side in following:
            step_x, step_y = _STEPS[side]
            ahead = (x + step_x, y + step_y, side)
            if ahead not in seen:
                seen.add(ahead)
                waiting.append(ahead)
    return found


@st.composite
def graphs(draw_: st.DrawFn) -> tuple[list[Figure], list[tuple[str, str]], Measures]:
    """Any graph, cycles and loops included, in any measures."""
    count = draw_(st.integers(1, 14))
    names = [f"n{number}" for number in range(count)]
    widths = draw_(st.lists(st.integers(1, 12), min_size=count, max_size=count))
    lines = draw_(st.lists(st.integers(1, 3), min_size=count, max_size=count))
    pairs = st.tuples(st.sampled_from(names), st.sampled_from(names))
    arrows = draw_(st.lists(pairs, max_size=40, unique=True))
    measures = Measures(
        border=draw_(st.integers(0, 1)),
        gap=draw_(st.integers(0, 2)),
        track=draw_(st.integers(1, 2)),
        gutter=draw_(st.integers(0, 9)),
    )
    figures = [Figure(*each) for each in zip(names, widths, lines, strict=True)]
    return figures, arrows, measures
