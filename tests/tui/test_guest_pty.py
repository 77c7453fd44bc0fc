"""The terminal is lent to others and comes back: an editor, the plain stream; in a real terminal over a real daemon."""

import signal
import sys
from pathlib import Path

import psutil
import pytest

from support_terminal import daemon_of, environ, meshdev, project, up

__all__ = ["environ", "project"]

EDITOR = """
import sys, termios, tty
print("EDITING", *sys.argv[1:], flush=True)
tty.setcbreak(0)
while sys.stdin.read(1) != "w":
    pass
"""


def fake_editor(folder: Path, name: str) -> Path:
    """A program that shows what it was asked to open, until ``w`` is pressed."""
    program = folder / name
    program.write_text(f"#!{sys.executable}\n{EDITOR}")
    program.chmod(0o755)
    return program


@pytest.mark.e2e
def test_the_editor_gets_the_terminal_and_gives_it_back(project: Path, environ: dict[str, str]) -> None:
    """The definition's line; what is typed there is no command; ctrl+c there ends the editor alone."""
    terminal = up(project, {**environ, "EDITOR": str(fake_editor(project, "nano"))})
    terminal.sees("● running", "tick")
    terminal.type("e")
    shown = terminal.sees("EDITING +5", "meshdev.toml")
    assert "Services" not in shown
    terminal.type("qx")
    terminal.type("w")
    terminal.sees("● running", "edited", "meshdev.toml:5")
    terminal.type("e")
    terminal.sees("EDITING")
    terminal.type("\x03")
    terminal.sees("● running", "ended with exit code")
    terminal.type("qs")
    assert terminal.ends() == 0


@pytest.mark.e2e
def test_an_editor_with_a_window_leaves_the_terminal_alone(project: Path, environ: dict[str, str]) -> None:
    """It is started beside the dashboard, and one that isn't there is told."""
    program = project / "code"
    program.write_text(f"#!{sys.executable}\nimport sys; open('asked', 'w').write(' '.join(sys.argv[1:]))\n")
    program.chmod(0o755)
    terminal = up(project, {**environ, "VISUAL": str(program)})
    terminal.sees("● running", "tick")
    terminal.type("e")
    terminal.sees("opened", "with code")
    terminal.until(lambda _: (project / "asked").exists() and (project / "asked").read_text() != "")
    assert (project / "asked").read_text() == f"-g {project / 'meshdev.toml'}:5"
    program.unlink()
    terminal.type("e")
    terminal.sees("Could not open meshdev.toml", "No such file")
    terminal.type("qs")
    assert terminal.ends() == 0


@pytest.mark.e2e
def test_the_plain_stream_and_back(project: Path, environ: dict[str, str]) -> None:
    """Lines of before and what comes, on the terminal's own screen; keys and ctrl+c come back, nothing is stopped."""
    terminal = up(project, environ)
    terminal.sees("● running", "tick")
    for back in ("t", "q", "\r", "\x03"):
        terminal.type("t")
        shown = terminal.sees("clock-0 |", "tick")
        assert "Services" not in shown
        newest = max(numbers(shown))
        terminal.until(lambda now, newest=newest: max(numbers(now), default=0) > newest + 5)  # type: ignore[misc]
        terminal.type(back)
        terminal.sees("Services", "● running")
    terminal.type("qs")
    assert terminal.ends() == 0


def numbers(shown: str) -> list[int]:
    """Which ticks are on the screen."""
    found = (line.partition('"number":')[2].partition("}")[0] for line in shown.splitlines())
    return [int(number) for number in found if number.isdigit()]


@pytest.mark.e2e
def test_sigterm_while_the_terminal_is_lent_ends_in_order(project: Path, environ: dict[str, str]) -> None:
    """The guest shields its keys, not us from being ended."""
    terminal = up(project, environ)
    terminal.sees("● running", "tick")
    terminal.type("t")
    terminal.sees("clock-0 |")
    terminal.child.kill(signal.SIGTERM)
    terminal.ends()
    assert "is down" in terminal.text()


@pytest.mark.e2e
def test_a_daemon_that_was_killed_comes_back_without_gaps(project: Path, environ: dict[str, str]) -> None:
    """The banner, clear refusals, then the new run with its own lines; the dashboard was there all the time."""
    terminal = up(project, environ)
    terminal.sees("● running", "tick")
    psutil.Process(daemon_of(project)).kill()
    terminal.sees("The daemon has not answered")
    terminal.type("r")
    terminal.sees("Could not restart")
    assert meshdev(project, "up", "-d").returncode == 0
    terminal.until(lambda shown: "has not answered" not in shown and "● running" in shown and "tick" in shown)
    terminal.type("r")
    terminal.type("d")
    terminal.sees("clock-0 gen 2")
    terminal.type("qs")
    assert terminal.ends() == 0
