"""The application: pictures in, wishes out, and what happens when it is broken itself."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from meshdev.errors import DaemonError
from meshdev.tui import daemon_backend
from meshdev.tui.app import Dashboard
from meshdev.tui.browser import can_browse
from meshdev.tui.launch import run
from meshdev.tui.model import Link, Picture
from meshdev.tui.outcome import Outcome
from meshdev.tui.screens.services import ServicesScreen
from meshdev.tui.themes import DARK, LIGHT, wanted_theme
from support_dashboard import NOW, ScriptedBackend, Visiting, broken, dashboard, healthy, logs, starting


async def test_a_lost_daemon_is_a_banner_and_its_return_takes_it_away(visit: Visiting) -> None:
    """Never a crash; what is known stays on the screen."""
    async with visit(healthy()) as seen:
        await seen.show(replace(healthy(), link=Link.LOST, link_since=NOW - 12))
        assert "The daemon has not answered for 12s" in seen.text()
        assert "● healthy" in seen.text()
        await seen.show(healthy())
        assert "has not answered" not in seen.text()


async def test_many_pictures_at_once_are_drawn_once(visit: Visiting) -> None:
    """A burst of events costs one tick; the newest counts."""
    async with visit(healthy()) as seen:
        drawn: list[Picture] = []
        screen = seen.app.screen
        assert isinstance(screen, ServicesScreen)
        original = screen.show

        def show(picture: Picture, now: float) -> None:
            drawn.append(picture)
            original(picture, now)

        screen.show = show  # type: ignore[method-assign]
        for number in range(200):
            seen.backend.show(replace(healthy(), seq=1000 + number))
        await seen.until(lambda: seen.app.picture.seq == 1199)
        assert len(drawn) < 50


async def test_who_cannot_reach_a_daemon_is_told_why(visit: Visiting) -> None:
    """The error reaches the command, which knows how to print it."""

    class Unreachable(ScriptedBackend):
        """Nobody answers."""

        async def follow(self) -> AsyncIterator[Picture]:
            """Fail before the first picture."""
            for _ in self.calls:
                yield Picture()
            raise DaemonError("nothing runs here", hint="`meshdev up` starts it")

    del visit  # only for its clean environment
    app = dashboard(Unreachable())
    async with app.run_test() as pilot:
        await pilot.pause()
    assert app.failure is not None
    assert app.failure.message == "nothing runs here"


async def test_no_color_leaves_shapes_and_words(monkeypatch: pytest.MonkeyPatch, visit: Visiting) -> None:
    """Without colour nothing is lost: only greys reach the terminal."""
    del visit
    monkeypatch.setenv("NO_COLOR", "1")
    app = dashboard(ScriptedBackend(broken(), logs()))
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause(0.2)
        svg = app.export_screenshot()
    assert app.no_color
    assert all(word in svg for word in ("gave&#160;up", "unhealthy", "healthy"))


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, DARK),
        ({"MESHDEV_THEME": "light"}, LIGHT),
        ({"MESHDEV_THEME": "nord"}, "nord"),
        ({"COLORFGBG": "15;0"}, DARK),
        ({"COLORFGBG": "0;default;15"}, LIGHT),
        ({"MESHDEV_THEME": "dark", "COLORFGBG": "0;15"}, DARK),
    ],
)
def test_the_first_theme_is_the_users(environ: dict[str, str], expected: str) -> None:
    """Named, or guessed from the terminal's background."""
    assert wanted_theme(environ) == expected


@pytest.mark.parametrize("theme", ["nord", "textual-light", "dracula", "no-such-theme", "ansi-dark"])
async def test_any_theme_can_be_worn(theme: str, monkeypatch: pytest.MonkeyPatch, visit: Visiting) -> None:
    """Themes that lack our variables get them from their own colours; an unknown one is the dark one."""
    del visit
    monkeypatch.setenv("MESHDEV_THEME", theme)
    app = dashboard(ScriptedBackend(starting(), logs()))
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause(0.1)
        assert app.theme == (theme if theme != "no-such-theme" else DARK)
        assert "waiting" in app.export_screenshot()


def test_a_browser_is_only_opened_where_one_would_be_seen() -> None:
    """Not over SSH, not without a display."""
    assert can_browse({"WAYLAND_DISPLAY": "wayland-0"}, "linux")
    assert can_browse({}, "darwin")
    assert not can_browse({}, "linux")
    assert not can_browse({"DISPLAY": ":0", "SSH_CONNECTION": "a b"}, "linux")


async def test_in_a_browser_an_address_is_another_tab(
    visit: Visiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever this machine has for a display: the browser that is looked through is the user's."""
    opened: list[str] = []
    async with visit() as seen:
        monkeypatch.setattr(Dashboard, "is_web", property(lambda _: True))
        monkeypatch.setattr(seen.app, "open_url", opened.append)
        await seen.press("@storefront", "o")
        assert opened == ["http://127.0.0.1:8080"]
        assert seen.app.clipboard == ""


def test_a_defect_of_the_dashboard_leaves_the_system_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A short message with the way back; the traceback is in a file, not on the screen."""

    def explode(*_: object) -> None:
        raise RuntimeError("oh no")

    made: list[ScriptedBackend] = []

    def backend(project: object, *, first: object) -> ScriptedBackend:
        del project, first
        made.append(ScriptedBackend(healthy()))
        return made[-1]

    original = Dashboard.run
    monkeypatch.setattr(daemon_backend, "DaemonBackend", backend)
    monkeypatch.setattr(ServicesScreen, "show", explode)
    monkeypatch.setattr(Dashboard, "run", lambda self: original(self, headless=True, size=(80, 24)))
    project = SimpleNamespace(paths=SimpleNamespace(state_dir=tmp_path))
    outcome = run(project, owner=True)  # type: ignore[arg-type]
    assert outcome is Outcome.CRASHED
    assert made[0].calls == []
    said = capsys.readouterr()
    assert "`meshdev attach` opens it again" in said.err
    assert "RuntimeError: oh no" in said.err
    assert "Traceback" not in said.err + said.out
    assert "Traceback" in (tmp_path / "dashboard-crash.log").read_text()
