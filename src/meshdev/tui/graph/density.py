"""How large things are drawn: the first of a few sizes in which the whole graph fits the screen. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from meshdev.topology.drawing import Drawing, Figure, Measures, draw
from meshdev.tui.cells import clean, width_of
from meshdev.tui.graph.scene import Node, Scene

SLOW = 60
"""Above so many nodes only one size is tried: nothing larger would fit, and each try costs milliseconds."""


LABEL = 6
"""Cells of a gutter from which on something can be written there."""


@dataclass(frozen=True, slots=True)
class Density:
    """A size: room for lines, how many lines of text a box has, and the most cells that a name gets."""

    name: str
    measures: Measures
    lines: int
    most: int

    @property
    def labelled(self) -> bool:
        """Whether lines have room for figures."""
        return self.measures.gutter >= LABEL


LARGE = Density("large", Measures(border=1, gap=1, track=2, gutter=17), 2, 30)
WIDE = Density("wide", Measures(border=1, gap=1, track=2, gutter=12), 2, 26)
MEDIUM = Density("medium", Measures(border=1, gap=1, track=1, gutter=6), 2, 24)
COMPACT = Density("compact", Measures(border=0, gap=1, track=1, gutter=6), 2, 20)
SMALL = Density("small", Measures(border=0, gap=1, track=1, gutter=1), 2, 16)
TINY = Density("tiny", Measures(border=0, gap=1, track=1, gutter=0), 2, 9)
DENSITIES = (LARGE, WIDE, MEDIUM, COMPACT, SMALL, TINY)

MOST_GUTTER, MOST_GAP, MOST_NAME = 20, 3, 30
TIMES = " \N{MULTIPLICATION SIGN}"
"""Before the number of replicas."""

_SECOND_LINE = 13
_SHAPE = 2


def figures(scene: Scene, density: Density) -> tuple[Figure, ...]:
    """The boxes' sizes; what changes with traffic has its room from the beginning."""
    return tuple(Figure(node.name, _width(node, density) + 2, density.lines) for node in scene.nodes)


def _width(node: Node, density: Density) -> int:
    width = min(width_of(clean(node.label)), density.most) + _SHAPE
    if len(node.services) == 1 and node.services[0].replicas > 1:
        width += width_of(f"{TIMES}{node.services[0].replicas}")
    return max(width, _SECOND_LINE) if density.measures.border and node.services else width


Layout = tuple[tuple[Figure, ...], tuple[tuple[str, str], ...], Measures]


def layout_of(scene: Scene, density: Density) -> Layout:
    """Everything that a drawing depends on: equal layouts are equal drawings."""
    return figures(scene, density), tuple(edge.pair for edge in scene.edges), density.measures


def fitted(scene: Scene, width: int, height: int, chosen: Density | None = None) -> tuple[Density, Drawing]:
    """The largest drawing that fits; or the one in the ``chosen`` size; or the one that overflows least."""
    if chosen is not None or len(scene.nodes) > SLOW:
        density = chosen or replace(COMPACT, lines=1)
        return density, draw(*layout_of(scene, density))
    density, drawing = _wide_enough(scene, width, height)
    for each in _lower(density):
        density, drawing = each, draw(*layout_of(scene, each))
        if drawing.height <= height:
            break
    roomy = _roomy(scene, density, drawing, width, height)
    if roomy == density:
        return density, drawing
    larger = draw(*layout_of(scene, roomy))
    fits = larger.width <= width and larger.height <= max(height, drawing.height)
    return (roomy, larger) if fits else (density, drawing)


def _roomy(scene: Scene, density: Density, drawing: Drawing, width: int, height: int) -> Density:
    """The same size with the room that is left put into names that were cut, or else between the boxes."""
    measures = density.measures
    longest = min(MOST_NAME, max((width_of(node.label) for node in scene.nodes), default=0))
    if longest > density.most:
        more = (width - drawing.width) // max(1, len(drawing.layers))
        return replace(density, most=min(longest, density.most + more))
    channels = max(1, len(drawing.layers) - 1)
    rows = max((len(layer) for layer in drawing.layers), default=1)
    gutter = max(measures.gutter, min(MOST_GUTTER, measures.gutter + (width - drawing.width) // channels))
    gap = max(measures.gap, min(MOST_GAP, measures.gap + (height - drawing.height) // (2 * max(1, rows))))
    return replace(density, measures=replace(measures, gutter=gutter, gap=gap))


def _wide_enough(scene: Scene, width: int, height: int) -> tuple[Density, Drawing]:
    """The largest size that fits the width, at its lowest; without one that does, a size that can be read."""
    tried = []
    for density in DENSITIES:
        *_, lowest = _lower(density)
        drawing = draw(*layout_of(scene, lowest))
        tried.append((density, drawing))
        if drawing.width <= width and (drawing.height <= height or not density.measures.border):
            return density, drawing
    return tried[-2]


def _lower(density: Density) -> Sequence[Density]:
    """The same size with fewer lines, and then with less room between boxes."""
    one = replace(density, lines=1)
    flat = replace(one, measures=replace(one.measures, gap=0 if one.measures.border else 1))
    return density, replace(density, measures=flat.measures), one, flat
