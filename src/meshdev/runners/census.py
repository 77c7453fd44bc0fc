"""Which processes are alive and whose they are: by mark, by environment, by descent.

Every answer is a picture of one moment; whoever acts on it uses `send`, which makes sure that the pid still means the
same process. Zombies are not alive. Light on purpose (see `mark`): the guardian imports this.
"""

import os
import signal
import sys

from meshdev.runners.mark import RunMark, mark_of

LINUX = sys.platform == "linux"
_PIDFD = hasattr(os, "pidfd_open") and hasattr(signal, "pidfd_send_signal")


class Seen:
    """One live process: ``start`` (clock ticks since boot) tells it from a later one with the same pid."""

    __slots__ = ("command", "group", "parent", "pid", "start")

    def __init__(self, pid: int, parent: int, group: int, start: float, command: str) -> None:
        self.pid = pid
        self.parent = parent
        self.group = group
        self.start = start
        self.command = command

    def __repr__(self) -> str:
        return f"Seen(pid={self.pid}, parent={self.parent}, command={self.command!r})"


def pids() -> list[int]:
    """Every pid that can be seen."""
    if LINUX:
        return [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208 -- pathlib is heavy
    from psutil import pids as listed  # noqa: PLC0415 -- heavy, and only where there is no /proc

    return listed()


def look(pid: int) -> Seen | None:
    """The live process ``pid``; None when it is gone or a zombie."""
    if not LINUX:
        return _look_portably(pid)
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123 -- pathlib is heavy
            text = file.read()
    except OSError:
        return None
    # The command may hold blanks and brackets, so the fields are counted from the last bracket on.
    fields = text[text.rindex(b")") + 2 :].split()
    if fields[0] in b"ZX":
        return None
    command = text[text.index(b"(") + 1 : text.rindex(b")")].decode(errors="replace")
    return Seen(pid, int(fields[1]), int(fields[2]), float(fields[19]), command)


def command_line(pid: int) -> bytes:
    """Its words, a null byte after each; empty when it is gone."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:  # noqa: PTH123 -- pathlib is heavy
            return file.read()
    except OSError:
        return b""


def awaits_us(pid: int) -> bool:
    """Whether ``pid`` is a zombie that this process has yet to reap."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123 -- pathlib is heavy
            text = file.read()
    except OSError:
        return False
    fields = text[text.rindex(b")") + 2 :].split()
    return fields[0] in b"ZX" and int(fields[1]) == os.getpid()


def by_mark(mark: RunMark) -> dict[int, list[int]]:
    """Pids by the mark that they bear, for all marks of ``mark``; zombies included (see `look`)."""
    found: dict[int, list[int]] = {}
    for pid in pids() if LINUX else ():
        value = mark_of(pid)
        if value and mark.owns(value):
            found.setdefault(value, []).append(pid)
    return found


def by_environment(wanted: dict[str, str]) -> list[int]:
    """Pids of this user whose environment (as it was at their exec) holds every pair of ``wanted``."""
    pairs = [f"{name}={value}".encode() for name, value in wanted.items()]
    return [pid for pid in pids() if _environment_holds(pid, pairs)]


def of_session(leader: int) -> list[int]:
    """Pids of the processes in the session that ``leader`` made."""
    return [pid for pid in pids() if _session(pid) == leader] if leader > 0 else []


def descendants(ancestor: int) -> list[int]:
    """Pids of the live processes below ``ancestor``."""
    children: dict[int, list[int]] = {}
    for pid in pids():
        seen = look(pid)
        if seen is not None:
            children.setdefault(seen.parent, []).append(pid)
    found: list[int] = []
    waiting = [ancestor]
    while waiting:
        below = children.pop(waiting.pop(), [])
        found += below
        waiting += below
    return found


def ancestors(pid: int) -> list[int]:
    """``pid``'s parent, its parent, and so on."""
    found: list[int] = []
    seen = look(pid)
    while seen is not None and seen.parent > 0:
        found.append(seen.parent)
        seen = look(seen.parent)
    return found


def send(seen: Seen, number: int) -> bool:
    """Send signal ``number`` to exactly that process; False when it is gone or not ours to signal."""
    try:
        if not _PIDFD:
            return _send_checked(seen, number)
        fd = os.pidfd_open(seen.pid)
    except OSError:
        return False
    try:
        now = look(seen.pid)
        if now is None or now.start != seen.start:
            return False
        signal.pidfd_send_signal(fd, number)
    except OSError:
        return False
    finally:
        os.close(fd)
    return True


def send_group(leader: int, number: int) -> bool:
    """Send signal ``number`` to the group of ``leader``, which must be an unreaped child; False when it is empty."""
    try:
        os.killpg(leader, number)
    except OSError:
        return False
    return True


def another_users(pid: int) -> bool:
    """Whether ``pid`` may not be signalled by this user."""
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except OSError:
        return False
    return False


def _session(pid: int) -> int:
    try:
        return os.getsid(pid)
    except OSError:
        return 0


def _send_checked(seen: Seen, number: int) -> bool:
    now = look(seen.pid)
    if now is None or now.start != seen.start:
        return False
    os.kill(seen.pid, number)
    return True


def _environment_holds(pid: int, pairs: list[bytes]) -> bool:
    if not LINUX:
        return _environment_holds_portably(pid, pairs)
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:  # noqa: PTH123 -- pathlib is heavy
            held = file.read()
    except OSError:
        return False
    if pairs[0] not in held:  # cheap, and true for nearly every process
        return False
    entries = held.split(b"\0")
    return all(pair in entries for pair in pairs)


def _look_portably(pid: int) -> Seen | None:
    import psutil  # noqa: PLC0415 -- heavy, and only where there is no /proc

    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return Seen(pid, process.ppid(), os.getpgid(pid), process.create_time(), process.name())
    except (psutil.Error, OSError):
        return None


def _environment_holds_portably(pid: int, pairs: list[bytes]) -> bool:
    import psutil  # noqa: PLC0415 -- heavy, and only where there is no /proc

    try:
        held = psutil.Process(pid).environ()
    except (psutil.Error, OSError):
        return False
    return all(
        f"{name}={held.get(name)}".encode() == pair
        for pair in pairs
        for name in [pair.split(b"=")[0].decode()]
    )
