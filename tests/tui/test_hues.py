"""The colours of services can be read on their themes' surfaces."""

import pytest
from textual.color import Color
from textual.theme import Theme

from meshdev.tui.hues import DARK_HUES, LIGHT_HUES
from meshdev.tui.log_paint import HUES
from meshdev.tui.themes import OWN


def luminance(colour: str) -> float:
    """Relative luminance, as WCAG 2 defines it."""
    parts = [part / 255 for part in Color.parse(colour).rgb]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(("theme", "hues"), [(OWN[0], DARK_HUES), (OWN[1], LIGHT_HUES)])
def test_each_has_enough_contrast(theme: Theme, hues: tuple[str, ...]) -> None:
    """4.5:1, as WCAG asks for text; all differ."""
    assert theme.surface is not None
    surface = luminance(theme.surface)
    for hue in hues:
        darker, lighter = sorted((surface, luminance(hue)))
        assert (lighter + 0.05) / (darker + 0.05) >= 4.5, hue
    assert len(set(hues)) == len(hues) == HUES
