"""Following one service's log for the log pane: a thread reads the files, the loop gets lines in bounded batches.

Rules: the last `HISTORY` lines come first; then what is new, at most `FRAME` after it was written; of a flood only the
newest `MOST` lines of each frame are decoded, the others are counted: nobody could have read them here, and the file
has them all. A log that can't be read is told as a line, and tried again.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from meshdev.errors import MeshdevError
from meshdev.storage.line import Batch
from meshdev.storage.reader import LogReader, LogView
from meshdev.tui.ansi import shorten
from meshdev.tui.backend import Deliver
from meshdev.tui.scrollback import Line

FRAME = 1 / 15
HISTORY = 1000
MOST = 6000
_RETRY = 1.0


class LogFollower:
    """A tail of ``service`` that calls ``deliver`` in the loop that made it; see the module."""

    def __init__(self, log_dir: str, service: str, deliver: Deliver) -> None:
        self._reader = LogReader(Path(log_dir))
        self._service = service
        self._deliver = deliver
        self._loop = asyncio.get_running_loop()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"meshdev-log-{service}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop; nothing is delivered any more, the thread ends by itself within a frame."""
        self._closing.set()

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                self._read()
            except (OSError, MeshdevError) as error:
                self._give([Line(f"meshdev: cannot read this log: {error}", stream="meshdev")], 0)
                self._closing.wait(_RETRY)

    def _read(self) -> None:
        view: LogView = self._reader.open([self._service])
        try:
            older = view.older(HISTORY)
            self._give([Line(shorten(line.text), line.instance, line.stream, line.time) for line in older], 0)
            while not self._closing.wait(FRAME):
                self._give(*newest(view.newer_batches()))
        finally:
            view.close()

    def _give(self, lines: Sequence[Line], lost: int) -> None:
        if not lines:
            return

        def deliver() -> None:
            if not self._closing.is_set():
                self._deliver(lines, lost)

        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(deliver)


def newest(batches: Sequence[Batch], most: int = MOST) -> tuple[list[Line], int]:
    """The last lines of ``batches``, about ``most`` of them, and how many were left out before them."""
    kept: deque[Batch] = deque()
    count = lost = 0
    for batch in reversed(batches):
        size = batch.data.count(b"\n") or 1
        if count and count + size > most:
            lost += size
        else:
            kept.appendleft(batch)
            count += size
    lines = [
        Line(shorten(text), batch.source.instance, batch.source.stream, batch.time)
        for batch in kept
        for text in batch.texts()
    ]
    return lines, lost
