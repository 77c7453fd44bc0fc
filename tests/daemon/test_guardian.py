"""The guardian with a real daemon process below it: whoever dies, in whatever order, no instance survives."""

import fcntl
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from meshdev.runners.mark import RunMark
from meshdev.runners.spawn import death_signal_wrapper
from meshdev.runners.strays import Scope, sweep
from support_processes import Trace, is_alive, kill, traced, wait_until_dead
from support_stand_in import StandIn, spawn_guardian, start_stand_in

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
PROGRAMS = (
    "stubborn.sh",
    "stubborn_grandchild.sh",
    "setsid_grandchild.sh",
    "scrubbed_daemon.sh",
    "scrubbed_daemon_stays.sh",
    "fifty_children.sh",
)
STUBBORN = 55  # processes of PROGRAMS that only SIGKILL ends
Start = Callable[[Sequence[str]], StandIn]


@pytest.fixture
def trace() -> Iterator[Trace]:
    """Nothing with this token outlives the test."""
    with traced() as found:
        yield found


@pytest.fixture
def start(trace: Trace, tmp_path: Path) -> Iterator[Start]:
    """Starts a stand-in daemon with programs; its guardian and itself are dead after the test."""
    started: list[StandIn] = []

    def starter(programs: Sequence[str]) -> StandIn:
        argvs = [trace.program(name) for name in programs]
        started.append(start_stand_in(tmp_path, argvs))
        return started[-1]

    yield starter
    for stand_in in started:
        stand_in.end()


def test_daemon_killed(start: Start, trace: Trace) -> None:
    """SIGKILL for the daemon: all processes end, the socket is removed, the lock file emptied, the guardian ends."""
    stand_in = start(PROGRAMS)
    kill(stand_in.daemon)
    assert wait_until_dead(stand_in.guardian)
    assert trace.alive() == []
    assert not (stand_in.directory / "control.sock").exists()
    assert (stand_in.directory / "daemon.lock").read_text() == ""
    assert "ended by signal 9" in (stand_in.directory / "daemon.log").read_text()


def test_daemon_ends_in_order(start: Start, trace: Trace) -> None:
    """A daemon that has tidied up leaves nothing to do or to say."""
    stand_in = start(PROGRAMS)
    kill(stand_in.daemon, signal.SIGTERM)
    assert wait_until_dead(stand_in.guardian)
    assert trace.alive() == []
    assert (stand_in.directory / "daemon.log").read_text() == ""


def test_sigterm_is_passed_on(start: Start, trace: Trace) -> None:
    """SIGTERM for the guardian ends the daemon in order."""
    stand_in = start(["stubborn.sh"])
    kill(stand_in.guardian, signal.SIGTERM)
    assert wait_until_dead(stand_in.daemon)
    assert wait_until_dead(stand_in.guardian)
    assert trace.alive() == []
    assert (stand_in.directory / "daemon.log").read_text() == ""


def test_guardian_killed_then_daemon(start: Start, trace: Trace) -> None:
    """A killed guardian is replaced while the system runs on; the replacement protects as the first one did."""
    stand_in = start(PROGRAMS)
    kill(stand_in.guardian)
    assert stand_in.line() == {"replaced": True}
    assert is_alive(stand_in.daemon)
    assert len(trace.alive()) >= STUBBORN
    kill(stand_in.daemon)
    assert trace.wait_until_gone() == []


def test_guardian_and_daemon_killed_at_once(start: Start, trace: Trace) -> None:
    """Who obeys SIGTERM ends by the parent-death signal; the next command's sweep finds the rest, scrubbed or not."""
    stand_in = start(PROGRAMS)
    obedient = next(pid for pid in _children(stand_in.daemon) if _command(pid) == ["sleep", "1000"])
    for number in (signal.SIGSTOP, signal.SIGKILL):
        kill(stand_in.guardian, number)
        kill(stand_in.daemon, number)
    if death_signal_wrapper():
        assert wait_until_dead(obedient)
    assert len(trace.alive()) >= STUBBORN
    swept = sweep(Scope(RunMark(stand_in.project, stand_in.run_id)), grace=0.2)
    assert trace.alive() == []
    assert swept.killed >= STUBBORN
    assert swept.left == ()


def test_hopper(start: Start, trace: Trace) -> None:
    """A process that forks and ends all the time survives neither the guardian nor a sweep."""
    stand_in = start(["hopper.sh"])
    kill(stand_in.daemon)
    assert wait_until_dead(stand_in.guardian)
    assert trace.alive() == []
    assert "still there" not in (stand_in.directory / "daemon.log").read_text()


def test_hopper_without_parents(start: Start, trace: Trace) -> None:
    """The same when guardian and daemon are gone and init has got it."""
    stand_in = start(["hopper.sh"])
    for number in (signal.SIGSTOP, signal.SIGKILL):
        kill(stand_in.guardian, number)
        kill(stand_in.daemon, number)
    assert sweep(Scope(RunMark(stand_in.project)), grace=0.1).left == ()
    assert trace.alive() == []


def test_sweep_spares_other_runs_and_projects(start: Start, trace: Trace) -> None:
    """A sweep ends one run, or one project, and nothing else."""
    stand_in = start(["stubborn.sh"])
    stubborn = trace.alive()[0]
    assert sweep(Scope(RunMark(stand_in.project, "another-run")), grace=0.0).found == 0
    assert sweep(Scope(RunMark("ba9876543210")), grace=0.0).found == 0
    assert is_alive(stubborn)
    assert sweep(Scope(RunMark(stand_in.project)), grace=0.0).killed >= 1
    assert trace.wait_until_gone() == []
    assert is_alive(stand_in.daemon)


def test_leaves_the_terminal(start: Start) -> None:
    """Neither guardian nor daemon shares our session or has us as a parent: a closed terminal can't reach them."""
    stand_in = start([])
    assert os.getsid(stand_in.guardian) == stand_in.guardian
    assert os.getsid(stand_in.daemon) == stand_in.daemon
    assert stand_in.guardian not in _children(os.getpid())


def test_taken_over_lock_keeps_its_socket(start: Start) -> None:
    """When a new daemon holds the lock already, its socket is not removed."""
    stand_in = start([])
    with (stand_in.directory / "daemon.lock").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kill(stand_in.daemon)
        assert wait_until_dead(stand_in.guardian)
        assert (stand_in.directory / "control.sock").exists()


def test_daemon_that_cannot_start(tmp_path: Path) -> None:
    """The report pipe closes without a word, and the log says why."""
    reading = spawn_guardian("{}", tmp_path, daemon="no_such_module:run")
    assert select.select([reading], [], [], 20)[0]
    assert os.read(reading, 100) == b""
    os.close(reading)
    assert "No module named 'no_such_module'" in (tmp_path / "daemon.log").read_text()


def test_guardian_stays_small() -> None:
    """The guardian imports nothing that costs memory."""
    code = "import sys, meshdev.daemon.guardian; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-P", "-c", code], check=True, capture_output=True, text=True, env={}
    ).stdout.split()
    assert {"asyncio", "dataclasses", "typing", "json", "subprocess", "pydantic", "psutil"} & set(
        loaded
    ) == set()


def _children(parent: int) -> list[int]:
    text = Path(f"/proc/{parent}/task/{parent}/children").read_text()
    return [int(pid) for pid in text.split()]


def _command(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/cmdline").read_text().split("\0")[:-1]
