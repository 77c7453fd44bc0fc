"""The Chaos screen and its form as they were when somebody looked at them and found them good."""

from collections.abc import Callable, Sequence

import pytest

from meshdev.tui.model import Link, Picture
from meshdev.wire.fault_views import FaultView
from support_chaos import SOME, faulty, many, remember
from support_dashboard import NOW, Visiting

Scene = tuple[Picture, Sequence[FaultView], tuple[str, ...]]

SCENES: dict[str, Scene] = {
    "chaos-none": (faulty(()), (), ("6",)),
    "chaos-some": (faulty(), SOME, ("6",)),
    "chaos-added": (faulty(), SOME, ("6", "down", "down", "down", "down")),
    "chaos-off": (faulty(), SOME, ("6", "down")),
    "chaos-many": (faulty(many()), (), ("6",)),
    "chaos-lost": (faulty(link=Link.LOST, link_since=NOW - 12), SOME, ("6",)),
    "chaos-clear": (faulty(), SOME, ("6", "X")),
    "chaos-form": (faulty(()), (), ("6", "a")),
    "chaos-form-kinds": (faulty(()), (), ("6", "a", *"payments", "tab", *["backspace"] * 10)),
    "chaos-form-parameters": (faulty(()), (), ("@payments", "C", "down", "down")),
    "chaos-form-wrong": (faulty(()), (), ("@payments", "C", "x")),
    "chaos-services": (faulty(), SOME, ("@payments",)),
}
SMALL, USUAL, BIG = (80, 24), (120, 40), (200, 50)


@pytest.mark.parametrize("size", [SMALL, USUAL, BIG], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("scene", SCENES)
async def test_the_screen_is_as_it_was(
    scene: str, size: tuple[int, int], visit: Visiting, snapshot: Callable[[str, str], None]
) -> None:
    """Characters and their places, in every state, from the smallest terminal to a big one."""
    shown, known, keys = SCENES[scene]
    async with visit(shown, size=size) as seen:
        if known:
            remember(seen.app, tuple(known))
        await seen.press(*keys)
        snapshot(f"{scene}-{size[0]}x{size[1]}.txt", seen.text())


@pytest.mark.parametrize("theme", ["dark", "light"])
async def test_the_colours_are_as_they_were(
    theme: str, visit: Visiting, snapshot: Callable[[str, str], None]
) -> None:
    """Every state of a fault, per theme."""
    async with visit(faulty(), size=(120, 30), theme=f"meshdev-{theme}") as seen:
        remember(seen.app)
        await seen.press("6")
        snapshot(f"chaos-{theme}.svg", seen.svg())


@pytest.mark.parametrize("size", [(20, 6), (1, 1), (40, 10), (240, 70)])
async def test_no_size_breaks_the_screen(size: tuple[int, int], visit: Visiting) -> None:
    """Tiny and huge terminals draw something, form and all, and come back from it."""
    async with visit(faulty(), size=size) as seen:
        await seen.press("6", "a", *"pay", "down", "escape", "escape", "X", "escape")
        await seen.pilot.resize_terminal(120, 40)
        await seen.settle()
        assert "slow-payments" in seen.text()
