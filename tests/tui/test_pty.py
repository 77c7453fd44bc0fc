"""The dashboard in a real terminal over a real daemon: what a first-time user does and sees."""

import sys
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


CALLED = """
import os, time, urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")
    def log_message(self, *arguments):
        print("served", self.path, flush=True)
ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""

CALLER = """
import os, time, urllib.request
for number in range(10**6):
    try:
        urllib.request.urlopen(os.environ["PANTRY_URL"] + f"/jam/{number}", timeout=5).read()
        print("fetched", number, flush=True)
    except OSError as error:
        print("missed", number, error, flush=True)
    time.sleep(0.2)
"""

PAIR = """
[system]
name = "tour"

[services.pantry]
command = "{python} -S -u pantry.py"
healthcheck = {{ http = "/healthz" }}

[services.kitchen]
command = "{python} -u kitchen.py"
protocol = "none"
calls = ["pantry"]
"""


@pytest.mark.e2e
def test_a_tour_of_all_screens(project: Path, environ: dict[str, str]) -> None:
    """Up, the signals, the graph and an edge of it, a filtered log, a restart, quit: as somebody does it first."""
    (project / "meshdev.toml").write_text(PAIR.format(python=sys.executable))
    (project / "pantry.py").write_text(CALLED)
    (project / "kitchen.py").write_text(CALLER)
    terminal = up(project, environ)
    terminal.sees("● healthy", "● running", "RPS", "P99", "kitchen", "pantry")
    terminal.type("2")
    terminal.sees("kitchen", "pantry", "►")
    terminal.type("\x1b[C\r")  # to the right, from the node onto its edge; and open it
    terminal.until(
        lambda shown: "kitchen" in shown and ("p99" in shown.lower() or "latency" in shown.lower())
    )
    terminal.type("3")
    terminal.sees("GET", "/jam/", "200")
    terminal.type("5")
    terminal.sees("fetched", "served")
    terminal.type("&service=kitchen\r")
    terminal.until(lambda shown: "fetched" in shown and "served" not in shown)
    terminal.type("1")
    terminal.sees("RPS", "restart")
    terminal.type("r")
    terminal.type("d")
    terminal.sees("gen 2")
    terminal.type("q")
    terminal.sees("Stop the system", "Leave it running")
    terminal.type("s")
    assert terminal.ends() == 0
