"""The product as a user has it: a project folder, the command line, and a count of what is left afterwards."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest

from meshdev.client import calls
from meshdev.client.control import Control
from meshdev.client.project import find_project

PROGRAMS = Path(__file__).parent / "e2e" / "programs"
T = TypeVar("T")


@dataclass(slots=True)
class Product:
    """A project in ``root``; ``pids`` is where its programs write their pids, one file each."""

    root: Path
    pids: Path
    environ: dict[str, str] = field(default_factory=dict)
    prefix: tuple[str, ...] = ()  # before each command: as whom it is run

    def write(self, toml: str) -> None:
        """The topology; ``@python@`` and ``@programs@`` stand for this interpreter and tests/e2e/programs."""
        text = toml.replace("@python@", sys.executable).replace("@programs@", str(PROGRAMS))
        (self.root / "meshdev.toml").write_text(text, "utf-8")

    def command(self, *arguments: str) -> list[str]:
        """The argv of one meshdev command."""
        return [*self.prefix, sys.executable, "-m", "meshdev", *arguments]

    def env(self) -> dict[str, str]:
        """What the command line sees."""
        return {**os.environ, "PIDS": str(self.pids), **self.environ}

    def run(
        self, *arguments: str, check: int | None = 0, timeout: float = 40.0
    ) -> subprocess.CompletedProcess[str]:
        """Run one command to its end; ``check`` is the exit code that is expected, None for any."""
        done = subprocess.run(
            self.command(*arguments),
            cwd=self.root,
            env=self.env(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        if check is not None:
            assert done.returncode == check, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def status(self) -> dict[str, dict[str, Any]]:
        """``status --json`` by service name."""
        return {view["name"]: view for view in json.loads(self.run("status", "--json").stdout)}

    def processes(self) -> list[dict[str, Any]]:
        """Meshdev's own processes, as the daemon tells them: role, pid, what they cost."""
        control = Control(find_project(None, cwd=self.root, environ=self.env()))
        return [msgspec.to_builtins(view) for view in control.send(calls.processes())]

    def lock(self) -> dict[str, Any]:
        """What the daemon's lock file says."""
        found: dict[str, Any] = json.loads((self.root / ".meshdev" / "daemon.lock").read_text())
        return found

    def programs(self) -> set[int]:
        """The pids that the project's programs have written and that are alive."""
        return {pid for file in self.pids.iterdir() for pid in _pids(file) if alive(pid)}

    def tool(self) -> set[int]:
        """Live processes of meshdev's own in this project."""
        return {pid for pid in _all_pids() if str(self.root) in _cmdline(pid) and alive(pid)}

    def survivors(self) -> set[int]:
        """Whatever of this project is alive."""
        return self.programs() | self.tool()

    def wait_gone(self, timeout: float = 15.0) -> None:
        """Wait until nothing of the project is alive; fails with who is left."""
        eventually(lambda: not self.survivors(), timeout, lambda: f"still alive: {_told(self.survivors())}")

    def end(self) -> None:
        """For teardown: down, and SIGKILL by pid to what a failed test left behind."""
        self.run("down", check=None)
        for pid in self.survivors():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue


@contextmanager
def project_in(folder: Path) -> Iterator[Product]:
    """An empty project below ``folder``; whatever it starts is ended afterwards."""
    root = folder / "project"
    root.mkdir()
    pids = folder / "pids"
    pids.mkdir()
    runtime = Path(f"/tmp/meshdev-test-{os.getpid()}")
    runtime.mkdir(mode=0o700, exist_ok=True)
    product = Product(root, pids, {"XDG_RUNTIME_DIR": str(runtime)})
    try:
        yield product
    finally:
        product.end()


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    """An empty project for one test."""
    with project_in(tmp_path) as product:
        yield product


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A project that all tests of a module share: they agree on what runs in it."""
    with project_in(tmp_path_factory.mktemp("shared")) as product:
        yield product


def eventually(
    condition: Callable[[], T], timeout: float = 15.0, explain: Callable[[], str] = lambda: "never came true"
) -> T:
    """The condition's first true value; asks every 20 ms, fails after ``timeout`` seconds."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(explain())
        time.sleep(0.02)


def alive(pid: int) -> bool:
    """Whether ``pid`` runs (a zombie does not)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def _pids(file: Path) -> list[int]:
    return [int(word) for word in file.read_text().split()]


def _all_pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _cmdline(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def _told(pids: set[int]) -> dict[int, str]:
    return {pid: _cmdline(pid) for pid in pids}
