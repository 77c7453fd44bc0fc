"""Recordings in Traffic as they were when somebody looked at them and found them good."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from support_dashboard import NOW, Visit, Visiting, picture
from support_recorded import (
    charge,
    checkout_recording,
    events,
    passed,
    picture_download,
    recorded,
    stale_outcome,
    true_outcome,
)
from support_traffic import with_ports

SMALL, USUAL, BIG = (80, 24), (120, 40), (200, 50)

SCENES: dict[str, tuple[str, ...]] = {
    "recordings-none": ("B",),
    "recordings-form": ("R",),
    "recordings-under-way": ("up",),
    "recordings-list": ("B",),
    "recordings-open": ("B", "enter"),
    "recordings-details": ("B", "enter", "enter"),
    "recordings-whole": ("up", "enter", "z"),
    "recordings-binary": ("B", "enter", "G", "enter", "z"),
    "recordings-events": ("B", "enter", "down", "down", "enter", "z"),
    "recordings-diff": ("B", "enter", "space", "down", "D"),
    "recordings-formats": ("B", "e"),
    "recordings-services": ("B", "s"),
    "recordings-remove": ("B", "d"),
    "recordings-replay": ("B", "v"),
    "recordings-report": ("B", "v"),
}


async def arrange(seen: Visit, scene: str) -> None:
    """What is there before keys are pressed."""
    exchanges = [charge(1), charge(2, amount="12.00", status=402), events(), picture_download()]
    backend = seen.backend
    backend.wholes = {one.span: one for one in exchanges}
    if scene != "recordings-none":
        for recording in (
            checkout_recording(),
            checkout_recording(
                "20261121-181502", created=NOW - 90_000, source="har", edges=("orders -> payments",)
            ),
            checkout_recording(
                "a-recording-with-a-name-that-is-really-long", created=NOW - 9e5, redacted=False
            ),
        ):
            backend.library[recording.meta.name] = recording
    await seen.press("3")
    assert backend.traffic is not None
    backend.traffic.deliver([passed(one, number) for number, one in enumerate(exchanges, 1)], 0)
    if scene in {"recordings-under-way", "recordings-list"}:
        backend.library["till"] = checkout_recording("till", created=NOW - 75, ended=None)
        under_way = (recorded("till", exchanges=1_204, bytes=348_160),)
        await seen.show(replace(seen.app.picture, recordings=under_way))
    if scene == "recordings-report":
        backend.outcomes.put_nowait([("storefront", stale_outcome()), ("carts", true_outcome())])
    await seen.settle()


SEEN = [(scene, size) for scene in SCENES for size in (SMALL, BIG)]
SEEN += [(scene, USUAL) for scene in ("recordings-details", "recordings-list", "recordings-diff")]


@pytest.mark.parametrize(("scene", "size"), SEEN)
async def test_the_screen_is_as_it_was(
    scene: str, size: tuple[int, int], visit: Visiting, snapshot: Callable[[str, str], None]
) -> None:
    """Characters and their places, in every state, from the smallest terminal to a big one."""
    shown = picture(()) if scene == "recordings-none" else with_ports()
    async with visit(shown, size=size) as seen:
        await arrange(seen, scene)
        await seen.press(*SCENES[scene])
        await seen.settle()
        if scene in {"recordings-replay", "recordings-report"}:
            seen_word = "6/12" if scene == "recordings-replay" else "storefront"
            await seen.until(lambda: seen_word in seen.text())
        snapshot(f"{scene}-{size[0]}x{size[1]}.txt", seen.text())


@pytest.mark.parametrize("theme", ["dark", "light"])
async def test_the_colours_are_as_they_were(
    theme: str, visit: Visiting, snapshot: Callable[[str, str], None]
) -> None:
    """A call whole beside the list, a recording under way, per theme."""
    async with visit(with_ports(), size=(160, 36), theme=f"meshdev-{theme}") as seen:
        await arrange(seen, "recordings-under-way")
        await seen.press("g", "enter")
        snapshot(f"recordings-{theme}.svg", seen.svg())
