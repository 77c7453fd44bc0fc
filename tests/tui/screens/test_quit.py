"""Leaving: the question, the stop with its progress, and what the command is told."""

from dataclasses import replace

import pytest

from meshdev.tui.model import Link
from meshdev.tui.outcome import Outcome
from meshdev.tui.screens.stopping import StoppingScreen
from support_dashboard import NOW, Visiting, healthy, picture, service, system


@pytest.mark.parametrize("key", ["l", "down enter"])
async def test_leaving_lets_the_system_run(key: str, visit: Visiting) -> None:
    """Nothing is asked of the daemon."""
    async with visit(healthy()) as seen:
        await seen.press("q", *key.split())
        assert seen.app.return_value is Outcome.LEAVE
        assert seen.backend.calls == []


async def test_who_only_attached_leaves_by_default(visit: Visiting) -> None:
    """Enter is harmless there."""
    async with visit(healthy(), owner=False) as seen:
        await seen.press("q", "enter")
        assert seen.app.return_value is Outcome.LEAVE


@pytest.mark.parametrize("key", ["escape", "c", "q"])
async def test_one_can_stay(key: str, visit: Visiting) -> None:
    """The dialog goes, the dashboard stays."""
    async with visit(healthy()) as seen:
        await seen.press("q")
        assert "Leave it running" in seen.text()
        await seen.press(key)
        assert "Leave it running" not in seen.text()
        assert seen.app.return_value is None


@pytest.mark.parametrize("keys", [("q", "s"), ("q", "enter"), ("ctrl+c", "ctrl+c"), ("ctrl+q", "k", "s")])
async def test_a_stop_shows_who_blocks_until_the_end(keys: tuple[str, ...], visit: Visiting) -> None:
    """Asked for once; the dashboard ends with the daemon."""
    async with visit(healthy()) as seen:
        await seen.press(*keys)
        assert seen.backend.calls == [("shutdown", 1)]
        assert isinstance(seen.app.screen, StoppingScreen)
        slow = service("slow", phase="stopping", why="asked to end by SIGTERM", since=NOW - 4)
        await seen.show(picture((slow,), system=system(shutting_down=1)))
        assert "slow" in seen.text()
        assert "4s" in seen.text()
        assert "asked to end by SIGTERM" in seen.text()
        await seen.show(picture((), system=system(shutting_down=1)))
        assert "No service is left." in seen.text()
        seen.backend.end()
        await seen.settle()
        assert seen.app.return_value is Outcome.STOP


async def test_pressing_again_hurries_then_kills(visit: Visiting) -> None:
    """The second shortens the grace, the third kills; a fourth adds nothing."""
    async with visit(healthy()) as seen:
        await seen.press("ctrl+c", "ctrl+c", "ctrl+c")
        assert "The grace has been cut short." in seen.text()
        await seen.press("ctrl+c")
        assert "is being killed" in seen.text()
        await seen.press("q")
        assert seen.backend.calls == [("shutdown", urgency) for urgency in (1, 2, 3, 3)]


async def test_one_need_not_wait_for_the_end(visit: Visiting) -> None:
    """The command is told to see to it."""
    async with visit(healthy()) as seen:
        await seen.press("q", "s", "escape")
        assert seen.app.return_value is Outcome.STOP


async def test_a_stop_from_elsewhere_is_shown_too(visit: Visiting) -> None:
    """``meshdev down`` in another terminal."""
    async with visit(healthy()) as seen:
        await seen.show(replace(healthy(), system=system(shutting_down=2)))
        assert isinstance(seen.app.screen, StoppingScreen)
        assert "cut short" in seen.text()
        assert seen.backend.calls == []


async def test_a_stop_without_a_daemon_is_the_commands_business(visit: Visiting) -> None:
    """Nobody can be asked here."""
    async with visit(replace(healthy(), link=Link.LOST)) as seen:
        await seen.press("q")
        assert "does not answer" in seen.text()
        await seen.press("s")
        assert seen.app.return_value is Outcome.STOP
        assert seen.backend.calls == []
