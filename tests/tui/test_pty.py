"""The dashboard in a real terminal over a real daemon: what a first-time user does and sees."""

import time
from pathlib import Path

import psutil
import pytest

from support_terminal import PATIENCE, daemon_of, environ, meshdev, processes_of, project, up

__all__ = ["environ", "project"]


@pytest.mark.e2e
def test_a_first_tour(project: Path, environ: dict[str, str]) -> None:
    """See, filter, read a log, restart, look at the details, quit and stop: nothing is left."""
    terminal = up(project, environ)
    terminal.sees("tour", "● running", "✕ failed", "exit code 7", "tick  number=")
    terminal.type("/clo")
    terminal.until(lambda shown: "✕ failed" not in shown)
    terminal.type("\r")
    terminal.sees("filter clo")
    terminal.type("l")
    terminal.sees("& only matching")
    terminal.type("/number=1\r")
    terminal.sees("/number=1", "paused")
    terminal.type("\x1b")
    terminal.until(lambda shown: "/number=1" not in shown)
    terminal.type("G\x1b")
    terminal.sees("following", "x stop")
    terminal.type("d")
    terminal.sees("clock-0 gen 1")
    terminal.type("r")
    terminal.sees("gen 2")
    terminal.type("q")
    terminal.sees("Stop the system", "Leave it running")
    terminal.type("s")
    assert terminal.ends() == 0
    assert [line for line in processes_of(project) if "guardian" not in line] == []
    end = time.monotonic() + PATIENCE  # the guardian sees everybody out and goes last
    while processes_of(project) and time.monotonic() < end:
        terminal.pump()
    assert processes_of(project) == []


@pytest.mark.e2e
def test_leaving_and_coming_back(project: Path, environ: dict[str, str]) -> None:
    """The system goes on; ``attach`` shows it; Enter in its dialog is harmless."""
    terminal = up(project, environ)
    terminal.sees("● running", "tick")
    terminal.type("ql")
    assert terminal.ends() == 0
    again = up(project, environ, "attach")
    again.sees("● running", "tick")
    again.type("q\r")
    assert again.ends() == 0
    assert '"running"' in meshdev(project, "status", "--json").stdout


@pytest.mark.e2e
def test_a_stop_from_another_terminal_ends_the_dashboard(project: Path, environ: dict[str, str]) -> None:
    """``meshdev down`` elsewhere: the dashboard shows it, ends, and leaves a sane terminal."""
    terminal = up(project, environ, "up")
    terminal.sees("● running", "tick")
    assert meshdev(project, "down").returncode == 0
    assert terminal.ends() == 0
    assert not terminal.screen.cursor.hidden


@pytest.mark.e2e
def test_a_killed_daemon_is_a_banner(project: Path, environ: dict[str, str]) -> None:
    """The dashboard survives the worst, and can be left."""
    terminal = up(project, environ)
    terminal.sees("● running", "tick")
    psutil.Process(daemon_of(project)).kill()
    terminal.sees("The daemon has not answered")
    terminal.type("q")
    terminal.sees("does not answer")
    terminal.type("l")
    terminal.ends()
