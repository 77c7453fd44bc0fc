"""The help and the palette."""

from textual.command import CommandPalette

from meshdev.tui.screens.help import HelpScreen, help_lines
from meshdev.tui.screens.services import ServicesScreen
from support_dashboard import Visiting, broken


async def test_the_help_opens_scrolls_and_closes(visit: Visiting) -> None:
    """Even on a small terminal all of it can be read."""
    async with visit(broken(), size=(80, 24)) as seen:
        await seen.press("?")
        assert isinstance(seen.app.screen, HelpScreen)
        assert "Start the service" in seen.text()
        await seen.press("G")
        await seen.settle()
        last = "".join(span.text for span in help_lines("services", 69)[-1]).split()
        assert set(last) <= set(seen.text().split())
        await seen.press("?")
        assert isinstance(seen.app.screen, ServicesScreen)


async def test_the_palette_does_everything_by_name(visit: Visiting) -> None:
    """An action on a service that is not selected."""
    async with visit(broken()) as seen:
        await seen.press("ctrl+p")
        assert isinstance(seen.app.screen, CommandPalette)
        await seen.press(*"restart catalog")
        await seen.until(lambda: "Restart catalog" in seen.text())
        await seen.press("enter")
        await seen.until(lambda: bool(seen.backend.calls))
        assert seen.backend.calls == [("restart", "catalog")]


async def test_light_and_dark(visit: Visiting) -> None:
    """A key changes between the two."""
    async with visit(broken()) as seen:
        await seen.press("ctrl+l")
        assert seen.app.theme == "meshdev-light"
        await seen.press("ctrl+l")
        assert seen.app.theme == "meshdev-dark"
