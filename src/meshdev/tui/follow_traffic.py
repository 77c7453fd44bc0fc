"""Following the calls over edges: a thread reads the daemon's stream, the loop gets them in bounded batches.

Rules: what the daemon still knows comes first (its last few thousand calls), then what is new, at most `FRAME` after it
came. At most `MOST_READS` reads a frame: of a flood the daemon keeps what this end does not fetch in time, drops the
oldest, and the jump in the numbers says how many. A lost daemon is waited for without end; the same run goes on where
it was, another run is begun anew, numbered on from there, so that a number never comes twice.
"""

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from meshdev.client import calls
from meshdev.client.control import Control
from meshdev.client.feed import ExchangeFeed
from meshdev.client.project import Project
from meshdev.client.stream import Stream
from meshdev.errors import MeshdevError
from meshdev.kernel.backoff import Backoff
from meshdev.tui.flows import DeliverCalls
from meshdev.wire.control import ExchangeView

FRAME = 1 / 10
MOST_READS = 6
_WAIT = 0.25
_RETRY = Backoff(first=0.1, most=2.0, jitter=0.0)


@dataclass(slots=True)
class Bookmark:
    """How far the calls of which run were delivered; ``offset`` is added to the run's own numbers."""

    run: str = ""
    seq: int = 0
    offset: int = 0

    def enter(self, run: str) -> None:
        """The daemon of this run answers now."""
        if run != self.run:
            self.run, self.offset, self.seq = run, self.offset + self.seq, 0

    def take(self, batch: Sequence[ExchangeView]) -> tuple[list[ExchangeView], int]:
        """The calls of ``batch`` that are new, numbered on, and how many are missing before them."""
        fresh = [call for call in batch if call.seq > self.seq]
        if not fresh:
            return [], 0
        lost = fresh[-1].seq - self.seq - len(fresh) if self.seq else 0
        self.seq = fresh[-1].seq
        if self.offset:
            fresh = [msgspec.structs.replace(call, seq=call.seq + self.offset) for call in fresh]
        return fresh, lost


class TrafficFollower:
    """Calls ``deliver`` in the loop that made it, going on at ``bookmark`` and moving it; see the module."""

    def __init__(self, project: Project, bookmark: Bookmark, deliver: DeliverCalls) -> None:
        self._project = project
        self._control = Control(project)
        self._bookmark = bookmark
        self._deliver = deliver
        self._loop = asyncio.get_running_loop()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="meshdev-traffic", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop; nothing is delivered any more, the thread ends by itself within a moment."""
        self._closing.set()

    def _run(self) -> None:
        attempt = 0
        while not self._closing.is_set():
            attempt += 1
            try:
                run = self._control.send(calls.version()).run_id
                after = self._bookmark.seq if run == self._bookmark.run else 0
                stream = Stream(self._project, ExchangeFeed(after))
            except MeshdevError:
                self._closing.wait(_RETRY.delay(attempt, 0.0))
                continue
            try:
                self._read(stream, run)
            except MeshdevError:
                attempt = 0
                self._closing.wait(_RETRY.delay(1, 0.0))
            finally:
                stream.close()

    def _read(self, stream: Stream[ExchangeView], run: str) -> None:
        while not self._closing.is_set():
            batch = stream.read(_WAIT)
            try:
                for _ in range(MOST_READS - 1):
                    more = stream.read(0)
                    if not more:
                        break
                    batch += more
            finally:
                self._give(batch, run)
            self._closing.wait(FRAME)

    def _give(self, batch: Sequence[ExchangeView], run: str) -> None:
        if not batch:
            return

        def deliver() -> None:
            if not self._closing.is_set():
                self._bookmark.enter(run)
                fresh, lost = self._bookmark.take(batch)
                if fresh:
                    self._deliver(fresh, lost)

        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(deliver)
