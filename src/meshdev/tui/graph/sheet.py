"""A drawing with looks put on: rows of runs of text, each with its tone and its ground. Pure.

What is drawn where two lines cross: the one under the cursor, else the bright one, else the vertical one. A cell that
several edges of a caller share has the weight of the busiest of them, arm by arm.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from meshdev.topology.drawing import Box, Drawing, Route, Strand
from meshdev.topology.drawing.glyphs import glyph
from meshdev.tui.cells import cut_name, fit, width_of
from meshdev.tui.graph.cursor import Cursor
from meshdev.tui.graph.looks import EdgeLook, NodeLook, fitting
from meshdev.tui.graph.scene import Pair
from meshdev.tui.tone import Span, Tone


class Ground(StrEnum):
    """What lies behind the text."""

    PAGE = "page"
    CHIP = "chip"
    CURSOR = "cursor"


class Run(NamedTuple):
    """Text in one style; ``dim``: it isn't what the user looks at now."""

    text: str
    tone: Tone
    ground: Ground = Ground.PAGE
    dim: bool = False


_RANK = {Tone.OK: 5, Tone.BAD: 4, Tone.WARN: 3, Tone.MUTED: 2, Tone.FAINT: 1}
_FRAMES = {False: tuple("╭─╮│╰╯├"), True: tuple("┏━┓┃┗┛┠")}


@dataclass(frozen=True, slots=True)
class Paint:
    """How everything looks now. ``bright`` are the nodes that are not dimmed (None: all)."""

    nodes: Mapping[str, NodeLook] = field(default_factory=dict)
    edges: Mapping[Pair, EdgeLook] = field(default_factory=dict)
    cursor: Cursor = field(default_factory=Cursor)
    bright: frozenset[str] | None = None


class Sheet:
    """Draws the rows of one drawing; ``most`` is the longest name."""

    def __init__(self, drawing: Drawing, most: int = 30) -> None:
        self.drawing = drawing
        self._most = most
        self._boxes: dict[int, list[Box]] = {}
        self._heads: dict[int, list[int]] = {}
        self._rows: dict[Pair, frozenset[int]] = {}
        for box in drawing.boxes.values():
            for y in range(box.y, box.y + box.height):
                self._boxes.setdefault(y, []).append(box)
        for number, route in enumerate(drawing.routes):
            self._heads.setdefault(route.head[1], []).append(number)
            rows: set[int] = set()
            for (_, y), (_, next_y) in zip(route.points, route.points[1:], strict=False):
                rows.update(range(min(y, next_y), max(y, next_y) + 1))
            self._rows[route.caller, route.callee] = frozenset(rows or {route.head[1]})
        self._leaving = {route.caller for route in drawing.routes}

    def rows_of(self, cursor: Cursor) -> Iterable[int]:
        """The rows on which a node or an edge is drawn."""
        if cursor.edge is not None:
            return self._rows.get(cursor.edge, ())
        box = self.drawing.boxes.get(cursor.node)
        return range(box.y, box.y + box.height) if box else ()

    def row(self, y: int, start: int, end: int, paint: Paint) -> list[Run]:
        """Row ``y`` from column ``start`` to before ``end``, exactly filled."""
        blank = Run(" ", Tone.FAINT)
        cells: list[Run | None] = [blank] * max(0, end - start)
        for x, strands in self.drawing.rows.get(y, {}).items():
            if start <= x < end:
                cells[x - start] = self._line_cell(strands, paint)
        for number in self._heads.get(y, ()):
            self._draw_head(cells, start, number, paint)
        for box in self._boxes.get(y, ()):
            if box.x < end and box.x + box.width > start:
                _put(cells, box.x - start, self._box_row(box, y, paint))
        return _joined(cells)

    # --- lines ------------------------------------------------------------------------------------

    def _line_cell(self, strands: tuple[Strand, ...], paint: Paint) -> Run:
        strand = strands[0] if len(strands) == 1 else self._upper(strands, paint)
        routes = self.drawing.routes
        looks = {number: self._look(number, paint) for number in strand.routes}
        picked = next((number for number in looks if _pair(routes[number]) == paint.cursor.edge), None)
        arms = (
            self._weight(strand.north, looks, picked),
            self._weight(strand.east, looks, picked),
            self._weight(strand.south, looks, picked),
            self._weight(strand.west, looks, picked),
        )
        dashed = all(look.dashed for look in looks.values())
        dotted = all(look.dotted for look in looks.values())
        text = glyph(arms, dashed=dashed, dotted=dotted)
        if picked is not None:
            return Run(text, Tone.ACCENT)
        bright = [look for number, look in looks.items() if not self._dim(number, paint)]
        tone = max((look.tone for look in bright or looks.values()), key=lambda tone: _RANK.get(tone, 0))
        return Run(text, tone, dim=not bright)

    def _upper(self, strands: tuple[Strand, ...], paint: Paint) -> Strand:
        """Of two lines that cross, the one to draw."""

        def rank(strand: Strand) -> tuple[bool, bool, bool]:
            routes = strand.routes
            picked = any(_pair(self.drawing.routes[number]) == paint.cursor.edge for number in routes)
            bright = any(not self._dim(number, paint) for number in routes)
            return picked, bright, bool(strand.north)

        return max(strands, key=rank)

    @staticmethod
    def _weight(arm: tuple[int, ...], looks: Mapping[int, EdgeLook], picked: int | None) -> int:
        if not arm:
            return 0
        if picked is not None:
            return 2 if picked in arm else 1
        return max(looks[number].weight for number in arm)

    def _look(self, number: int, paint: Paint) -> EdgeLook:
        return paint.edges.get(_pair(self.drawing.routes[number]), EdgeLook())

    def _dim(self, number: int, paint: Paint) -> bool:
        route = self.drawing.routes[number]
        bright = paint.bright
        return bright is not None and not (route.caller in bright and route.callee in bright)

    def _draw_head(self, cells: list[Run | None], start: int, number: int, paint: Paint) -> None:
        route = self.drawing.routes[number]
        look, dim = self._look(number, paint), self._dim(number, paint)
        here = _pair(route) == paint.cursor.edge
        x, _ = route.head
        _put(cells, x - start, [Run(look.head, Tone.ACCENT if here else look.tone, dim=dim)])
        words = fitting(look.words, x - route.gutter)
        at = x - sum(width_of(word.text) for word in words)
        ground = Ground.CURSOR if here else Ground.PAGE
        _put(cells, at - start, [Run(word.text, word.tone, ground, dim=dim) for word in words])

    # --- boxes ------------------------------------------------------------------------------------

    def _box_row(self, box: Box, y: int, paint: Paint) -> list[Run]:
        here = paint.cursor.node == box.name
        dim = paint.bright is not None and box.name not in paint.bright
        look = paint.nodes.get(box.name, NodeLook())
        ground = Ground.CURSOR if here else Ground.PAGE if box.border else Ground.CHIP
        tone = Tone.ACCENT if here else look.frame
        bend, over, turn, side, foot, end, leave = _FRAMES[here]
        inside = box.width - 2 * box.border
        if box.border and y in {box.y, box.y + box.height - 1}:
            first, last = (bend, turn) if y == box.y else (foot, end)
            return [Run(first + over * inside + last, tone, dim=dim)]
        body = self._words(box, y, look, inside, ground, dim=dim)
        if not box.border:
            return body
        right = leave if y == box.exit and box.name in self._leaving else side
        return [Run(side, tone, dim=dim), *body, Run(right, tone, dim=dim)]

    def _words(self, box: Box, y: int, look: NodeLook, width: int, ground: Ground, *, dim: bool) -> list[Run]:
        room = box.height - 2 * box.border
        lines = look.lines[:room]
        at = y - box.y - box.border - (room - len(lines)) // 2
        spans = list(lines[at]) if 0 <= at < len(lines) else []
        if at == 0 and len(spans) > 1:
            rest = width - 2 - sum(width_of(span.text) for span in (spans[0], *spans[2:]))
            spans[1] = Span(cut_name(spans[1].text, max(1, min(rest, self._most))), spans[1].tone)
        while at > 0 and len(spans) > 1 and sum(width_of(span.text) for span in spans) > width - 1:
            spans.pop()  # rather a word less than half a word
        runs = [Run(" ", Tone.TEXT, ground)]
        used = 1
        for span in fit(spans, width - 1):
            runs.append(Run(span.text, span.tone, ground, dim))
            used += width_of(span.text)
        return [*runs, Run(" " * (width - used), Tone.TEXT, ground)]


def _pair(route: Route) -> Pair:
    return route.caller, route.callee


def _put(cells: list[Run | None], at: int, runs: Iterable[Run]) -> None:
    """Lay runs over cells from ``at`` on; a wide character takes two cells, or none at the border."""
    for run in runs:
        if run.text.isascii():
            pieces = [(character, 1) for character in run.text]
        else:
            pieces = [(character, width_of(character)) for character in run.text]
        for character, size in pieces:
            if at >= 0 and at + size <= len(cells) and size:
                cells[at] = run._replace(text=character)
                for beyond in range(1, size):
                    cells[at + beyond] = None
            elif size > 1:
                for place in range(max(0, at), min(len(cells), at + size)):
                    cells[place] = run._replace(text=" ")
            at += size


def _joined(cells: Iterable[Run | None]) -> list[Run]:
    runs: list[Run] = []
    texts: list[str] = []
    for cell in cells:
        if cell is None:
            continue
        if runs and runs[-1][1:] == cell[1:]:
            texts.append(cell.text)
            continue
        if runs:
            runs[-1] = runs[-1]._replace(text="".join(texts))
        runs.append(cell)
        texts = [cell.text]
    if runs:
        runs[-1] = runs[-1]._replace(text="".join(texts))
    return runs
