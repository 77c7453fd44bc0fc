"""The guardian: the daemon's parent, which outlives it and ends whatever it leaves behind.

``python -P -m meshdev.daemon.guardian --report-fd N OPTIONS`` leaves the terminal (double fork, own session), becomes a
child subreaper, forks, and runs ``meshdev.daemon.entry.run(options, report_fd, guardian_fd)`` in the child; ``OPTIONS``
is passed on unread. Then it sleeps until the daemon has ended, however that came about: everything below it is ended
(SIGTERM, grace, SIGKILL), the socket is removed, the lock file emptied. SIGTERM is passed on to the daemon.

``--adopt-fd N`` is how a daemon replaces a guardian that was killed: the new one can't be its parent, so it waits for
the daemon's end of the socket to close and finds the strays by their marks.

The daemon says over its end of the socket who it is (`guardian_link`); until then there are only descendants to end.
Stays small: nothing but light modules is imported here, and the daemon's only in the child.
"""

import contextlib
import ctypes
import fcntl
import os
import select
import signal
import socket
import sys
import time

from meshdev.runners.mark import RunMark
from meshdev.runners.strays import GRACE_SECONDS, Scope, Swept, sweep

_PR_SET_NAME = 15
_PR_SET_CHILD_SUBREAPER = 36
_DAEMON = "meshdev.daemon.entry:run"


class Ward:
    """What the daemon has told about itself: project, run, socket, lock, grace."""

    __slots__ = ("_heard", "said")

    def __init__(self) -> None:
        self._heard = b""
        self.said: dict[str, str] = {}

    def hear(self, data: bytes) -> None:
        """Take a piece of what the daemon says: ``key=value`` and a null byte, repeated."""
        *whole, self._heard = (self._heard + data).split(b"\0")
        for pair in whole:
            key, _, value = os.fsdecode(pair).partition("=")
            self.said[key] = value

    @property
    def mark(self) -> RunMark | None:
        """The mark of its run, once it is known."""
        if "project" not in self.said or "run" not in self.said:
            return None
        return RunMark(self.said["project"], self.said["run"])

    @property
    def grace(self) -> float:
        """Seconds between SIGTERM and SIGKILL."""
        return float(self.said.get("grace", GRACE_SECONDS))


def main(argv: list[str]) -> int:
    """Entry: see the module's description."""
    arguments = dict(zip(argv[:-1:2], argv[1::2], strict=False))
    if "--adopt-fd" in arguments:
        return _adopt(int(arguments["--adopt-fd"]))
    report_fd = int(arguments["--report-fd"])
    if os.fork():
        os._exit(0)  # whoever started us is not to be our parent
    os.setsid()
    _name("meshdev-guard")
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    ours, theirs = socket.socketpair()
    daemon = os.fork()
    if daemon == 0:
        ours.close()
        return _run_daemon(arguments.get("--daemon", _DAEMON), argv[-1], report_fd, theirs.detach())
    theirs.close()
    os.close(report_fd)
    return _guard(daemon, ours)


def _run_daemon(entry: str, options: str, report_fd: int, guardian_fd: int) -> int:
    os.setsid()
    _name("meshdev")
    os.set_inheritable(report_fd, False)  # noqa: FBT003 -- positional-only
    module_name, _, function = entry.partition(":")
    module = __import__(module_name, fromlist=[function])
    return int(getattr(module, function)(options, report_fd, guardian_fd))


def _guard(daemon: int, ours: socket.socket) -> int:
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    os.set_blocking(woken, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, lambda *_: None)  # not SIG_IGN, which programs would inherit
    signal.signal(signal.SIGTERM, lambda *_: os.kill(daemon, signal.SIGTERM))
    ward = Ward()
    listening = True
    line = ours.fileno()
    while (status := _ended(daemon)) is None:
        readable, _, _ = select.select([woken, line] if listening else [woken], [], [])
        if woken in readable:
            os.read(woken, 4096)
        if line in readable:
            listening = _listen(ours, ward)
    while listening and select.select([line], [], [], 0)[0]:
        listening = _listen(ours, ward)  # its last words may still be on the way
    signal.signal(signal.SIGTERM, lambda *_: None)
    swept = _sweep(ward, root=os.getpid())
    if swept.found or status:
        how = (
            f"signal {os.WTERMSIG(status)}"
            if os.WIFSIGNALED(status)
            else f"exit code {os.WEXITSTATUS(status)}"
        )
        _say(f"the daemon (pid {daemon}) ended by {how}; {_told(swept)}")
    _remove_containers(ward)
    _tidy(ward)
    return 0


def _adopt(fd: int) -> int:
    os.setsid()
    _name("meshdev-guard")
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    ward = Ward()
    with socket.socket(fileno=fd) as ours:
        ours.settimeout(None)
        while _listen(ours, ward):
            pass
    swept = _sweep(ward, root=0)
    if swept.found:
        _say(f"the daemon ended; {_told(swept)}")
    _remove_containers(ward)
    _tidy(ward)
    return 0


def _listen(ours: socket.socket, ward: Ward) -> bool:
    """Hear what is there; False when the daemon has closed its end."""
    try:
        data = ours.recv(4096)
    except ConnectionError:
        return False
    ward.hear(data)
    return bool(data)


def _ended(daemon: int) -> int | None:
    """The daemon's wait status once it has ended; strays that ended meanwhile are reaped on the way."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return 0
        if pid == daemon:
            return status
        if pid == 0:
            return None


def _reap() -> bool:
    """Reap whoever has ended; whether there was anybody."""
    reaped = False
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            reaped = True
    except ChildProcessError:
        pass
    return reaped


def _sweep(ward: Ward, *, root: int) -> Swept:
    return sweep(Scope(ward.mark, root=root), grace=ward.grace, reap=_reap)


def _remove_containers(ward: Ward) -> None:
    """What a run with containers has left in the engine; a daemon that ended in order has left nothing."""
    if "engine" not in ward.said or not os.path.exists(ward.said["engine_mark"]):  # noqa: PTH110 -- pathlib is heavy
        return
    from meshdev.runners.container.sweep import remove_left  # noqa: PLC0415 -- only now

    done = remove_left(ward.said["engine"], ward.said["project"], ward.said["run"], grace=ward.grace)
    if done.trouble:
        _say(f"containers are left: {done.trouble}")
        return
    if str(done):
        _say(f"removed {done}")
    with contextlib.suppress(OSError):
        os.unlink(ward.said["engine_mark"])  # noqa: PTH108 -- pathlib is heavy


def _tidy(ward: Ward) -> None:
    """Remove the socket and empty the lock file, unless a new daemon holds the lock already."""
    if "lock" not in ward.said:
        return
    try:
        fd = os.open(ward.said["lock"], os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(fd, 0)
        if ward.said.get("socket"):
            os.unlink(ward.said["socket"])  # noqa: PTH108 -- pathlib is heavy
    except OSError:
        pass  # taken over, or gone already
    finally:
        os.close(fd)


def _told(swept: Swept) -> str:
    text = f"{swept.found} processes were left and have been ended"
    if swept.killed:
        text += f", {swept.killed} of them by SIGKILL"
    return text + (f"; still there: {swept.left}" if swept.left else "")


def _say(text: str) -> None:
    sys.stderr.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} guardian: {text}\n")
    sys.stderr.flush()


def _name(name: str) -> None:
    """What `ps` and `top` call this process."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_NAME, name.encode(), 0, 0, 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
