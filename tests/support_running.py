"""A real system in a folder of its own, started as a user would, and seen from outside."""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pexpect

from meshdev.client.project import Project, find_project
from support_cli import MESHDEV, Ran, meshdev

HEAD = '[system]\nname = "demo"\n'
TICKER = """
[services.ticker]
command = "sh -c 'while true; do echo tick; sleep 0.1; done'"
protocol = "none"
"""
WEB = """
[services.web]
command = "python3 -u -m http.server --bind 127.0.0.1 $PORT"
healthcheck = { http = "/", interval = "50ms" }
"""
STUBBORN = """
[services.stubborn]
command = ["python3", "stubborn.py"]
protocol = "none"
stop = { grace = "600s" }
"""
CRASHING = """
[services.crashing]
command = "sh -c 'echo it went wrong; exit 3'"
protocol = "none"
"""
DETACHING = """
[services.detaching]
command = "sh -c 'setsid sleep 600 & wait'"
protocol = "none"
"""
_STUBBORN_PROGRAM = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("up", flush=True)
time.sleep(600)
"""


class RunningSystem:
    """A project with a real daemon, or without one yet."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.env = {"XDG_RUNTIME_DIR": str(root / "run")}
        (root / "stubborn.py").write_text(_STUBBORN_PROGRAM, "utf-8")

    def write(self, *parts: str) -> None:
        """Write the topology file."""
        (self.root / "meshdev.toml").write_text(HEAD + "".join(parts), "utf-8")

    @property
    def project(self) -> Project:
        """The project, as the client sees it."""
        return find_project(None, cwd=self.root, environ=self.env)

    def meshdev(self, *args: str) -> Ran:
        """Run a command to its end."""
        return meshdev(*args, cwd=self.root, env=self.env)

    @contextmanager
    def terminal(self, *args: str, **environ: str) -> Iterator["pexpect.spawn[str]"]:
        """Run a command in a terminal of its own."""
        child = pexpect.spawn(
            MESHDEV[0],
            [*MESHDEV[1:], *args],
            cwd=str(self.root),
            env={**os.environ, "TERM": "xterm-256color", **self.env, **environ},
            encoding="utf-8",
            dimensions=(40, 120),
            timeout=30,
        )
        try:
            yield child
        finally:
            child.close(force=True)

    def survivors(self) -> list[str]:
        """Processes that bear this project's mark, as ``pid command``."""
        mark = f"MESHDEV_PROJECT={self.project.paths.key}".encode()
        found = []
        for folder in Path("/proc").iterdir():
            if not folder.name.isdigit():
                continue
            try:
                if mark in (folder / "environ").read_bytes().split(b"\0"):
                    found.append(f"{folder.name} {(folder / 'cmdline').read_bytes()!r}")
            except OSError:
                continue
        return found

    def is_gone(self) -> bool:
        """Whether nothing is left: no process, no socket, no holder of the lock."""
        project = self.project
        return not self.survivors() and not project.paths.socket.exists() and project.holder() is None


@contextmanager
def running_system() -> Iterator[RunningSystem]:
    """A folder for a system; whatever runs in it at the end is ended."""
    with tempfile.TemporaryDirectory(prefix="md-", ignore_cleanup_errors=True) as folder:
        system = RunningSystem(Path(folder).resolve())
        try:
            yield system
        finally:
            if (system.root / "meshdev.toml").exists():
                system.meshdev("down", "--timeout", "0.1")


def end_of(child: "pexpect.spawn[str]") -> tuple[int | None, str]:
    """Wait for the command's end: its exit code (or minus the signal), and what it printed from here on."""
    child.expect(pexpect.EOF)
    child.wait()
    code = child.exitstatus if child.signalstatus is None else -child.signalstatus
    return code, str(child.before or "")


def close_terminal(child: "pexpect.spawn[str]") -> None:
    """Close the window: the kernel hangs up on whoever sits in it."""
    process = vars(child)["ptyproc"]
    process.fileobj.close()
    process.closed = True
    child.closed = True


def until(check: Callable[[], bool], *, within: float = 20.0) -> None:
    """Wait until ``check`` holds; fails when it does not within so many seconds."""
    deadline = time.monotonic() + within
    while not check():
        assert time.monotonic() < deadline, "it has not come true"
        time.sleep(0.02)
