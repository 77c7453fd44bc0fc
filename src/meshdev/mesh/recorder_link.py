"""The worker's end of the way to the recorder: what is captured is sent in batches, and never waited for.

Rules: items go out `FLUSH_SECONDS` after the first one, or as soon as many bytes wait · while the kernel takes no more
they are kept, up to `MOST_WAITING` bytes; from there on exchanges are dropped and counted (`Lost`) · an edge is named
before its first item · without a recorder everything is dropped, and nobody misses it.
"""

import asyncio
import socket
import time
from typing import Final

from meshdev.mesh.channel import Channel
from meshdev.wire.capture import Batch, Item, Lost, Marker, Named, encode
from meshdev.wire.mesh import EdgeKey

FLUSH_SECONDS: Final = 0.05
FLUSH_BYTES: Final = 256 * 1024
MOST_WAITING: Final = 32 * 1024 * 1024
BATCH_BYTES: Final = 4 * 1024 * 1024
ITEM_BYTES: Final = 200  # what an item takes beside its bytes


class RecorderLink:
    """What this worker has to tell the recorder."""

    __slots__ = ("_channel", "_items", "_loop", "_lost", "_named", "_sizes", "_takes", "_timer", "_waiting")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._channel: Channel | None = None
        self._items: list[Item] = []
        self._sizes: list[int] = []
        self._waiting = 0
        self._named: set[int] = set()
        self._lost = 0
        self._takes = 0
        self._timer: asyncio.TimerHandle | None = None

    def connect(self, sock: socket.socket) -> None:
        """From now on ``sock`` is the way; what waits for another one is dropped."""
        self.close()
        self._channel = Channel(
            self._loop, sock, received=lambda _: None, closed=self.close, drained=self._flush
        )

    def close(self) -> None:
        """There is no recorder, or none any more."""
        channel, self._channel = self._channel, None
        if channel is not None:
            channel.close()
        self._items.clear()
        self._sizes.clear()
        self._named.clear()
        self._waiting = self._lost = 0

    def next_take(self) -> int:
        """A number for an exchange that goes in pieces."""
        self._takes += 1
        return self._takes

    def add(self, edge: int, key: EdgeKey, item: Item, size: int) -> bool:
        """Send ``item`` soon; False if there is no room for its ``size`` bytes."""
        if self._channel is None:
            return False
        if self._waiting + size > MOST_WAITING:
            return False
        if edge not in self._named:
            self._named.add(edge)
            self._put(Named(edge, key), 0)
        self._put(item, size)
        return True

    def lose(self) -> None:
        """An exchange could not be told."""
        if self._channel is not None:
            self._lost += 1
            self._flush_soon(0)

    def mark(self, token: int) -> None:
        """Everything from before has been sent when this arrives, losses told."""
        self._tell_lost()
        self._put(Marker(token), 0)
        self._flush()

    def _put(self, item: Item, size: int) -> None:
        if self._channel is None:
            return
        self._items.append(item)
        self._sizes.append(size + ITEM_BYTES)
        self._waiting += size + ITEM_BYTES
        self._flush_soon(self._waiting)

    def _flush_soon(self, waiting: int) -> None:
        if waiting >= FLUSH_BYTES:
            self._flush()
        elif self._timer is None:
            self._timer = self._loop.call_later(FLUSH_SECONDS, self._flush)

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        channel = self._channel
        if channel is None or not channel.idle:
            return  # `drained` comes back here
        self._tell_lost()
        while self._items and channel.idle:  # a channel that breaks meanwhile leaves no items
            channel.send(encode(Batch(time.time() - time.perf_counter(), self._next_batch())))

    def _tell_lost(self) -> None:
        if self._lost and self._channel is not None:
            self._items.append(Lost(self._lost))
            self._sizes.append(ITEM_BYTES)
            self._waiting += ITEM_BYTES
            self._lost = 0

    def _next_batch(self) -> tuple[Item, ...]:
        size = count = 0
        while count < len(self._items) and (not count or size + self._sizes[count] <= BATCH_BYTES):
            size += self._sizes[count]
            count += 1
        items = tuple(self._items[:count])
        del self._items[:count], self._sizes[:count]
        self._waiting -= size
        return items
