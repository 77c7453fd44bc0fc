"""What has happened, as a numbered stream that any number of clients follow and resume.

Bounded: the last `KEPT` events stay; a client whose number is older gets one ``reset`` and takes a new snapshot, or,
where nobody needs every event (``resets=False``), goes on with the oldest that is kept.
An event is encoded once, however many clients follow.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator

import msgspec

from meshdev.wire.control import ExchangeView, StreamEvent

KEPT = 4096


class Journal:
    """The ring of events and those who wait for the next one."""

    def __init__(self, kept: int = KEPT, *, resets: bool = True) -> None:
        self._ring: deque[tuple[int, bytes]] = deque(maxlen=kept)
        self._resets = resets
        self._encoder = msgspec.json.Encoder()
        self._news = asyncio.Event()
        self._closed = False
        self.seq = 0
        self.followers = 0

    def append(self, event: StreamEvent | ExchangeView) -> None:
        """Number ``event`` and hand it to everybody who follows."""
        self.seq += 1
        numbered = msgspec.structs.replace(event, seq=self.seq)
        self._ring.append((self.seq, self._encoder.encode(numbered)))
        self._wake()

    def close(self) -> None:
        """End every follower's stream once it has seen what is there."""
        self._closed = True
        self._wake()

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    async def follow(self, after: int) -> AsyncIterator[list[tuple[int, bytes]]]:
        """Batches of ``(seq, JSON)`` after the number ``after``, for as long as the journal lives."""
        self.followers += 1
        try:
            while True:
                news = self._news
                batch = self._after(after)
                if batch:
                    after = batch[-1][0]
                    yield batch
                elif self._closed:
                    return
                else:
                    await news.wait()
        finally:
            self.followers -= 1

    def _after(self, after: int) -> list[tuple[int, bytes]]:
        if after == self.seq:
            return []
        oldest = self._ring[0][0] if self._ring else self.seq + 1
        if after > self.seq or after < oldest - 1:
            if not self._resets:
                return list(self._ring)
            reset = StreamEvent(seq=self.seq, at=0.0, kind="reset")
            return [(self.seq, self._encoder.encode(reset))]
        skipped = after - oldest + 1
        return [self._ring[index] for index in range(skipped, len(self._ring))]
