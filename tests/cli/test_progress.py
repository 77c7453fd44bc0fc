"""Showing a wait on a terminal, and without one."""

import io

import pytest

from meshdev.cli.narrate import Line
from meshdev.cli.progress import Progress


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """It does."""
        return True


def on_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Make stderr a terminal, in the test itself: that of a fixture is replaced by pytest's."""
    stream = Terminal()
    monkeypatch.setattr("sys.stderr", stream)
    for name, value in {"TERM": "xterm-256color", "COLUMNS": "60", "FORCE_COLOR": "1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("NO_COLOR", raising=False)
    return stream


def test_block_names_who_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Count, names, reasons; passing states are in the block and not said again; lasting ones stay."""
    terminal = on_terminal(monkeypatch)
    with Progress("starting") as progress:
        progress.update(1, 3, {"orders": "not ready yet", "pay": "waiting for orders"})
        progress.tell(Line("pay", "is waiting for orders", passing=True))
        progress.tell(Line("web", "is healthy"))
    text = terminal.getvalue()
    assert "starting 1/3" in text
    assert "not ready yet" in text
    assert "web is healthy" in text
    assert "pay is waiting" not in text


def test_many_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fifty services don't fill the screen."""
    terminal = on_terminal(monkeypatch)
    with Progress("starting") as progress:
        progress.update(0, 50, {f"s{index}": "starting" for index in range(50)})
    assert "… and 38 more" in terminal.getvalue()


def test_without_a_terminal_it_is_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """Into a file or a CI log: what happens, a line each, on stderr."""
    with Progress("starting") as progress:
        progress.update(1, 2, {"orders": "not ready yet"})
        progress.tell(Line("pay", "is waiting for orders", passing=True))
        progress.tell(Line("web", "is healthy"))
    out, err = capsys.readouterr()
    assert (out, err) == ("", "pay is waiting for orders\nweb is healthy\n")
