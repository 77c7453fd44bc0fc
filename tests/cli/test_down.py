"""Stopping, against daemons that obey, hang, or are dead."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import pytest

from meshdev.client.project import Project
from support_cli import MESHDEV, Cli, stand_in
from support_control import eventually, held_lock, instance, service

STOPPED = service("orders", desired="down", phase="stopped", instances=[])
STOPPING = service(
    "orders", desired="down", phase="stopping", why="SIGTERM sent", instances=[instance("orders")]
)

# Holds the project's lock and (with a socket) accepts connections, but never answers.
HOLDER = """
import fcntl, json, os, signal, socket, sys
lock, path, ignore = sys.argv[1:]
if ignore: signal.signal(signal.SIGTERM, signal.SIG_IGN)
file = open(lock, "w")
fcntl.flock(file, fcntl.LOCK_EX)
file.write(json.dumps({"pid": os.getpid(), "uid": os.getuid(), "run_id": "r"})); file.flush()
if path:
    listener = socket.socket(socket.AF_UNIX); listener.bind(path); listener.listen()
print("held", flush=True)
signal.pause()
"""


@contextmanager
def hung_daemon(project: Project, *, listens: bool, ignores: bool) -> Iterator["subprocess.Popen[str]"]:
    """A process that is to the project what a hung daemon is."""
    project.paths.state_dir.mkdir(exist_ok=True)
    project.paths.socket.parent.mkdir(parents=True, exist_ok=True)
    path = str(project.paths.socket) if listens else ""
    argv = [sys.executable, "-c", HOLDER, str(project.paths.lock_file), path, "x" if ignores else ""]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def test_nothing_runs_is_no_error(cli: Cli) -> None:
    """Down is down."""
    ran = cli("down")
    assert (ran.code, ran.out) == (0, f"nothing runs for {cli.project.root}\n")


def test_down_waits_until_the_daemon_is_gone(cli: Cli) -> None:
    """Services, daemon and socket are gone when it returns."""
    with stand_in(cli, STOPPED):
        ran = cli("down")
        assert not cli.project.paths.socket.exists()
    assert (ran.code, ran.out.startswith("shop is down (")) == (0, True)


def test_time_over_kills(cli: Cli) -> None:
    """What is left after --timeout gets the hardest urgency."""
    with stand_in(cli, STOPPING) as daemon:
        obey = daemon.stand_in.on_shutdown
        daemon.stand_in.on_shutdown = lambda urgency: obey(urgency) if urgency == 3 else None
        ran = cli("down", "--timeout", "10ms")
    assert [what for name, what in daemon.stand_in.asked if name == "shutdown"] == [1, 3]
    assert (ran.code, "by force" in ran.out) == (0, True)


def test_each_ctrl_c_presses_harder(cli: Cli) -> None:
    """The first shortens the graces, the second kills."""
    with stand_in(cli, STOPPING) as daemon:
        obey = daemon.stand_in.on_shutdown
        daemon.stand_in.on_shutdown = lambda urgency: obey(urgency) if urgency == 3 else None
        daemon.stand_in.processes = list  # type: ignore[method-assign]  # else it waits for this very process
        command = subprocess.Popen(
            [*MESHDEV, "down"], cwd=cli.project.root, stdout=subprocess.PIPE, text=True
        )
        eventually(lambda: ("shutdown", 1) in daemon.stand_in.asked)
        command.send_signal(signal.SIGINT)
        eventually(lambda: ("shutdown", 2) in daemon.stand_in.asked)
        command.send_signal(signal.SIGINT)
        out, _ = command.communicate(timeout=10)
    assert [what for name, what in daemon.stand_in.asked if name == "shutdown"] == [1, 2, 3]
    assert (command.returncode, "by force" in out) == (0, True)


def test_stale_socket_and_lock_are_cleared(cli: Cli) -> None:
    """What a killed daemon left is removed, and told."""
    paths = cli.project.paths
    paths.socket.parent.mkdir(parents=True)
    paths.state_dir.mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(paths.socket))
    paths.lock_file.write_bytes(msgspec.json.encode({"pid": 1, "uid": os.getuid(), "run_id": "r"}))
    ran = cli("down")
    assert (ran.code, ran.out.splitlines()) == (
        0,
        [f"removed stale socket {paths.socket}", f"removed stale lock {paths.lock_file}"],
    )
    assert (paths.socket.exists(), paths.lock_file.read_bytes()) == (False, b"")


def test_strays_of_a_dead_run_are_ended(cli: Cli) -> None:
    """Processes that bear the project's mark don't outlive `down`."""
    environ = {**os.environ, "MESHDEV_PROJECT": cli.project.paths.key, "MESHDEV_RUN": "r"}
    with subprocess.Popen(["sleep", "600"], env=environ) as stray:
        ran = cli("down")
        assert stray.wait(10) == -signal.SIGTERM
    assert "ended 1 process" in ran.out


@pytest.mark.parametrize(("listens", "ignores", "by"), [(False, False, "SIGTERM"), (True, True, "SIGKILL")])
def test_hung_daemon_is_ended(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, *, listens: bool, ignores: bool, by: str
) -> None:
    """A daemon that does not answer is ended by its pid, by force where it must be."""
    monkeypatch.setattr("meshdev.cli.down._SETTLE", 0.05)
    monkeypatch.setattr("meshdev.cli.ending._DAEMON_GRACE", 0.5)
    monkeypatch.setattr("meshdev.cli.shutdown.HANGING", 0.2)
    with hung_daemon(cli.project, listens=listens, ignores=ignores) as process:
        ran = cli("down")
        assert process.wait(5) in (-signal.SIGTERM, -signal.SIGKILL)
    assert (ran.code, f"by {by}" in ran.out) == (0, True)


def test_another_users_daemon_is_left_alone(cli: Cli) -> None:
    """It says whose it is, and does nothing."""
    with held_lock(cli.project, f'{{"pid": {os.getpid()}, "uid": 99999}}'):
        ran = cli("down")
    assert (ran.code, "another user (uid 99999" in ran.err) == (3, True)


def test_lock_without_a_name_says_how_to_find_out(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is killed on a guess."""
    monkeypatch.setattr("meshdev.cli.down._SETTLE", 0.05)
    with held_lock(cli.project):
        ran = cli("down")
    assert (ran.code, "does not say who it is" in ran.err) == (3, True)
