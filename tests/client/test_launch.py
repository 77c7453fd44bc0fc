"""Starting a daemon: what is reported, and what is said when nothing is."""

import json
import sys
from collections.abc import Callable

import pytest

from meshdev.client import launch as subject
from meshdev.client.launch import Report, launch
from meshdev.client.project import Project
from meshdev.errors import DaemonError, MeshdevError, StorageError, UsageError
from support_control import short_project

Guardian = Callable[[str], None]


@pytest.fixture
def guardian(monkeypatch: pytest.MonkeyPatch) -> Guardian:
    """Puts a program in the guardian's place; it gets the report's descriptor and the options as arguments."""

    def install(program: str) -> None:
        def command(request: subject.LaunchRequest, report_fd: int) -> list[str]:
            real = _REAL(request, report_fd)
            return [sys.executable, "-c", f"import os, sys\n{program}", *real[-2:]]

        monkeypatch.setattr(subject, "_command", command)

    return install


_REAL = subject._command


def _launch(project: Project, timeout: float = 10.0) -> Report:
    return launch(project, profiles=["local"], services=["orders"], timeout=timeout)


def _error(project: Project, timeout: float = 10.0) -> MeshdevError:
    with pytest.raises(MeshdevError) as caught:
        _launch(project, timeout)
    return caught.value


def test_command_is_the_guardian_with_options(guardian: Guardian) -> None:
    """The daemon gets the project, the file, profiles and services, and nothing of the project shadows a module."""
    with short_project() as project:
        request = subject.LaunchRequest(root="/r", file="/r/f", profiles=None, services=["a"], lease=2.5)
        command = _REAL(request, 7)
        assert command[1:6] == ["-P", "-m", "meshdev.daemon.guardian", "--report-fd", "7"]
        told = {key: value for key, value in json.loads(command[6]).items() if value}
        assert told == {"root": "/r", "file": "/r/f", "services": ["a"], "lease": 2.5}
        guardian('os.write(int(sys.argv[1]), b\'{"ready": true, "run_id": "r1"}\\n\')')
        assert _launch(project).run_id == "r1"


def test_state_folder_keeps_itself_out_of_git(guardian: Guardian) -> None:
    """`.meshdev` ignores all of itself."""
    guardian("os.write(int(sys.argv[1]), b'{\"ready\": true}\\n')")
    with short_project() as project:
        _launch(project)
        assert (project.paths.state_dir / ".gitignore").read_text() == "*\n"


def test_refusal_is_raised_as_what_it_is(guardian: Guardian) -> None:
    """A wrong topology ends the command with 2, as if it had been read here."""
    guardian('os.write(int(sys.argv[1]), b\'{"error": "bad", "hint": "mend", "exit_code": 2}\\n\')')
    with short_project() as project:
        error = _error(project)
    assert (type(error), error.message, error.hint) == (UsageError, "bad", "mend")


def test_crash_shows_the_end_of_its_log(guardian: Guardian) -> None:
    """What was written before the report could be made is in the error, and only from this time."""
    guardian("sys.exit('it broke')")
    with short_project() as project:
        _error(project)
        error = _error(project)
        assert project.daemon_log.read_text() == "it broke\nit broke\n"
    assert (type(error), error.message) == (DaemonError, "the daemon ended while it started:\n  | it broke")


def test_silence_is_not_waited_for_without_end(guardian: Guardian) -> None:
    """A guardian that never reports costs the timeout."""
    guardian("if os.fork() == 0: os.read(0, 1) or __import__('time').sleep(3)")
    with short_project() as project:
        assert "has not reported within 0.2 s" in _error(project, 0.2).message


def test_meshdevs_own_variables_are_not_for_services(
    guardian: Guardian, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MESHDEV_FILE names a file to this command and to nobody below it."""
    monkeypatch.setenv("MESHDEV_FILE", "x")
    monkeypatch.setenv("HANDED_ON", "1")
    report = 'b\'{"error": "%s %s"}\' % (os.environb.get(b"MESHDEV_FILE", b"-"), os.environb[b"HANDED_ON"])'
    guardian(f"os.write(int(sys.argv[1]), {report.replace('%s', '%b')})")
    with short_project() as project:
        assert _error(project).message == "- 1"


def test_state_that_cannot_be_written_is_told(guardian: Guardian) -> None:
    """No place for logs and lock: exit code 4, and which path it is."""
    guardian("")
    with short_project() as project:
        project.paths.state_dir.write_text("in the way")
        error = _error(project)
        assert (type(error), str(project.paths.state_dir) in error.message) == (StorageError, True)
