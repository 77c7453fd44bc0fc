"""Running command lines: in this process against a stand-in daemon, or as a user would."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from meshdev.cli import app
from meshdev.client.project import Project
from meshdev.wire.control import ServiceView
from support_control import Daemon, StandIn, short_project, system

MESHDEV = (sys.executable, "-m", "meshdev")


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command line ended."""

    code: int
    out: str
    err: str


class Cli:
    """Runs command lines in this process, in a project of its own."""

    def __init__(self, project: Project, capsys: pytest.CaptureFixture[str]) -> None:
        self.project = project
        self._capsys = capsys

    def __call__(self, *args: str) -> Ran:
        """Run one command line."""
        self._capsys.readouterr()
        code = app.run(list(args))
        out, err = self._capsys.readouterr()
        return Ran(code, out, err)


@contextmanager
def cli_here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Cli]:
    """A project without a daemon, in the environment and the working directory of this process."""
    with short_project() as project:
        monkeypatch.chdir(project.root)
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(project.root / "run"))
        for name in ("MESHDEV_FILE", "NO_COLOR", "FORCE_COLOR", "MESHDEV_DEBUG"):
            monkeypatch.delenv(name, raising=False)
        yield Cli(project, capsys)


@contextmanager
def stand_in(cli: Cli, *views: ServiceView) -> Iterator[Daemon]:
    """A stand-in daemon for the project of ``cli``."""
    view = system(root=str(cli.project.root), file=str(cli.project.file))
    with Daemon(cli.project, StandIn(list(views), view)) as daemon:
        yield daemon


def meshdev(*args: str, cwd: Path, env: dict[str, str] | None = None, timeout: float = 60.0) -> Ran:
    """Run the real command as a process of its own."""
    ran = subprocess.run(
        [*MESHDEV, *args],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    return Ran(ran.returncode, ran.stdout, ran.stderr)
