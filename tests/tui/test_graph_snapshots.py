"""The Graph screen as it was when somebody looked at it and found it good."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from meshdev.tui.model import Link, Picture
from support_dashboard import NOW, Visiting, picture
from support_graph import big, busy_shop, starting_shop, troubled_shop

SCENES: dict[str, tuple[Picture, tuple[str, ...]]] = {
    "empty": (picture((), edges=()), ()),
    "starting": (starting_shop(), ()),
    "healthy": (busy_shop(), ("right", "right")),
    "broken": (troubled_shop(), ("n", "n", "n", "n")),
    "details": (troubled_shop(), ("n", "n", "n", "n", "enter")),
    "focus": (busy_shop(), ("right", "right", "right", "f")),
    "matrix": (troubled_shop(), ("M",)),
    "many": (big(200, 1000), ("down", "right")),
    "long": (big(24, 40, long=True), ("right",)),
    "lost": (replace(troubled_shop(), link=Link.LOST, link_since=NOW - 12), ()),
}
SMALL, USUAL, BIG = (80, 24), (120, 40), (200, 50)
SEEN = [(scene, USUAL) for scene in SCENES]
SEEN += [(scene, SMALL) for scene in ("healthy", "broken", "details", "many", "matrix")]
SEEN += [(scene, BIG) for scene in ("broken", "details")]


@pytest.mark.parametrize(("scene", "size"), SEEN)
async def test_the_graph_is_as_it_was(
    scene: str, size: tuple[int, int], visit: Visiting, snapshot: Callable[[str, str], None]
) -> None:
    """Characters and their places, in every state, from the smallest terminal to a big one."""
    shown, keys = SCENES[scene]
    async with visit(shown, size=size) as seen:
        await seen.press("2", *keys)
        snapshot(f"graph-{scene}-{size[0]}x{size[1]}.txt", seen.text())


@pytest.mark.parametrize("theme", ["dark", "light"])
async def test_its_colours_are_as_they_were(
    theme: str, visit: Visiting, snapshot: Callable[[str, str], None]
) -> None:
    """One picture per theme, with every sort of edge in it."""
    async with visit(troubled_shop(), size=(160, 40), theme=f"meshdev-{theme}") as seen:
        await seen.press("2", "n", "n")
        snapshot(f"graph-broken-{theme}.svg", seen.svg())
