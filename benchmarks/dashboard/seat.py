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

ROWS, COLUMNS = 50, 160
_CONTROL = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()][A-Z0-9]|[=>78DEHM])")
_KEPT = 4 << 20  # bytes of output that are looked through; a screen's worth is a few thousand


class Seat:
    """``command`` at a terminal of 160 by 50, until `leave`."""

    def __init__(self, command: Sequence[str], folder: Path, environ: Mapping[str, str]) -> None:
        self._ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, (ROWS, COLUMNS))
        self._changed = threading.Condition()
        self._output = b""
        self._reads: list[tuple[float, int]] = []  # when, and how long the output was then
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
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """Of the program at the terminal."""
        return self.process.pid

    def press(self, keys: bytes) -> float:
        """Forget what was painted and press keys; when."""
        with self._changed:
            self._output, self._reads = b"", []
        begin = time.monotonic()
        os.write(self._ours, keys)
        return begin

    def painted(self, text: bytes, seconds: float) -> float | None:
        """When ``text`` was painted since the last key, or None if it wasn't in time."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while True:
                if (at := when(self._output, self._reads, text)) is not None:
                    return at
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
                    self._reads.append((now, len(self._output)))
                    self._changed.notify_all()
        except OSError:
            pass  # the program has gone, and the terminal with it
        finally:
            os.close(self._ours)


def when(output: bytes, reads: Sequence[tuple[float, int]], text: bytes) -> float | None:
    """The time of the first read after which ``text`` stands in the output, control sequences cut out."""
    if text not in _CONTROL.sub(b"", output):
        return None
    return next(at for at, size in reads if text in _CONTROL.sub(b"", output[:size]))
