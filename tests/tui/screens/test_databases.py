"""Every key of the Data screen, and how it looks."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from meshdev.errors import DaemonError
from meshdev.tui.model import Link, Picture
from meshdev.tui.screens.databases import DatabasesScreen
from meshdev.tui.screens.graph import GraphScreen
from meshdev.tui.screens.traffic import TrafficScreen
from meshdev.wire.database_views import DatabaseView
from support_dashboard import NOW, Visit, Visiting
from support_databases import databases
from support_graph import busy_shop

LOST = replace(busy_shop(), link=Link.LOST, link_since=NOW - 12)
SCENES: dict[str, tuple[Sequence[DatabaseView], Picture, tuple[str, ...]]] = {
    "data-none": ((), busy_shop(), ("8",)),
    "data-some": (databases(), busy_shop(), ("8",)),
    "data-statement": (databases(), busy_shop(), ("8", "enter", "down")),
    "data-kept-out": (databases(), busy_shop(), ("8", "down")),
    "data-file": (databases(), busy_shop(), ("8", "down", "down")),
    "data-filter": (databases(), busy_shop(), ("8", "slash", *"stock !begin", "enter")),
    "data-lost": (databases(), LOST, ("8",)),
}
SMALL, USUAL, BIG = (80, 24), (120, 40), (200, 50)


def data(seen: Visit) -> DatabasesScreen:
    """The screen in front."""
    screen = seen.app.screen
    assert isinstance(screen, DatabasesScreen)
    return screen


async def test_the_databases_are_asked_for_when_it_is_shown(visit: Visiting) -> None:
    """And the statements of the first one are there."""
    async with visit(busy_shop()) as seen:
        seen.backend.told_databases = databases()
        await seen.press("8")
        assert data(seen).table.rows[0].key == "databases.stock"
        assert "SELECT sku, count FROM stock" in seen.text()


async def test_a_daemon_that_does_not_answer(visit: Visiting) -> None:
    """What was known stays; nothing breaks."""
    async with visit(busy_shop()) as seen:
        seen.backend.refusal = DaemonError("away")
        await seen.press("8")
        assert "Asking the daemon" in seen.text()


async def test_enter_leads_to_the_statements_and_to_their_calls(visit: Visiting) -> None:
    """Escape leads back."""
    async with visit(busy_shop()) as seen:
        seen.backend.told_databases = databases()
        await seen.press("8", "enter", "down")
        statement = data(seen).statement
        assert statement is not None
        assert statement.service == "reports"
        await seen.press("escape")
        assert data(seen).focused is data(seen).table
        await seen.press("enter", "enter")
        assert isinstance(seen.app.screen, TrafficScreen)
        assert "callee=databases.stock" in seen.text()


async def test_a_statement_is_read_whole_while_the_keyboard_is_there(visit: Visiting) -> None:
    """Also on the smallest terminal, where its line is cut."""
    async with visit(busy_shop(), size=SMALL) as seen:
        seen.backend.told_databases = databases()
        await seen.press("8")
        assert "GROUP BY o.id ORDER BY" not in seen.text()
        await seen.press("enter", "down")
        assert "GROUP BY o.id ORDER BY" in seen.text()
        await seen.press("escape")
        assert "GROUP BY o.id ORDER BY" not in seen.text()


async def test_sorting_goes_round(visit: Visiting) -> None:
    """By time, count, p99, errors."""
    async with visit(busy_shop()) as seen:
        seen.backend.told_databases = databases()
        await seen.press("8", "S")
        assert [row.cells[0].text for row in data(seen).statements.rows][:2] == ["48,211", "18,240"]
        await seen.press("S")
        assert data(seen).statements.rows[0].cells[6].text == "reports"
        await seen.press("S")
        assert [row.cells[5].text for row in data(seen).statements.rows][:2] == ["1", ""]
        await seen.press("S")
        assert data(seen).statements.rows[0].cells[0].text == "48,211"


async def test_it_is_shown_in_the_graph(visit: Visiting) -> None:
    """The cursor stands on the database."""
    async with visit(busy_shop()) as seen:
        seen.backend.told_databases = databases()
        await seen.press("8", "i")
        assert isinstance(seen.app.screen, GraphScreen)


async def test_a_statement_can_be_copied(visit: Visiting) -> None:
    """As its fingerprint is."""
    async with visit(busy_shop()) as seen:
        seen.backend.told_databases = databases()
        await seen.press("8", "enter", "y")
        assert seen.app.clipboard == "SELECT sku, count FROM stock WHERE sku = ? FOR UPDATE"


async def test_escape_clears_the_filter(visit: Visiting) -> None:
    """First the prompt, then the filter."""
    async with visit(busy_shop()) as seen:
        seen.backend.told_databases = databases()
        await seen.press("8", "slash", *"reports", "enter")
        assert len(data(seen).statements.rows) == 1
        await seen.press("escape")
        assert len(data(seen).statements.rows) == 6


@pytest.mark.parametrize("size", [SMALL, USUAL, BIG], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("scene", SCENES)
async def test_the_screen_is_as_it_was(
    scene: str, size: tuple[int, int], visit: Visiting, snapshot: Callable[[str, str], None]
) -> None:
    """Characters and their places, in every state, from the smallest terminal to a big one."""
    told, picture, keys = SCENES[scene]
    async with visit(picture, size=size) as seen:
        seen.backend.told_databases = told
        await seen.press(*keys)
        snapshot(f"{scene}-{size[0]}x{size[1]}.txt", seen.text())


@pytest.mark.parametrize("theme", ["dark", "light"])
async def test_the_colours_are_as_they_were(
    theme: str, visit: Visiting, snapshot: Callable[[str, str], None]
) -> None:
    """Per theme."""
    async with visit(busy_shop(), size=(160, 30), theme=f"meshdev-{theme}") as seen:
        seen.backend.told_databases = databases()
        await seen.press("8")
        snapshot(f"data-{theme}.svg", seen.svg())


@pytest.mark.parametrize("size", [(20, 6), (1, 1), (40, 10), (240, 70)])
async def test_no_size_breaks_the_screen(size: tuple[int, int], visit: Visiting) -> None:
    """Tiny and huge terminals draw something."""
    async with visit(busy_shop(), size=size) as seen:
        seen.backend.told_databases = databases()
        await seen.press("8", "down", "slash", "x", "escape")
