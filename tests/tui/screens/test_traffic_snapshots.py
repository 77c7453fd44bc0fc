"""Traffic and Traces as they were when somebody looked at them and found them good."""

from collections.abc import Callable, Sequence

import pytest

from meshdev.tui.model import Picture
from meshdev.wire.control import ExchangeView
from support_dashboard import Visiting, picture, starting
from support_traffic import broken_traffic, checkout, flood, healthy_traffic, with_ports

Calls = Sequence[ExchangeView]

SCENES: dict[str, tuple[Picture, Calls, tuple[str, ...]]] = {
    "traffic-empty": (picture(()), (), ("3",)),
    "traffic-starting": (starting(), (), ("3",)),
    "traffic-healthy": (with_ports(), healthy_traffic(), ("3",)),
    "traffic-broken": (with_ports(), broken_traffic(), ("3",)),
    "traffic-flooded": (with_ports(), flood(), ("3",)),
    "traffic-details": (
        with_ports(),
        broken_traffic(),
        ("3", "/", *"callee=shipping error", "enter", "enter"),
    ),
    "traffic-wrong": (with_ports(), broken_traffic(), ("3", "/", *"status=5xx ms>fast")),
    "traffic-diff": (with_ports(), broken_traffic(), ("3", "up", "space", "up", "up", "D")),
    "traces-empty": (picture(()), (), ("4",)),
    "traces-starting": (starting(), (), ("4",)),
    "traces-healthy": (with_ports(), healthy_traffic(), ("4",)),
    "traces-broken": (with_ports(), broken_traffic(), ("4", "S", "S")),
    "traces-flooded": (with_ports(), flood(), ("4",)),
    "traces-waterfall": (with_ports(), checkout(declined=True), ("4", "enter", "down", "down")),
    "traces-details": (with_ports(), checkout(declined=True), ("4", "enter", "G", "enter")),
}
SMALL, USUAL, BIG = (80, 24), (120, 40), (200, 50)


SEEN = [
    (scene, size) for scene in SCENES for size in (SMALL, USUAL) if size == SMALL or "-flooded" not in scene
]
SEEN = [seen for seen in SEEN if seen[1] == USUAL or not seen[0].endswith(("-empty", "-starting", "-broken"))]
SEEN += [(scene, BIG) for scene in ("traffic-broken", "traffic-details", "traces-details")]


@pytest.mark.parametrize(("scene", "size"), SEEN)
async def test_the_screen_is_as_it_was(
    scene: str, size: tuple[int, int], visit: Visiting, snapshot: Callable[[str, str], None]
) -> None:
    """Characters and their places, in every state, from the smallest terminal to a big one."""
    shown, calls, keys = SCENES[scene]
    async with visit(shown, size=size) as seen:
        await seen.press(keys[0])
        assert seen.backend.traffic is not None
        seen.backend.traffic.deliver(calls, 0)
        await seen.settle()
        await seen.press(*keys[1:])
        snapshot(f"{scene}-{size[0]}x{size[1]}.txt", seen.text())


@pytest.mark.parametrize("theme", ["dark", "light"])
async def test_the_colours_are_as_they_were(
    theme: str, visit: Visiting, snapshot: Callable[[str, str], None]
) -> None:
    """A waterfall and its details, per theme."""
    async with visit(with_ports(), size=(160, 30), theme=f"meshdev-{theme}") as seen:
        await seen.press("4")
        assert seen.backend.traffic is not None
        seen.backend.traffic.deliver(checkout(declined=True), 0)
        await seen.settle()
        await seen.press("enter", "down", "enter")
        snapshot(f"waterfall-{theme}.svg", seen.svg())
