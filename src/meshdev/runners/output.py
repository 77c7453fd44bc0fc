"""Reading what instances print: fast, bounded per wake-up, and never a reason for a child to wait.

A quiet pipe is watched by the loop and read at once. A busy one (two wake-ups within a tick) is taken off the loop
and polled every tick instead: the cost then follows the ticks, not the lines. A pipe that is found full is enlarged,
as long as all pipes together stay within `_ENLARGED_MOST`. Chunks go to the sink as they come, synchronously; a sink
that raises is not asked again, and its pipe is drained to nowhere.
"""

import asyncio
import contextlib
import fcntl
import logging
import os
import sys
from typing import Protocol

log = logging.getLogger(__name__)

_TICK_SECONDS = 0.008
_FIRST_SIZE = 64 * 1024
_LARGE_SIZE = 1024 * 1024
_PULL_MOST = 1024 * 1024
_ENLARGED_MOST = 16 * 1024 * 1024  # the kernel's soft limit is 64 MiB for all pipes of a user


class OutputSink(Protocol):
    """Where one stream of one incarnation goes. Must not raise for a full disk, must not block for long."""

    def write(self, chunk: bytes) -> None:
        """Take what was read, as it was read (at most 1 MiB)."""
        ...

    def end(self) -> None:
        """Nothing more will come."""
        ...


class OutputPipe:
    """The reading end of one stream; owns ``fd``."""

    __slots__ = ("_ended", "_last", "_pump", "fd", "sink", "size", "watched")

    def __init__(self, pump: "OutputPump", fd: int, sink: OutputSink) -> None:
        self._pump = pump
        self._ended = False
        self._last = 0.0
        self.fd = fd
        self.sink: OutputSink | None = sink
        self.size = _FIRST_SIZE
        self.watched = False

    @property
    def ended(self) -> bool:
        """Whether the pipe is closed, by its writers or by `close`."""
        return self._ended

    def on_readable(self) -> None:
        """The loop saw something: read it, and become busy when that happens often."""
        now = self._pump.loop.time()
        self.pull()
        if not self._ended and now - self._last < _TICK_SECONDS:
            self._pump.make_busy(self)
        self._last = now

    def pull(self) -> int:
        """Read what is there, at most 1 MiB; the number of bytes read."""
        total = 0
        while not self._ended and total < _PULL_MOST:
            try:
                chunk = os.read(self.fd, self.size)
            except BlockingIOError:
                break
            except OSError:
                chunk = b""
            if not chunk:
                self.close()
                break
            total += len(chunk)
            self._hand_on(chunk)
            if len(chunk) < self.size:
                break  # the pipe is empty now: spare the call that would say so
            self._pump.enlarge(self)
        return total

    def close(self) -> None:
        """Take no more; what is still in the pipe is lost, so `pull` first. Twice is once."""
        if self._ended:
            return
        self._ended = True
        self._pump.forget(self)
        os.close(self.fd)
        if self.sink is not None:
            with contextlib.suppress(Exception):
                self.sink.end()

    def _hand_on(self, chunk: bytes) -> None:
        if self.sink is None:
            return
        try:
            self.sink.write(chunk)
        except Exception:
            log.exception("output is lost: its sink failed")
            self.sink = None


class OutputPump:
    """Keeps all pipes; one timer for all busy ones."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._busy: set[OutputPipe] = set()
        self._pipes: set[OutputPipe] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._enlarged = 0

    def open(self, fd: int, sink: OutputSink) -> OutputPipe:
        """Read ``fd`` (a pipe's reading end, taken over) into ``sink`` from now on."""
        os.set_blocking(fd, False)
        pipe = OutputPipe(self, fd, sink)
        self._pipes.add(pipe)
        self._watch(pipe)
        return pipe

    def make_busy(self, pipe: OutputPipe) -> None:
        """Poll ``pipe`` by ticks until it has been quiet for one."""
        self.loop.remove_reader(pipe.fd)
        pipe.watched = False
        self._busy.add(pipe)
        if self._timer is None:
            self._timer = self.loop.call_later(_TICK_SECONDS, self._tick)

    def enlarge(self, pipe: OutputPipe) -> None:
        """``pipe`` was full: give it more room if there is any to give."""
        if (
            pipe.size == _LARGE_SIZE
            or self._enlarged + _LARGE_SIZE > _ENLARGED_MOST
            or sys.platform != "linux"
        ):
            return
        try:
            fcntl.fcntl(pipe.fd, fcntl.F_SETPIPE_SZ, _LARGE_SIZE)
        except OSError:
            self._enlarged = _ENLARGED_MOST  # the kernel has said no; don't ask for every chunk
            return
        pipe.size = _LARGE_SIZE
        self._enlarged += _LARGE_SIZE

    def forget(self, pipe: OutputPipe) -> None:
        """``pipe`` is about to be closed."""
        if pipe.watched:
            self.loop.remove_reader(pipe.fd)
            pipe.watched = False
        self._busy.discard(pipe)
        self._pipes.discard(pipe)
        if pipe.size == _LARGE_SIZE:
            self._enlarged -= _LARGE_SIZE

    def close(self) -> None:
        """Close all pipes."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for pipe in tuple(self._pipes):
            pipe.pull()
            pipe.close()

    def _watch(self, pipe: OutputPipe) -> None:
        self.loop.add_reader(pipe.fd, pipe.on_readable)
        pipe.watched = True

    def _tick(self) -> None:
        self._timer = None
        flooded = False
        for pipe in tuple(self._busy):
            read = pipe.pull()
            flooded = flooded or read >= _PULL_MOST
            if read == 0 and not pipe.ended:
                self._busy.discard(pipe)
                self._watch(pipe)
        if self._busy:
            self._timer = self.loop.call_later(0.0 if flooded else _TICK_SECONDS, self._tick)
