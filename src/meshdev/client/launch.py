"""Starting the daemon: spawn its guardian, wait for the one line in which it reports, say why when it cannot.

The guardian gets its options as one line of JSON and a pipe to report through. It is started away from the terminal
(own session, no stdin), with ``-P`` so that a file of the project can never shadow a module, and whatever it or the
daemon says before there is a log goes to ``daemon.log``.
"""

import os
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from meshdev.client.calls import reported
from meshdev.client.project import Project
from meshdev.errors import DaemonError, StorageError

STARTUP_TIMEOUT = 30.0  # seconds from the spawn to the report
_TAIL = 10  # lines of daemon.log that an error shows
_OURS = ("MESHDEV_FILE",)  # meant for the command line, not for services


class LaunchRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What the guardian is told.

    ``profiles`` None: the file's default; no ``services``: all eager ones; ``lease``: end unless it is taken within so
    many seconds (0: never mind).
    """

    root: str
    file: str
    overrides: list[str] = []
    profiles: list[str] | None = None
    services: list[str] = []
    lease: float = 0.0
    alone: str = ""
    recordings: list[str] = []


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The line it answers with."""

    ready: bool = False
    socket: str = ""
    run_id: str = ""
    warnings: int = 0
    error: str = ""
    hint: str = ""
    exit_code: int = 3


def launch(
    project: Project,
    *,
    profiles: list[str] | None,
    services: list[str],
    lease: float = 0.0,
    alone: str = "",
    recordings: Sequence[str] = (),
    timeout: float = STARTUP_TIMEOUT,
) -> Report:
    """Start a daemon for ``project`` and wait until it serves its API; raises the MeshdevError that it reports.

    ``alone`` names the one service that is real, with ``recordings`` in place of those that it calls.
    """
    _make_state_dir(project)
    request = LaunchRequest(
        root=str(project.root),
        file=str(project.file),
        overrides=list(map(str, project.overrides)),
        profiles=profiles,
        services=services,
        lease=lease,
        alone=alone,
        recordings=list(recordings),
    )
    reading, writing = os.pipe()
    try:
        with project.daemon_log.open("ab") as log:
            mark = log.tell()
            guardian = subprocess.Popen(
                _command(request, writing),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=project.root,
                env={name: value for name, value in os.environ.items() if name not in _OURS},
                pass_fds=(writing,),
                start_new_session=True,
            )
        os.close(writing)
        writing = -1
        line = _line(reading, timeout)
    finally:
        os.close(reading)
        if writing >= 0:
            os.close(writing)
    guardian.poll()  # it forks itself away from us; what is left of the first process is reaped here or by init
    guardian.returncode = (
        guardian.returncode or 0
    )  # ... and is no business of subprocess's finaliser any more
    return _judge(line, project, mark, timeout)


def _command(request: LaunchRequest, report_fd: int) -> list[str]:
    options = msgspec.json.encode(request).decode()
    return [sys.executable, "-P", "-m", "meshdev.daemon.guardian", "--report-fd", str(report_fd), options]


def _judge(line: bytes | None, project: Project, mark: int, timeout: float) -> Report:
    if line is None:
        raise DaemonError(
            f"the daemon has not reported within {timeout:g} s",
            hint=f"`meshdev down` ends what is there of it; its own log: {project.daemon_log}",
        )
    try:
        report = msgspec.json.decode(line, type=Report)
    except msgspec.MsgspecError:
        tail = _tail(project.daemon_log, mark)
        said = "\n".join(f"  | {said}" for said in tail) if tail else "  (and has said nothing)"
        raise DaemonError(
            f"the daemon ended while it started:\n{said}", hint=str(project.daemon_log)
        ) from None
    if not report.ready:
        raise reported(report.error, report.hint, report.exit_code)
    return report


def _line(fd: int, timeout: float) -> bytes | None:
    """One line from the pipe; what there was when it closed; None when the time is over."""
    deadline = time.monotonic() + timeout
    line = b""
    while not line.endswith(b"\n"):
        readable, _, _ = select.select([fd], [], [], max(0.0, deadline - time.monotonic()))
        if not readable:
            return None
        data = os.read(fd, 65536)
        if not data:
            break
        line += data
    return line


def _tail(path: Path, mark: int) -> list[str]:
    """The last lines that were written after ``mark``."""
    try:
        with path.open("rb") as log:
            log.seek(mark)
            text = log.read(1 << 20).decode("utf-8", "replace")
    except OSError:
        return []
    return text.splitlines()[-_TAIL:]


def _make_state_dir(project: Project) -> None:
    state = project.paths.state_dir
    try:
        state.mkdir(exist_ok=True)
        ignore = state / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", "utf-8")
        project.daemon_log.touch(mode=0o600)
    except OSError as error:
        raise StorageError(
            f"cannot write {error.filename or state}: {error.strerror}",
            hint="meshdev keeps its logs and its lock there; make the folder writable or free some space",
        ) from error
