"""The daemon's end of the line to its guardian: says who it is, hears when the guardian dies, starts another one.

Policy when the guardian dies: the user's system runs on. A process can't be given a new parent, but strays are found
by marks as well, so a replacement that only waits for the daemon's end (`guardian` in ``--adopt-fd`` mode) protects
nearly as well. When it can't be started, or guardians die again and again, the daemon is told to shut down in order.
"""

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from pathlib import Path

_MOST_LOSSES = 5  # the fifth loss within a minute is not made good
_WITHIN_SECONDS = 60.0


class GuardianLink:
    """Takes over ``fd``, the socket that the guardian handed to the daemon."""

    def __init__(self, fd: int) -> None:
        self._socket = socket.socket(fileno=fd)
        self._socket.setblocking(False)  # noqa: FBT003 -- positional-only
        self._said = b""
        self.guardian = os.getppid()
        """Pid of the guardian, also when it is a replacement."""
        self._on_lost: Callable[[bool], None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._losses: deque[float] = deque(maxlen=_MOST_LOSSES)

    def introduce(
        self, *, project: str, run_id: str, socket_path: Path, lock: Path, grace: float = 5.0
    ) -> None:
        """Tell the guardian whose strays to look for, what to remove, and how long SIGTERM gets (seconds)."""
        pairs = {
            "project": project,
            "run": run_id,
            "socket": str(socket_path),
            "lock": str(lock),
            "grace": str(grace),
        }
        self._said = b"".join(os.fsencode(f"{key}={value}") + b"\0" for key, value in pairs.items())
        self._say()

    def add(self, key: str, value: str) -> None:
        """Tell one thing more: ``engine`` is where containers are to be removed, too."""
        more = os.fsencode(f"{key}={value}") + b"\0"
        if more not in self._said:
            self._said += more
            self._say()

    def watch(self, on_lost: Callable[[bool], None]) -> None:
        """From now on a dead guardian is replaced; ``on_lost`` hears whether that worked (else: shut down)."""
        self._on_lost = on_lost
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._socket, self._readable)

    def close(self) -> None:
        """Stop watching and let the guardian know that the daemon ends."""
        if self._loop is not None:
            self._loop.remove_reader(self._socket)
            self._loop = None
        self._socket.close()

    def _say(self) -> None:
        with contextlib.suppress(OSError):  # a guardian that is gone is noticed by `watch`
            self._socket.sendall(self._said)

    def _readable(self) -> None:
        """A guardian never says anything: whatever is to be read is its end."""
        with contextlib.suppress(BlockingIOError, ConnectionError):
            if self._socket.recv(4096):
                return
        assert self._loop is not None  # noqa: S101 -- for the type checker
        assert self._on_lost is not None  # noqa: S101 -- for the type checker
        self._loop.remove_reader(self._socket)
        self._socket.close()
        now = self._loop.time()
        self._losses.append(now)
        often = len(self._losses) == _MOST_LOSSES and now - self._losses[0] < _WITHIN_SECONDS
        replaced = not often and self._replace()
        if replaced:
            self._loop.add_reader(self._socket, self._readable)
        else:
            self._loop = None
        self._on_lost(replaced)

    def _replace(self) -> bool:
        ours, theirs = socket.socketpair()
        fd = str(theirs.fileno())
        try:
            guardian = subprocess.Popen(
                [sys.executable, "-P", "-m", "meshdev.daemon.guardian", "--adopt-fd", fd, ""],
                stdin=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
            )
        except OSError:
            ours.close()
            return False
        finally:
            theirs.close()
        guardian.returncode = 0  # the reaper's to wait for
        self.guardian = guardian.pid
        self._socket = ours
        self._socket.setblocking(False)  # noqa: FBT003 -- positional-only
        self._say()
        return True
