"""The screens as they were when somebody looked at them and found them good."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from textual.pilot import Pilot

from meshdev.tui.model import Link, Picture
from support_dashboard import NOW, Visiting, broken, healthy, many, picture, signals, starting, system

BUSY = tuple(
    signals(
        caller,
        callee,
        rps=rate,
        eps=failed,
        p50_ms=slow / 5,
        p99_ms=slow,
        series=[(second * number) % 7 + number for second in range(60)],
        error_series=[int(failed > 0 and 20 < second < 26) for second in range(60)],
        latency_buckets=[number * min(step, 6) ** 2 for step in range(14)],
        circuit="open" if failed > 1 else "",
    )
    for number, (caller, callee, rate, failed, slow) in enumerate(
        [
            ("shoppers", "storefront", 42.0, 0.2, 180.0),
            ("storefront", "catalog", 61.5, 0.0, 8.4),
            ("storefront", "carts", 20.1, 0.0, 31.0),
            ("storefront", "orders", 4.2, 0.4, 950.0),
            ("orders", "payments", 4.1, 2.05, 2400.0),
            ("orders", "inventory", 8.0, 0.0, 3.1),
            ("carts", "catalog", 0.0, 0.0, 2.0),
        ],
        1,
    )
)

SCENES: dict[str, tuple[Picture, tuple[str, ...]]] = {
    "empty": (picture(()), ()),
    "starting": (starting(), ()),
    "healthy": (healthy(), ("@orders",)),
    "broken": (broken(), ("@payments",)),
    "busy": (replace(broken(), signals=BUSY), ("@orders",)),
    "busy-details": (replace(healthy(), signals=BUSY), ("@orders", "d", "z")),
    "many": (many(200), ()),
    "details": (broken(), ("@orders", "d")),
    "events": (broken(), ("v",)),
    "quit": (healthy(), ("q",)),
    "help": (healthy(), ("?",)),
    "search": (healthy(), ("@orders", "l", "/", *"order", "enter")),
    "filter": (broken(), ("/", *"ord")),
    "wrapped": (healthy(), ("l", "w", "J", "T", "up", "up")),
    "lost": (replace(broken(), link=Link.LOST, link_since=NOW - 12), ()),
    "stopping": (replace(healthy(), system=system(shutting_down=1)), ()),
}


SMALL, USUAL, BIG = (80, 24), (120, 40), (200, 50)
SEEN = [(scene, SMALL) for scene in SCENES]
SEEN += [
    (scene, USUAL)
    for scene in SCENES
    if scene not in {"empty", "healthy", "many", "filter", "events", "lost"}
]
SEEN += [(scene, BIG) for scene in ("busy", "many", "details")]


@pytest.mark.parametrize(("scene", "size"), SEEN)
async def test_the_screen_is_as_it_was(
    scene: str, size: tuple[int, int], visit: Visiting, snapshot: Callable[[str, str], None]
) -> None:
    """Characters and their places, in every state, from the smallest terminal to a big one."""
    shown, keys = SCENES[scene]
    async with visit(shown, size=size) as seen:
        await seen.press(*keys)
        snapshot(f"{scene}-{size[0]}x{size[1]}.txt", seen.text())


@pytest.mark.parametrize("theme", ["dark", "light"])
async def test_the_colours_are_as_they_were(
    theme: str, visit: Visiting, snapshot: Callable[[str, str], None]
) -> None:
    """One picture per theme, with every tone in it."""
    async with visit(broken(), size=(100, 30), theme=f"meshdev-{theme}") as seen:
        await seen.press(*("@payments",))
        snapshot(f"broken-{theme}.svg", seen.svg())


@pytest.mark.parametrize("size", [(20, 6), (1, 1), (40, 10), (240, 70), (300, 90)])
async def test_no_size_breaks_the_screen(size: tuple[int, int], visit: Visiting) -> None:
    """Tiny and huge terminals draw something, and come back from it."""
    async with visit(broken(), size=size) as seen:
        assert seen.text()
        await seen.press("d", "v", "z", "l")
        await seen.pilot.resize_terminal(120, 40)
        await seen.settle()
        assert "7/10 healthy" in seen.text()


async def test_without_a_daemon_the_screen_says_what_it_waits_for(visit: Visiting) -> None:
    """The first paint needs nobody's answer."""
    async with visit(connected=False) as seen:
        assert "Connecting to the daemon" in seen.text()
        assert isinstance(seen.pilot, Pilot)
