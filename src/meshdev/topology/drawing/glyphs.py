"""Box-drawing characters by what they join: a weight for each arm (0 none, 1 light, 2 heavy) north, east, south, west.

The table is read from Unicode's own names, so it has every mixture of light and heavy. Corners of light lines are
round; straight pieces can be dashed or dotted. A cell where two lines cross is drawn as the one on top: a vertical line
that runs over a horizontal one interrupts it, and ``┼`` always joins.
"""

import unicodedata
from enum import IntFlag

Arms = tuple[int, int, int, int]

_DIRECTIONS = {
    "UP": (0,),
    "RIGHT": (1,),
    "DOWN": (2,),
    "LEFT": (3,),
    "VERTICAL": (0, 2),
    "HORIZONTAL": (1, 3),
}
_WEIGHTS = {"LIGHT": 1, "HEAVY": 2}
_ROUND: dict[Arms, str] = {(0, 1, 1, 0): "╭", (0, 0, 1, 1): "╮", (1, 1, 0, 0): "╰", (1, 0, 0, 1): "╯"}
_DASHED: dict[Arms, str] = {(0, 1, 0, 1): "╌", (1, 0, 1, 0): "╎", (0, 2, 0, 2): "╍", (2, 0, 2, 0): "╏"}
_DOTTED: dict[Arms, str] = {(0, 1, 0, 1): "┈", (1, 0, 1, 0): "┊", (0, 2, 0, 2): "┉", (2, 0, 2, 0): "┋"}


class Side(IntFlag):
    """The four arms as bits of a mask."""

    NORTH = 1
    EAST = 2
    SOUTH = 4
    WEST = 8


def _table() -> dict[Arms, str]:
    table: dict[Arms, str] = {}
    for code in range(0x2500, 0x2580):
        words = unicodedata.name(chr(code)).removeprefix("BOX DRAWINGS ").split()
        if not {*words} <= {*_DIRECTIONS, *_WEIGHTS, "AND"}:
            continue
        arms = [0, 0, 0, 0]
        common = _WEIGHTS.get(words[0], 0)
        for part in " ".join(words).split(" AND "):
            weight = next((_WEIGHTS[word] for word in part.split() if word in _WEIGHTS), common)
            for word in part.split():
                for direction in _DIRECTIONS.get(word, ()):
                    arms[direction] = weight
        north, east, south, west = arms
        table[north, east, south, west] = chr(code)
    return table | _ROUND


_SOLID = _table()
_BY_GLYPH = {glyph: arms for glyphs in (_SOLID, _DASHED, _DOTTED) for arms, glyph in reversed(glyphs.items())}
_BY_GLYPH |= {"┌": (0, 1, 1, 0), "┐": (0, 0, 1, 1), "└": (1, 1, 0, 0), "┘": (1, 0, 0, 1)}


def glyph(arms: Arms, *, dashed: bool = False, dotted: bool = False) -> str:
    """The character with these arms.

    >>> glyph((0, 1, 1, 0)), glyph((1, 2, 1, 2)), glyph((0, 1, 0, 1), dashed=True)
    ('╭', '┿', '╌')
    """
    if dashed or dotted:
        found = (_DASHED if dashed else _DOTTED).get(arms)
        if found is not None:
            return found
    return _SOLID[arms]


def sides(character: str) -> Side:
    """Which sides a character of a line touches.

    >>> sides("╭") == Side.EAST | Side.SOUTH
    True
    """
    north, east, south, west = _BY_GLYPH.get(character, (0, 0, 0, 0))
    found = Side(0)
    for weight, side in ((north, Side.NORTH), (east, Side.EAST), (south, Side.SOUTH), (west, Side.WEST)):
        if weight:
            found |= side
    return found
