"""Following logs for the log panes: a thread reads the files, the loop gets lines in bounded batches.

Rules: the last `HISTORY` lines come first; then what is new, at most `FRAME` after it was written; of a flood only the
newest `MOST` lines of each frame are decoded, the others are counted: nobody could have read them here, and the file
has them all. A log that can't be read is told as a line, and tried again. `LogFollower` follows one service as it is
written; `StreamFollower` follows what passes a filter, of all services, with stack traces as one line, and begins with
what is found in a moment: who wants more asks the history.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from meshdev.errors import MeshdevError
from meshdev.storage.entries import Entry, Sift
from meshdev.storage.history import Edge, History
from meshdev.storage.layout import Source
from meshdev.storage.line import Batch
from meshdev.storage.reader import LogReader, LogView
from meshdev.telemetry.logline_filter import LogFilter
from meshdev.tui.ansi import LONGEST, shorten
from meshdev.tui.backend import Deliver
from meshdev.tui.scrollback import Line

FRAME = 1 / 15
HISTORY = 1000
MOST = 6000
MOMENT = 0.3
"""Seconds of searching for the first lines."""
_RETRY = 1.0


class _Follower:
    """A thread that reads, and a loop that gets what it has read."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.get_running_loop()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"meshdev-log-{name}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop; nothing is delivered any more, the thread ends by itself within a frame."""
        self._closing.set()

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                self._read()
            except (OSError, MeshdevError) as error:
                if not self._closing.is_set():
                    self._lament(Line(f"meshdev: cannot read this log: {error}", stream="meshdev"))
                self._closing.wait(_RETRY)

    def _read(self) -> None:
        raise NotImplementedError

    def _lament(self, line: Line) -> None:
        raise NotImplementedError

    def _call(self, deliver: Callable[[], None]) -> None:
        def unless_closed() -> None:
            if not self._closing.is_set():
                deliver()

        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(unless_closed)


class LogFollower(_Follower):
    """A tail of ``service`` that calls ``deliver`` in the loop that made it; see the module."""

    def __init__(self, log_dir: str, service: str, deliver: Deliver) -> None:
        self._reader = LogReader(Path(log_dir))
        self._service = service
        self._deliver = deliver
        super().__init__(service)

    def _lament(self, line: Line) -> None:
        self._give([line], 0)

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
        if lines:
            self._call(lambda: self._deliver(lines, lost))


class Delivery(NamedTuple):
    """What a stream brings: lines, how many were looked at for them, and how many were left out.

    The first one says back to which moment (``back_to``) it has looked, and whether that is the ``beginning``.
    """

    lines: Sequence[Line]
    seen: int = 0
    lost: int = 0
    first: bool = False
    back_to: float = 0.0
    beginning: bool = False


class StreamFollower(_Follower):
    """What passes ``wanted`` of all services' logs; calls ``deliver`` in the loop that made it; see the module."""

    def __init__(
        self, log_dir: Path, wanted: LogFilter, deliver: Callable[[Delivery], None], *, now: float
    ) -> None:
        self._log_dir = log_dir
        self._wanted = wanted
        self._deliver = deliver
        self._now = now
        super().__init__("all")

    def _lament(self, line: Line) -> None:
        self._call(lambda: self._deliver(Delivery([line])))

    def _read(self) -> None:
        history = History(self._log_dir, self._wanted, now=self._now, cancel=self._closing)
        try:
            found = history.older(HISTORY, within=MOMENT)
            looked = history.progress
            first = Delivery(
                lines_of(found), looked.lines, first=True, back_to=looked.at, beginning=history.at_beginning
            )
            self._call(lambda: self._deliver(first))
            sift = Sift(self._wanted, self._now)
            while not self._closing.wait(FRAME):
                batches = history.view.newer_batches()
                if batches:
                    self._sift(sift, batches)
        finally:
            history.close()

    def _sift(self, sift: Sift, batches: Sequence[Batch]) -> None:
        lost = 0
        if not self._wanted:
            batches, lost = newest_batches(batches, MOST)
        before = sift.seen
        entries = sift.entries(batches)
        if len(entries) > MOST:
            lost += len(entries) - MOST
            entries = entries[-MOST:]
        delivery = Delivery(lines_of(entries), sift.seen - before + lost, lost)
        self._call(lambda: self._deliver(delivery))


def lines_of(entries: Iterable[Entry]) -> list[Line]:
    """Entries as the log pane has them."""
    return [
        Line(
            entry.text if len(entry.text) <= LONGEST else "\n".join(map(shorten, entry.text.split("\n"))),
            entry.source.instance,
            entry.source.stream,
            entry.time,
            entry.node,
            entry.source.generation,
            entry.more,
        )
        for entry in entries
    ]


def edge_of(lines: Iterable[Line], at: float | None = None) -> Edge:
    """Where ``lines`` begin; ``at``: so far back has been looked already."""
    entries = (
        Entry(line.service, Source(line.source, line.generation, line.stream), line.at, line.text)
        for line in lines
    )
    return Edge(entries, at)


def newest_batches(batches: Sequence[Batch], most: int) -> tuple[list[Batch], int]:
    """The last of ``batches``, with about ``most`` lines, and how many lines were before them."""
    kept: deque[Batch] = deque()
    count = lost = 0
    for batch in reversed(batches):
        size = batch.data.count(b"\n") or 1
        if count and count + size > most:
            lost += size
        else:
            kept.appendleft(batch)
            count += size
    return list(kept), lost


def newest(batches: Sequence[Batch], most: int = MOST) -> tuple[list[Line], int]:
    """The last lines of ``batches``, about ``most`` of them, and how many were left out before them."""
    kept, lost = newest_batches(batches, most)
    lines = [
        Line(shorten(text), batch.source.instance, batch.source.stream, batch.time)
        for batch in kept
        for text in batch.texts()
    ]
    return lines, lost
