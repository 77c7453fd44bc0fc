"""A drawing as plain lines of text: for people without colours, for tests, for pipes."""

from collections.abc import Mapping

from meshdev.topology.drawing.glyphs import glyph
from meshdev.topology.drawing.model import Box, Drawing, Strand

HEAD = "►"


def as_text(drawing: Drawing, words: Mapping[str, str] | None = None) -> list[str]:
    """One string per row; ``words`` is what stands in each box (default: its name)."""
    canvas = [[" "] * drawing.width for _ in range(drawing.height)]
    for y, row in drawing.rows.items():
        for x, strands in row.items():
            canvas[y][x] = glyph(arms_of(uppermost(strands)))
    for box in drawing.boxes.values():
        _draw_box(canvas, box, (words or {}).get(box.name, box.name))
    for route in drawing.routes:
        x, y = route.head
        canvas[y][x] = HEAD
    return ["".join(row).rstrip() for row in canvas]


def uppermost(strands: tuple[Strand, ...]) -> Strand:
    """The strand of a cell that is drawn: where two cross, the vertical one."""
    return strands[0] if len(strands) == 1 or strands[0].north else strands[1]


def arms_of(strand: Strand) -> tuple[int, int, int, int]:
    """Light arms where the strand has any."""
    return int(bool(strand.north)), int(bool(strand.east)), int(bool(strand.south)), int(bool(strand.west))


def _draw_box(canvas: list[list[str]], box: Box, words: str) -> None:
    right, bottom = box.x + box.width - 1, box.y + box.height - 1
    for y in range(box.y, bottom + 1):
        for x in range(box.x, right + 1):
            canvas[y][x] = " " if box.border else "·"
    if box.border:
        for x in range(box.x + 1, right):
            canvas[box.y][x] = canvas[bottom][x] = "─"
        for y in range(box.y + 1, bottom):
            canvas[y][box.x] = canvas[y][right] = "│"
        canvas[box.y][box.x], canvas[box.y][right] = "╭", "╮"
        canvas[bottom][box.x], canvas[bottom][right] = "╰", "╯"
    for number, character in enumerate(words[: box.width - 2 * box.border]):
        canvas[box.y + box.border][box.x + box.border + number] = character
