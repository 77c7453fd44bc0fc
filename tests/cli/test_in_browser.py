"""``--web`` on the command line; what is served behind it is tested in tests/web."""

import importlib.util
from typing import TYPE_CHECKING

import pytest

from support_cli import Cli

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize("command", ["up", "attach", "dashboard"])
@pytest.mark.parametrize("option", [("--host", "127.0.0.1"), ("--port", "0"), ("--no-browser",)])
def test_what_belongs_to_web_needs_it(cli: Cli, command: str, option: tuple[str, ...]) -> None:
    """Rather an error than an option without effect."""
    ran = cli(command, *option)
    assert (ran.code, "belong to --web" in ran.err) == (2, True)


@pytest.mark.parametrize("line", ["up --plain", "up -d", "up --wait", "attach --plain", "dashboard --plain"])
def test_web_excludes_other_ways_to_show(cli: Cli, line: str) -> None:
    """Nothing is started."""
    ran = cli(*line.split(), "--web")
    assert (ran.code, "--web shows the dashboard" in ran.err) == (2, True)
    assert not (cli.project.root / ".meshdev").exists()


def test_a_missing_extra_is_told_before_anything_starts(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the command that installs it."""
    found: Callable[..., object] = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *_: None if name == "textual_serve" else found(name)
    )
    ran = cli("up", "--web")
    assert (ran.code, "pip install 'meshdev[web]'" in ran.err) == (2, True)
    assert not (cli.project.root / ".meshdev").exists()


def test_a_port_that_cannot_be_had_is_told_before_anything_starts(cli: Cli) -> None:
    """A host that isn't there stands for it."""
    ran = cli("up", "--web", "--host", "192.0.2.1")
    assert (ran.code, "cannot listen at 192.0.2.1" in ran.err) == (2, True)
    assert not (cli.project.root / ".meshdev").exists()


def test_dashboard_is_attach(cli: Cli) -> None:
    """Both are listed, both say the same."""
    shown = cli("--help").out
    assert "attach" in shown
    assert "dashboard" in shown
    attach, dashboard = cli("attach", "--help").out, cli("dashboard", "--help").out
    assert attach.replace("meshdev attach", "meshdev dashboard") == dashboard
    assert (cli("attach").code, cli("dashboard").code) == (3, 3)
