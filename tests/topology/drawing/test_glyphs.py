"""Characters and what they join."""

from itertools import product

from meshdev.topology.drawing.glyphs import Side, glyph, sides


def test_every_mixture_of_weights_has_its_own_character() -> None:
    """Four arms of three weights: 80 characters besides the empty one, of which no two are the same."""
    found = {glyph((n, e, s, w)) for n, e, s, w in product(range(3), repeat=4) if n + e + s + w}
    assert len(found) == 80


def test_a_character_touches_the_sides_that_it_was_made_from() -> None:
    """Reading a character gives its arms, whatever their weight, dashed and dotted ones too."""
    for arms in product(range(3), repeat=4):
        if any(arms):
            north, east, south, west = arms
            wanted = Side(0)
            for weight, side in zip(arms, Side, strict=True):
                wanted |= side if weight else Side(0)
            for style in ({}, {"dashed": True}, {"dotted": True}):
                assert wanted == sides(glyph((north, east, south, west), **style))


def test_other_characters_touch_nothing() -> None:
    """Text is no line."""
    assert sides("x") == Side(0)
