"""Bringing a system down and seeing it gone: services, daemon, guardian, socket; by force where it must be.

Three presses, as with Ctrl-C: graceful (each service its own grace), hurry (a short one), kill. A daemon that does not
answer is ended by its pid, which the lock vouches for; what it leaves is swept by the marks that every process of a run
carries.
"""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from meshdev.cli import goal
from meshdev.client import calls
from meshdev.client.control import Control
from meshdev.client.project import Presence, Project
from meshdev.client.stream import Follower
from meshdev.errors import DaemonError, MeshdevError

GRACEFUL, HURRY, KILL = 1, 2, 3
HANGING = 3.0  # seconds after which a daemon that does not answer counts as hung
_PAUSE = 0.02
_DAEMON_GRACE = 3.0
_GUARDIAN_GRACE = 8.0  # the guardian's own sweep: grace and kill


class Ending:
    """One shutdown, pressed harder by and by; ``follower`` shows how far it is."""

    def __init__(self, control: Control, follower: Follower) -> None:
        self.follower = follower
        self.urgency = 0
        self._control = control
        self._pids = tool_pids(control)

    def press(self, urgency: int) -> None:
        """Ask for the shutdown, harder than before or not at all."""
        if urgency <= self.urgency:
            return
        self.urgency = urgency
        try:
            self._control.send(calls.shutdown(urgency), timeout=HANGING)
        except DaemonError:
            if self._control.project.presence() in (Presence.ALIVE, Presence.MUTE):
                raise

    def outcome(self) -> goal.Outcome:
        """Who is down and who is not yet."""
        return goal.down(self.follower.mirror, frozenset())

    def wait_gone(self, within: float = _GUARDIAN_GRACE) -> bool:
        """Once the stream has ended: wait until nothing of meshdev itself is left either."""
        project = self._control.project
        return eventually(lambda: _is_gone(project) and not any(map(_alive, self._pids)), within)


def tool_pids(control: Control) -> list[int]:
    """The pids of daemon, guardian and workers; empty when nobody answers."""
    with contextlib.suppress(MeshdevError):
        return [
            view.pid for view in control.send(calls.processes(), timeout=HANGING) if view.pid != os.getpid()
        ]
    return []


def wait_ended(pids: list[int], within: float = _GUARDIAN_GRACE) -> bool:
    """Whether none of these processes is left within so many seconds."""
    return eventually(lambda: not any(map(_alive, pids)), within)


def end_hung(project: Project) -> list[str]:
    """End a daemon that does not answer; says what was done. Raises DaemonError when it cannot be."""
    holder = project.holder()
    if holder is None or holder.pid <= 1:
        raise DaemonError(
            f"something holds {project.paths.lock_file} but does not say who it is",
            hint=f"`fuser {project.paths.lock_file}` tells; end that process",
        )
    if holder.uid not in (-1, os.getuid()):
        raise DaemonError(f"the daemon (pid {holder.pid}) belongs to another user (uid {holder.uid})")
    for number, grace in ((signal.SIGTERM, _DAEMON_GRACE), (signal.SIGKILL, _DAEMON_GRACE)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(holder.pid, number)
        if eventually(lambda: project.presence() in (Presence.ABSENT, Presence.STALE), grace):
            return [f"ended the daemon (pid {holder.pid}), which did not answer, by {number.name}"]
    raise DaemonError(f"the daemon (pid {holder.pid}) does not end, not even by SIGKILL")


def sweep_up(project: Project, *, volumes: bool = False) -> list[str]:
    """End what is left of earlier runs and remove what a dead daemon left on disk; says what was done.

    With ``volumes`` the named volumes of the project's containers go, too.
    """
    from meshdev.runners.container.address import engine_address
    from meshdev.runners.container.leftovers import clear_left
    from meshdev.runners.mark import RunMark
    from meshdev.runners.strays import Scope, sweep

    swept = sweep(Scope(RunMark(project.paths.key)))
    done = []
    if swept.found:
        killed = f", {swept.killed} of them by SIGKILL" if swept.killed else ""
        what = "1 process" if swept.found == 1 else f"{swept.found} processes"
        done.append(f"ended {what} that an earlier run had left{killed}")
    if swept.left:
        raise DaemonError(f"these processes do not end: {', '.join(map(str, swept.left))}")
    done += clear_left(project.paths, volumes=volumes, address=engine_address(os.environ))
    return done + [f"removed {what}" for what in project.clear_stale()]


def eventually(check: Callable[[], bool], within: float) -> bool:
    """Whether ``check`` comes true within so many seconds."""
    deadline = time.monotonic() + within
    while not check():
        if time.monotonic() >= deadline:
            return False
        time.sleep(_PAUSE)
    return True


def _is_gone(project: Project) -> bool:
    return not project.paths.socket.exists() and project.presence() in (Presence.ABSENT, Presence.STALE)


def _alive(pid: int) -> bool:
    """Whether it runs; a zombie that its parent has not reaped yet (a lazy init) does not."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, PermissionError):  # gone, or another user has the number by now
        return False
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return sys.platform != "linux"
    return stat.rpartition(b")")[2].split()[:1] not in ([b"Z"], [b"X"])
