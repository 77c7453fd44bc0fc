"""The system that tests run against: the one that runs already, or one that is started for them and stopped again."""

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from meshdev.client.control import Control
from meshdev.client.project import Presence, Project, find_project
from meshdev.errors import ServiceError, UsageError
from meshdev.testing.mesh import Mesh

START_SECONDS = 300.0
STOP_SECONDS = 120.0


@contextmanager
def opened(
    file: str | Path | None = None,
    *,
    start: bool = True,
    keep: bool = False,
    holder: str = "a test",
    scoped: bool = False,
) -> Iterator[Mesh]:
    """The system of ``file`` (else of the nearest topology file).

    ``start``: one that does not run is started, and stopped at the end unless ``keep``. Processes that come together
    (xdist) share one system: who comes first starts it, who goes last stops it. Raises MeshdevError.
    """
    project = find_project(None if file is None else str(file), cwd=Path.cwd(), environ=os.environ)
    with _share(project, start=start, keep=keep):
        mesh = Mesh(Control(project), holder=holder, scoped=scoped)
        try:
            yield mesh
        finally:
            mesh.close()


@contextmanager
def _share(project: Project, *, start: bool, keep: bool) -> Iterator[None]:
    """Take part in the use of the system; the lock file counts who does by who holds it."""
    project.paths.state_dir.mkdir(parents=True, exist_ok=True)
    with (
        (project.paths.state_dir / "testing.lock").open("a+") as users,
        (project.paths.state_dir / "testing.turn").open("a+") as turn,
    ):
        fcntl.flock(turn, fcntl.LOCK_EX)  # one at a time decides
        ours = _ours(users)
        if project.presence() is not Presence.ALIVE:
            if not start:
                hint = "`meshdev up -d` starts it; without --mesh-attach the tests start it themselves"
                raise UsageError(f"the system of {project.root} does not run", hint=hint)
            _run(project, ("up", "-d", "--wait"), START_SECONDS)
            ours = True
            _write(users, "started for tests")
        elif not ours:
            _write(users, "")
        fcntl.flock(users, fcntl.LOCK_SH)
        fcntl.flock(turn, fcntl.LOCK_UN)
        try:
            yield
        finally:
            fcntl.flock(turn, fcntl.LOCK_EX)
            fcntl.flock(users, fcntl.LOCK_UN)
            if not keep and _ours(users) and _is_last(users):
                _write(users, "")
                _run(project, ("down",), STOP_SECONDS)
            fcntl.flock(turn, fcntl.LOCK_UN)


def _ours(users: TextIO) -> bool:
    """Whether the running system was started for tests, and not by somebody who wants it to stay."""
    users.seek(0)
    return bool(users.read().strip())


def _write(users: TextIO, text: str) -> None:
    users.seek(0)
    users.truncate()
    users.write(text)
    users.flush()


def _is_last(users: TextIO) -> bool:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _run(project: Project, words: tuple[str, ...], seconds: float) -> None:
    """A command of meshdev; its output is the reason when it fails."""
    command = [sys.executable, "-P", "-m", "meshdev", "-f", str(project.file), *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)
    if done.returncode:
        raise ServiceError(
            f"`meshdev {' '.join(words)}` failed:\n{done.stderr.strip() or done.stdout.strip()}"
        )
