"""The census: who is alive, whose child, and no signal to a pid's next owner."""

import os
import signal
import subprocess
import sys

import pytest

from meshdev.runners import census

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")


def test_look() -> None:
    """Ourselves, with parent and group; nobody under a pid that is free."""
    seen = census.look(os.getpid())
    assert seen is not None
    assert (seen.parent, seen.group) == (os.getppid(), os.getpgid(0))
    assert "pid=" in repr(seen)
    assert os.getppid() in census.ancestors(os.getpid())
    assert census.look(2**22 + 1) is None


def test_zombies_are_not_alive() -> None:
    """A process that has ended and waits to be reaped is gone."""
    pid = os.posix_spawn("/bin/true", ["true"], {})
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert census.look(pid) is None
    os.waitpid(pid, 0)


def test_environment_is_matched_exactly() -> None:
    """A longer value, or a name within another name, is somebody else."""
    with subprocess.Popen(
        ["/bin/cat"], stdin=subprocess.PIPE, env={"MESHDEV_RUN": "abc", "MESHDEV_PROJECT": "p"}
    ) as child:
        assert child.pid in census.by_environment({"MESHDEV_PROJECT": "p", "MESHDEV_RUN": "abc"})
        assert child.pid not in census.by_environment({"MESHDEV_RUN": "ab"})
        assert child.pid not in census.by_environment({"DEV_RUN": "abc"})
        assert child.pid not in census.by_environment({"MESHDEV_RUN": "abc", "MESHDEV_PROJECT": "q"})
        assert child.pid in census.descendants(os.getpid())


@pytest.mark.parametrize("pidfd", [True, False])
def test_signal_goes_to_that_process_only(monkeypatch: pytest.MonkeyPatch, pidfd: bool) -> None:  # noqa: FBT001 -- a table
    """A process with the same pid but another start time isn't touched."""
    monkeypatch.setattr(census, "_PIDFD", pidfd)
    with subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE) as child:
        seen = census.look(child.pid)
        assert seen is not None
        earlier = census.Seen(seen.pid, seen.parent, seen.group, seen.start - 1, seen.command)
        assert not census.send(earlier, signal.SIGKILL)
        assert child.poll() is None
        assert census.send(seen, signal.SIGKILL)
        assert child.wait(20) == -signal.SIGKILL
        assert not census.send(seen, signal.SIGKILL)
