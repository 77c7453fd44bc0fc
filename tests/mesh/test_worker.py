"""The worker as a process: it never outlives its daemon, and says so when it is started by hand."""

import os
import signal
import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import psutil

from meshdev.wire.frames import FrameReader
from meshdev.wire.mesh import Hello, decode_to_daemon

WORKER = [sys.executable, "-P", "-m", "meshdev.mesh.worker"]


def start_worker(theirs: socket.socket) -> "subprocess.Popen[bytes]":
    """A worker on its end of the channel."""
    with theirs:
        return subprocess.Popen([*WORKER, "--fd", str(theirs.fileno())], pass_fds=[theirs.fileno()])


def first_words(ours: socket.socket) -> Hello:
    """Wait for the worker's first message."""
    ours.settimeout(10)
    [body] = FrameReader().feed(ours.recv(4096))
    hello = decode_to_daemon(body)
    assert isinstance(hello, Hello)
    return hello


def test_it_ends_when_the_channel_breaks() -> None:
    """The end of the daemon's side is the end of the worker, with exit code 0."""
    ours, theirs = socket.socketpair()
    with start_worker(theirs) as worker:
        assert first_words(ours).pid == worker.pid
        ours.close()
        assert worker.wait(10) == 0


def test_it_leaves_ctrl_c_to_the_daemon() -> None:
    """SIGINT to the group does not take the edges away."""
    ours, theirs = socket.socketpair()
    with ours, start_worker(theirs) as worker:
        first_words(ours)
        worker.send_signal(signal.SIGINT)
        assert worker.poll() is None
        ours.close()
        assert worker.wait(10) == 0


def test_it_dies_with_a_daemon_that_is_killed(tmp_path: Path) -> None:
    """SIGKILL to the daemon leaves no worker, even one that is stopped and cannot see its channel."""
    daemon = textwrap.dedent(
        """
        import asyncio, pathlib, sys, tempfile
        from meshdev.mesh.fleet import Fleet
        from meshdev.wire.mesh import EdgeKey

        async def main():
            fleet = Fleet(ports_file=pathlib.Path(sys.argv[1]) / "ports.json")
            await fleet.start()
            fleet.listen(EdgeKey("a", "b"))
            await fleet.wait_acked(fleet.apply({EdgeKey("a", "b"): []}))
            print(fleet.processes()[0][1], flush=True)
            await asyncio.Event().wait()

        asyncio.run(main())
        """
    )
    with subprocess.Popen([sys.executable, "-c", daemon, str(tmp_path)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        worker = int(process.stdout.readline())
        os.kill(worker, signal.SIGSTOP)
        process.kill()
    psutil.wait_procs([psutil.Process(pid) for pid in psutil.pids() if pid == worker], timeout=10)
    assert not psutil.pid_exists(worker)


def test_started_by_hand_it_says_what_it_is() -> None:
    """A person who runs it gets a sentence, not a traceback."""
    done = subprocess.run(WORKER, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "started by the daemon" in done.stderr
