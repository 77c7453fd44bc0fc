"""The mark of a run: a number that every process which an instance ever starts carries, whatever it does.

On Linux a child inherits its parent's resource limits over fork, exec, setsid, double fork and a scrubbed environment.
RLIMIT_LOCKS has had no effect since Linux 2.4.25, is unlimited for everybody, and its soft value is free for 63 bits:
it serves as a tag that needs neither privileges nor cgroups. The daemon sets it on itself for the moment of a spawn
(`Marked`), so a child has it from its first instruction. `environ` marks (MESHDEV_RUN …) are the second net, and the
only one on macOS.

A value is ``1 << 62 | project (24 bits) | run (16 bits) | serial (22 bits)``; the serial counts the incarnations of
one run, 0 is for the tool's own children. Light on purpose: the guardian imports this, so no dataclasses, no typing.
"""

import os
import resource
import sys

RLIMIT_LOCKS = 10
_RUN_BITS = 16
_SERIAL_BITS = 22
_SIGN = 1 << 62
SERIALS = 1 << _SERIAL_BITS


def _fold(text: str, bits: int) -> int:
    """FNV-1a of ``text``, folded to ``bits`` (hashlib would cost the guardian 3 MB)."""
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return (value ^ value >> 32) & ((1 << bits) - 1)


class RunMark:
    """All marks of one run of this user's project; without ``run_id``, of every run of the project."""

    __slots__ = ("_any_run", "_prefix", "project", "run_id")

    def __init__(self, project: str, run_id: str = "") -> None:
        self.project = project
        self.run_id = run_id
        self._any_run = not run_id
        run = 0 if self._any_run else _fold(run_id, _RUN_BITS)
        self._prefix = (_SIGN >> _SERIAL_BITS) | _fold(f"{os.getuid()}:{project}", 24) << _RUN_BITS | run

    def __repr__(self) -> str:
        return f"RunMark({self.project!r}, {self.run_id!r})"

    def value(self, serial: int) -> int:
        """The mark of the run's ``serial``-th incarnation."""
        return self._prefix << _SERIAL_BITS | serial % SERIALS

    def owns(self, value: int) -> bool:
        """Whether a process that bears ``value`` belongs to this run (or project)."""
        prefix = value >> _SERIAL_BITS
        if self._any_run:
            return value > 0 and prefix >> _RUN_BITS == self._prefix >> _RUN_BITS
        return prefix == self._prefix


class Marked:
    """While entered, whatever this process starts bears ``value`` (0: no mark). Not for several threads at once."""

    __slots__ = ("_before", "_value")

    def __init__(self, value: int) -> None:
        self._value = value
        self._before: tuple[int, int] | None = None

    def __enter__(self) -> None:
        if MARKS_WORK and self._value:
            self._before = resource.getrlimit(RLIMIT_LOCKS)
            resource.setrlimit(RLIMIT_LOCKS, (self._value, self._before[1]))

    def __exit__(self, *exc: object) -> None:
        if self._before is not None:
            resource.setrlimit(RLIMIT_LOCKS, self._before)


if sys.platform == "linux":

    def mark_of(pid: int) -> int:
        """The mark that ``pid`` bears; 0 when it is gone, another user's, or unmarked."""
        try:
            soft = resource.prlimit(pid, RLIMIT_LOCKS)[0]
        except (ProcessLookupError, PermissionError):
            return 0
        return soft if soft > 0 and soft & _SIGN else 0

    MARKS_WORK = resource.getrlimit(RLIMIT_LOCKS)[1] == resource.RLIM_INFINITY
else:

    def mark_of(pid: int) -> int:  # noqa: ARG001 -- the same face on every platform
        """Nothing bears marks here."""
        return 0

    MARKS_WORK = False
"""Whether marks can be set here: Linux, and nobody has lowered the hard limit."""
