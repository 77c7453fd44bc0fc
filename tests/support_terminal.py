"""The dashboard in a real terminal: a pseudo-terminal that is drawn, and a small project for it."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect
import psutil
import pyte
import pytest

COLUMNS, LINES = 100, 30
PATIENCE = 30.0

TOPOLOGY = """
[system]
name = "tour"

[services.clock]
command = "{python} -S -u clock.py"
protocol = "none"

[services.crash]
command = "{python} -S -c 'print(1); raise SystemExit(7)'"
protocol = "none"
restart = {{ policy = "no" }}
"""

CLOCK = """
import itertools, time
for number in itertools.count():
    print('{"level":"info","msg":"tick","number":%d}' % number, flush=True)
    time.sleep(0.05)
"""


class Terminal:
    """A child in a pseudo-terminal, and the screen that it draws."""

    def __init__(self, arguments: list[str], cwd: Path, environ: dict[str, str]) -> None:
        self.screen = pyte.Screen(COLUMNS, LINES)
        self._stream = pyte.ByteStream(self.screen)
        command, *rest = arguments
        self.child = pexpect.spawn(
            command, rest, cwd=str(cwd), env=environ, dimensions=(LINES, COLUMNS), timeout=PATIENCE
        )

    def text(self) -> str:
        """What a person sees."""
        return "\n".join(self.screen.display)

    def pump(self, seconds: float = 0.1) -> bool:
        """Draw what the child has written; False at its end."""
        try:
            data: bytes = self.child.read_nonblocking(65536, timeout=seconds)  # type: ignore[assignment]
        except pexpect.TIMEOUT:
            return True
        except pexpect.EOF:
            return False
        for switch in (b"\x1b[?1049h", b"\x1b[?1049l"):  # pyte knows no second screen: at least an empty one
            data = data.replace(switch, switch + b"\x1b[2J\x1b[H")
        self._stream.feed(data)
        return True

    def until(self, condition: Callable[[str], bool]) -> str:
        """Wait until the screen is as it should be, and answer it."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if condition(self.text()):
                return self.text()
            if not self.pump() and not condition(self.text()):
                break
        pytest.fail(f"the screen never got there:\n{self.text()}")

    def sees(self, *texts: str) -> str:
        """Wait until all of these are on the screen."""
        return self.until(lambda shown: all(text in shown for text in texts))

    def type(self, keys: str) -> None:
        """Press keys."""
        self.child.send(keys)

    def ends(self) -> int:
        """Wait for the end; the exit code."""
        end = time.monotonic() + PATIENCE
        while self.pump() and time.monotonic() < end:
            pass
        self.child.wait()
        assert self.child.exitstatus is not None
        return self.child.exitstatus


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    """A small system; whatever happens, it is down at the end."""
    (tmp_path / "meshdev.toml").write_text(TOPOLOGY.format(python=sys.executable))
    (tmp_path / "clock.py").write_text(CLOCK)
    yield tmp_path
    meshdev(tmp_path, "down")


@pytest.fixture
def environ() -> dict[str, str]:
    """A terminal with colours."""
    return {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}


def meshdev(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command beside the dashboard."""
    return subprocess.run(
        [sys.executable, "-m", "meshdev", *arguments],
        cwd=project,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def processes_of(project: Path) -> list[str]:
    """What runs in the project's folder."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.cwd() == str(project) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(" ".join(process.cmdline()))
    return found


def up(project: Path, environ: dict[str, str], *arguments: str) -> Terminal:
    """``meshdev up`` (or another command) in a terminal."""
    return Terminal([sys.executable, "-m", "meshdev", *(arguments or ("up",))], project, environ)


def daemon_of(project: Path) -> int:
    """The daemon's pid."""
    lock = (project / ".meshdev" / "daemon.lock").read_text()
    return int(lock.partition('"pid":')[2].partition(",")[0])
