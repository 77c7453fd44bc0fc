"""A seat at a terminal: a program in a pty, its output read at once with the time of each read.

Nothing is drawn while it is measured (an emulator in Python would need more CPU than what is measured): control
sequences are cut out, and what a key has painted is found as text. When the text is complete, the time is that of the
read that completed it.
"""

import os
import pty
import re
import subprocess
import termios
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from select import select
from typing import NamedTuple

from benchmarks.processes import eventually, prefer

ROWS, COLUMNS = 50, 160
_CONTROL = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()][A-Z0-9]|[=>78DEHM])")
_KEPT = 4 << 20  # bytes of output that are looked through; a screen's worth is a few thousand


class Read(NamedTuple):
    """One read: when, how long the output was then, and how long program and reader had waited for a core so far."""

    at: float
    size: int
    waited: float = 0.0


class Seat:
    """``command`` at a terminal of 160 by 50, until `leave`."""

    def __init__(self, command: Sequence[str], folder: Path, environ: Mapping[str, str]) -> None:
        self._ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, (ROWS, COLUMNS))
        self._changed = threading.Condition()
        self._output = b""
        self._reads: list[Read] = []
        self._ending = threading.Event()
        self.sat_down = time.monotonic()
        self.process = subprocess.Popen(
            ["setsid", "-c", *command],
            cwd=folder,
            env={**environ, "COLORTERM": "truecolor", "LANG": "C.UTF-8"},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        eventually(lambda: _has_own_session(self.pid), 1.0, 0.001)
        prefer([self.pid])
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()  # before anybody asks how long it has waited

    @property
    def pid(self) -> int:
        """Of the program at the terminal."""
        return self.process.pid

    def press(self, keys: bytes) -> Read:
        """Forget what was painted and press keys; when, and how long had been waited for a core by then."""
        with self._changed:
            self._output, self._reads = b"", []
        begin = Read(time.monotonic(), 0, self._waited())
        os.write(self._ours, keys)
        return begin

    def painted(self, text: bytes | re.Pattern[bytes], seconds: float) -> Read | None:
        """When ``text`` was painted since the last key, or None if it wasn't in time."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while True:
                if (found := when(self._output, self._reads, text)) is not None:
                    return found
                left = deadline - time.monotonic()
                if left <= 0 or not self._changed.wait(left):
                    return None

    def leave(self) -> None:
        """Take the terminal away; the program is given a moment, then killed."""
        self._ending.set()
        self._reader.join()
        try:
            self.process.wait(5.0)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _waited(self) -> float:
        return waited_for_a_core(self.pid) + waited_for_a_core(os.getpid(), self._reader.native_id)

    def _read(self) -> None:
        try:
            while not self._ending.is_set():
                if not select([self._ours], [], [], 0.1)[0]:
                    continue
                data = os.read(self._ours, 65536)
                now = time.monotonic()
                with self._changed:
                    if len(self._output) > _KEPT:
                        self._output, self._reads = b"", []
                    self._output += data
                    self._reads.append(Read(now, len(self._output), self._waited()))
                    self._changed.notify_all()
        except OSError:
            pass  # the program has gone, and the terminal with it
        finally:
            os.close(self._ours)


def _has_own_session(pid: int) -> bool:
    try:
        return os.getsid(pid) == pid
    except ProcessLookupError:
        return True


def when(output: bytes, reads: Sequence[Read], text: bytes | re.Pattern[bytes]) -> Read | None:
    """The first read after which ``text`` stands in the output, control sequences cut out."""
    wanted = text if isinstance(text, re.Pattern) else re.compile(re.escape(text))
    if not wanted.search(_CONTROL.sub(b"", output)):
        return None
    return next(one for one in reads if wanted.search(_CONTROL.sub(b"", output[: one.size])))


def waited_for_a_core(pid: int, thread: int | None = None) -> float:
    """Seconds that a thread (the main one, if none is named) could have run and was not let; 0 if Linux doesn't say."""
    try:
        return int(Path(f"/proc/{pid}/task/{thread or pid}/schedstat").read_text().split()[1]) / 1e9
    except (OSError, IndexError):
        return 0.0
