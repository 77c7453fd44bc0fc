"""Every key of the Events screen, and how it looks."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from meshdev.errors import ServiceError
from meshdev.tui.model import Link, Picture
from meshdev.tui.screens.graph import GraphScreen
from meshdev.tui.screens.topics import TopicsScreen
from meshdev.tui.screens.traffic import TrafficScreen
from support_dashboard import NOW, Visit, Visiting, healthy, service
from support_graph import busy_shop, starting_shop

SCENES: dict[str, tuple[Picture, tuple[str, ...]]] = {
    "events-none": (healthy(), ("7",)),
    "events-some": (busy_shop(), ("7",)),
    "events-declared": (starting_shop(), ("7", "down")),
    "events-filter": (busy_shop(), ("7", "slash", *"shipment", "enter")),
    "events-lost": (replace(busy_shop(), link=Link.LOST, link_since=NOW - 12), ("7",)),
}
SMALL, USUAL, BIG = (80, 24), (120, 40), (200, 50)


def events(seen: Visit) -> TopicsScreen:
    """The screen in front."""
    screen = seen.app.screen
    assert isinstance(screen, TopicsScreen)
    return screen


async def test_the_cursor_shows_the_topic(visit: Visiting) -> None:
    """Its messages stand in the details."""
    async with visit(busy_shop()) as seen:
        await seen.press("7", "down")
        topic = events(seen).topic
        assert topic is not None
        assert topic.name == "order.completed"
        assert '"event": "order.completed"' in " ".join(seen.text().split())


async def test_sorting_goes_round(visit: Visiting) -> None:
    """By rate, by how far subscribers are behind, by name, and as the topology has it."""
    async with visit(busy_shop()) as seen:
        await seen.press("7", "S", "S", "S")
        topic = events(seen).topic
        assert topic is not None
        assert topic.name == "order.cancelled"
        await seen.press("S")
        topic = events(seen).topic
        assert topic is not None
        assert topic.name == "order.placed"


async def test_enter_shows_its_messages_among_the_calls(visit: Visiting) -> None:
    """The Traffic screen with a filter."""
    async with visit(busy_shop()) as seen:
        await seen.press("7", "enter")
        assert isinstance(seen.app.screen, TrafficScreen)
        assert "order.placed" in seen.text()


async def test_it_is_shown_in_the_graph(visit: Visiting) -> None:
    """The cursor stands on the edge from publisher to subscriber."""
    async with visit(busy_shop()) as seen:
        await seen.press("7", "i")
        assert isinstance(seen.app.screen, GraphScreen)
        assert "orders → notifications" in seen.text()


async def test_the_last_message_can_be_copied(visit: Visiting) -> None:
    """As it was published."""
    async with visit(busy_shop()) as seen:
        await seen.press("7", "y")
        assert '"event": "order.placed"' in seen.app.clipboard


async def test_a_message_is_published_again_or_changed(visit: Visiting) -> None:
    """The prompt begins with the last message; Escape publishes nothing."""
    async with visit(busy_shop()) as seen:
        await seen.press("7", "p", "enter")
        await seen.press("p", "end", "backspace", *" ,1}", "enter")
        await seen.press("p", "escape")
        said = '{"order": "ord-259e", "event": "order.placed", "total_cents": 1902'
        assert seen.backend.calls == [
            ("publish", "order.placed", "brokers.events", said + "}"),
            ("publish", "order.placed", "brokers.events", said + " ,1}"),
        ]


async def test_the_hints_are_those_of_typing(visit: Visiting) -> None:
    """All other keys are text meanwhile."""
    async with visit(busy_shop(), size=SMALL) as seen:
        await seen.press("7", "p")
        assert seen.text().splitlines()[-1].split() == ["Enter", "publish", "Esc", "drop"]
        await seen.press("escape", "slash")
        assert seen.text().splitlines()[-1].split() == ["Enter", "keep", "Esc", "drop"]
        await seen.press("escape")
        assert "S sort" in seen.text().splitlines()[-1]


async def test_what_the_broker_refuses_is_told(visit: Visiting) -> None:
    """In its words."""
    async with visit(busy_shop()) as seen:
        seen.backend.refusal = ServiceError("brokers.events does not take the message: no")
        await seen.press("7", "p", "enter")
        assert "does not take the message: no" in seen.text()


async def test_a_broker_that_is_down_is_told(visit: Visiting) -> None:
    """Above the details, whatever the cursor is on."""
    shown = busy_shop()
    broken = [
        service(one.name, phase="stopped", health="none", desired="down")
        if one.name == "brokers.events"
        else one
        for one in shown.services
    ]
    async with visit(replace(shown, services=tuple(broken)), size=SMALL) as seen:
        await seen.press("7")
        assert "○ brokers.events stopped" in seen.text()


async def test_escape_clears_the_filter(visit: Visiting) -> None:
    """First the prompt, then the filter."""
    async with visit(busy_shop()) as seen:
        await seen.press("7", "slash", *"shipment", "enter")
        assert "order.placed" not in [row.key for row in events(seen).table.rows]
        await seen.press("escape")
        assert "order.placed" in [row.key for row in events(seen).table.rows]


@pytest.mark.parametrize("size", [SMALL, USUAL, BIG], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("scene", SCENES)
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
    """Per theme."""
    async with visit(busy_shop(), size=(120, 30), theme=f"meshdev-{theme}") as seen:
        await seen.press("7")
        snapshot(f"events-{theme}.svg", seen.svg())


@pytest.mark.parametrize("size", [(20, 6), (1, 1), (40, 10), (240, 70)])
async def test_no_size_breaks_the_screen(size: tuple[int, int], visit: Visiting) -> None:
    """Tiny and huge terminals draw something."""
    async with visit(busy_shop(), size=size) as seen:
        await seen.press("7", "down", "slash", "x", "escape")
