"""A graph drawn with box characters: layers from left to right, orthogonal lines, one track per source.

`draw` goes from names and arrows to a `Drawing`: places only, no colours, no terminal. Its rules:

- no two boxes overlap, and no line runs through a box;
- all lines of one caller may share cells; lines of two callers never do, except where one crosses the other straight;
- a line leaves at a box's right side and ends at a row of its own on the left side of the box that it leads to;
- the same input gives the same drawing.
"""

from meshdev.topology.drawing.compose import draw
from meshdev.topology.drawing.model import Box, Drawing, Figure, Measures, Route, Strand
from meshdev.topology.drawing.text import as_text

__all__ = ["Box", "Drawing", "Figure", "Measures", "Route", "Strand", "as_text", "draw"]
