"""The project's lock: one holder, taken over when the holder is dead."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from meshdev.daemon.lock import LockInfo, ProjectLock, read_lock
from meshdev.errors import DaemonError, StorageError


def info(run_id: str = "r1") -> LockInfo:
    """What this process would write."""
    return LockInfo(pid=os.getpid(), uid=os.getuid(), started=1.0, run_id=run_id, socket="/x.sock")


def test_the_file_says_who_holds_it(tmp_path: Path) -> None:
    """While it is held, others can read by whom; afterwards it is empty."""
    path = tmp_path / "daemon.lock"
    with ProjectLock(path, info()):
        assert read_lock(path) == info()
    assert read_lock(path) is None


def test_a_second_daemon_is_refused(tmp_path: Path) -> None:
    """Two daemons in one project: the second one is told who is first."""
    path = tmp_path / "daemon.lock"
    with ProjectLock(path, info()), pytest.raises(DaemonError, match=rf"pid {os.getpid()}"):
        ProjectLock(path, info("r2")).__enter__()


def test_a_lock_that_cannot_be_written(tmp_path: Path) -> None:
    """A full disk, or something else in its place, is told as what it is."""
    path = tmp_path / "daemon.lock"
    path.symlink_to("/dev/full")
    with pytest.raises(StorageError, match="cannot write"):
        ProjectLock(path, info()).__enter__()
    path.unlink()
    path.mkdir()
    with pytest.raises(StorageError, match="Is a directory"):
        ProjectLock(path, info()).__enter__()


def test_a_dead_holders_lock_is_taken_over(tmp_path: Path) -> None:
    """A holder that was SIGKILLed leaves the file behind, but not the lock."""
    path = tmp_path / "daemon.lock"
    program = (
        "import os, sys, time\n"
        "from pathlib import Path\n"
        "from meshdev.daemon.lock import LockInfo, ProjectLock\n"
        "lock = ProjectLock(Path(sys.argv[1]), LockInfo(pid=os.getpid(), uid=0, started=0, run_id='old', socket=''))\n"
        "lock.__enter__(); print('held', flush=True); time.sleep(600)\n"
    )
    holder = subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        if holder.stdout is not None:
            holder.stdout.close()

    with ProjectLock(path, info("new")):
        found = read_lock(path)

    assert found is not None
    assert found.run_id == "new"
