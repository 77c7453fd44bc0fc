"""The one place of the daemon that waits for children: SIGCHLD wakes it, it reaps whoever is there.

The daemon is a child subreaper, so strays end here too. Rules: nobody else in the process may wait for children
(no `asyncio.subprocess`, no `subprocess.run` after `start`): a status that another one expects would be taken away.
`execute` starts a helper program through the reaper. A callback runs in the loop, never inside `watch`.
"""

import asyncio
import ctypes
import os
import signal
import sys
from collections.abc import Callable

_PR_SET_CHILD_SUBREAPER = 36


class Reaper:
    """Dispatches the ends of children by pid; call `start` before the first child is started."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._watched: dict[int, Callable[[int], None]] = {}
        self._on_stray: list[Callable[[int], None]] = []

    def start(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        """Listen for SIGCHLD in ``loop`` (default: the running one; it must run in the main thread)."""
        self._loop = loop or asyncio.get_running_loop()
        become_subreaper()
        self._loop.add_signal_handler(signal.SIGCHLD, self._reap)
        self._loop.call_soon(self._reap)  # whoever ended before anybody listened

    def watch(self, pid: int, callback: Callable[[int], None]) -> None:
        """``callback`` gets the wait status when ``pid``, a child started in this same step, has ended."""
        self._watched[pid] = callback

    def unwatch(self, pid: int) -> None:
        """Nobody is interested in the end of ``pid`` any more; it is reaped all the same."""
        self._watched.pop(pid, None)

    def on_stray(self, callback: Callable[[int], None]) -> None:
        """``callback`` gets the pid of every reaped process that nobody watches."""
        self._on_stray.append(callback)

    def close(self) -> None:
        """Stop listening; children that end later are left to whoever comes (the guardian)."""
        if self._loop is not None:
            self._loop.remove_signal_handler(signal.SIGCHLD)
            become_subreaper(wanted=False)
            self._loop = None
        self._watched.clear()
        self._on_stray.clear()

    def _reap(self) -> None:
        """Signals coalesce, so take all who are there."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            callback = self._watched.pop(pid, None)
            if callback is not None:
                callback(status)
                continue
            for heard in self._on_stray:
                heard(pid)


def exit_of(status: int) -> tuple[int | None, int | None]:
    """``(exit code, None)`` or ``(None, signal)`` of a wait status."""
    if os.WIFSIGNALED(status):
        return None, os.WTERMSIG(status)
    return os.WEXITSTATUS(status), None


def become_subreaper(*, wanted: bool = True) -> bool:
    """Make whatever loses its parent below this process its child (Linux); False where there is no such thing."""
    if sys.platform != "linux":
        return False
    return int(ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, int(wanted), 0, 0, 0)) == 0
