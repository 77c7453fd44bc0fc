"""CPU and memory of the instances: measured when asked, and regularly while somebody follows the stream."""

import asyncio
import time
from collections.abc import Callable, Mapping

from meshdev.daemon.journal import Journal
from meshdev.wire.control import StreamEvent

INTERVAL_SECONDS = 2.0
FRESH_SECONDS = 0.5

Usage = Mapping[str, tuple[float, int]]


class UsageKeeper:
    """Keeps the last sample; ``measure`` gives ``(cpu percent, rss bytes)`` by incarnation (``orders-0@3``)."""

    def __init__(self, measure: Callable[[], Usage], journal: Journal) -> None:
        self._measure = measure
        self._journal = journal
        self._closing = asyncio.Event()
        self._at = -FRESH_SECONDS
        self.last: Usage = {}

    def sample(self) -> Usage:
        """The use of the machine as of now (at most half a second ago)."""
        now = time.monotonic()
        if now - self._at >= FRESH_SECONDS:
            self._at = now
            self.last = self._measure()
        return self.last

    async def run(self) -> None:
        """Tell followers every two seconds; while nobody follows nothing is measured."""
        while not self._closing.is_set():
            if self._journal.followers:
                usage = dict(self.sample())
                self._journal.append(StreamEvent(seq=0, at=time.time(), kind="usage", usage=usage))
            try:
                await asyncio.wait_for(self._closing.wait(), INTERVAL_SECONDS)
            except TimeoutError:
                continue

    def close(self) -> None:
        """Let `run` return."""
        self._closing.set()
