"""Alarms at exact times: what faults hold back leaves when it is due, not at the loop's next millisecond.

Loops round their timers to a millisecond and count from when they looked at the clock last, which makes a delay one
millisecond too long on average; and uvloop makes a handle of its own for each. So all alarms of a loop
share one timer of the kernel (timerfd: Linux, nanoseconds, no slack), set to the earliest of them. Where there is none,
the loop's own timers do.

Rules: an alarm rings once, never before it is due, and those that are due together ring in the order of their times ·
one that fails does not silence the others · everything happens in the loop's thread.
"""

import asyncio
import ctypes
import os
import sys
from collections.abc import Callable
from heapq import heappop, heappush
from time import monotonic
from typing import Final, Protocol
from weakref import WeakKeyDictionary, finalize

CLOCK_GRAIN: Final = 0.0005  # seconds; a loop's timer that is early finds nothing
_MONOTONIC: Final = 1  # CLOCK_MONOTONIC, which is the clock of `time.monotonic`
_FLAGS: Final = os.O_NONBLOCK | getattr(os, "O_CLOEXEC", 0)
_ABSOLUTE: Final = 1
_NANOSECONDS: Final = 1_000_000_000
_NEVER: Final = float("inf")


class Timer(Protocol):
    """One timer that can be set again and again."""

    def set(self, due: float) -> None:
        """Ring at ``due`` (`time.monotonic`), or never if that is infinite; what was set before is forgotten."""


class KernelTimer:
    """A timerfd that ``loop`` watches."""

    __slots__ = ("__weakref__", "_at", "_fd", "_its", "_set")

    def __init__(self, loop: asyncio.AbstractEventLoop, ring: Callable[[], None]) -> None:
        """Raises OSError where there is no such timer."""
        if sys.platform != "linux":
            raise OSError("timerfd is Linux's")
        libc = ctypes.CDLL(None, use_errno=True)
        self._fd: int = libc.timerfd_create(_MONOTONIC, _FLAGS)
        if self._fd < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create")
        finalize(loop, os.close, self._fd)
        self._its = (ctypes.c_long * 4)()  # struct itimerspec: interval and value, seconds and nanoseconds
        self._at = ctypes.addressof(self._its)
        self._set = libc.timerfd_settime
        self._set.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
        loop.add_reader(self._fd, ring)

    def set(self, due: float) -> None:
        """Also takes back that it has rung, so nothing need be read from it."""
        its = self._its
        if due == _NEVER:
            its[2] = its[3] = 0
        else:
            seconds = int(due)
            its[2], its[3] = seconds, int((due - seconds) * _NANOSECONDS) + 1
        self._set(self._fd, _ABSOLUTE, self._at, None)


class LoopTimer:
    """The running loop's own timers."""

    __slots__ = ("_handle", "_ring")

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._handle: asyncio.TimerHandle | None = None

    def set(self, due: float) -> None:
        """Rings within two milliseconds."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        if due != _NEVER:
            wait = max(0.0, due - monotonic()) + CLOCK_GRAIN
            self._handle = asyncio.get_running_loop().call_later(wait, self._ring)


class Alarm:
    """What `Alarms.at` gives."""

    __slots__ = ("call", "due")

    def __init__(self, due: float, call: Callable[[], None]) -> None:
        self.due = due
        self.call: Callable[[], None] | None = call

    def cancel(self) -> None:
        """It does not ring; after it has rung this says nothing."""
        self.call = None


class Alarms:
    """All alarms of one loop; ``make`` gives their timer, told what it rings."""

    __slots__ = ("__weakref__", "_count", "_heap", "_set_to", "_timer")

    def __init__(self, make: Callable[[Callable[[], None]], Timer]) -> None:
        self._heap: list[tuple[float, int, Alarm]] = []
        self._count = 0
        self._set_to = _NEVER
        self._timer = make(self._ring)

    def at(self, due: float, call: Callable[[], None]) -> Alarm:
        """Have ``call`` called at ``due`` (`time.monotonic`), or soon if that is past."""
        alarm = Alarm(due, call)
        self._count = count = self._count + 1
        heappush(self._heap, (due, count, alarm))
        if due < self._set_to:
            self._set_to = due
            self._timer.set(due)
        return alarm

    def _ring(self) -> None:
        now, heap = monotonic(), self._heap
        self._set_to = 0.0  # until this is done nobody sets the timer
        try:
            while heap and ((call := heap[0][2].call) is None or heap[0][0] <= now):
                heappop(heap)
                if call is not None:
                    call()
        finally:
            self._set_to = due = heap[0][0] if heap else _NEVER
            self._timer.set(due)


_OF_LOOPS: Final[WeakKeyDictionary[asyncio.AbstractEventLoop, Alarms]] = WeakKeyDictionary()


def alarms_of(loop: asyncio.AbstractEventLoop) -> Alarms:
    """Those of ``loop``; they are gone with it."""
    alarms = _OF_LOOPS.get(loop)
    if alarms is None:
        alarms = _OF_LOOPS[loop] = _made(loop)
    return alarms


def _made(loop: asyncio.AbstractEventLoop) -> Alarms:
    try:
        return Alarms(lambda ring: KernelTimer(loop, ring))
    except (
        OSError,
        NotImplementedError,
        AttributeError,
    ):  # no such timer here, or a loop that watches no descriptors
        return Alarms(LoopTimer)
