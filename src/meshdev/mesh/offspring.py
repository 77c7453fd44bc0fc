"""A process of meshdev's own that is started with one end of a socket pair, watched by its end, and reaped."""

import contextlib
import os
import signal
import socket
import sys
from collections.abc import Mapping
from typing import Final

CHANNEL_FD: Final = 3


class Offspring:
    """One such process after another; ``pid`` is 0 when there is none."""

    def __init__(self, module: str, environment: Mapping[str, str]) -> None:
        self._module = module
        self._environment = environment
        self.pid = 0

    def start(self) -> socket.socket:
        """Start ``python -m module --fd N`` and give our end of its channel. Raises OSError."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self.pid = os.posix_spawn(
                sys.executable,
                [sys.executable, "-P", "-m", self._module, "--fd", str(CHANNEL_FD)],
                dict(self._environment),
                file_actions=[
                    (os.POSIX_SPAWN_DUP2, theirs.fileno(), CHANNEL_FD),
                    (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                    (os.POSIX_SPAWN_DUP2, 2, 1),
                ],
                setpgroup=0,
                setsigmask=(),
                setsigdef=(signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD),
            )
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()
        return ours

    def kill(self) -> None:
        """End it by force, if it is still there."""
        if self.pid and not self.reaped():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def reaped(self) -> bool:
        """Whether the process is gone and nothing of it is left to wait for."""
        if self.pid:
            try:
                pid, _ = os.waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:  # whoever reaps orphans in this process was faster
                pid = self.pid
            if pid:
                self.pid = 0
        return not self.pid
