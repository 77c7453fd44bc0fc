"""Bandwidth: no more than so many bytes a second, in even portions.

A portion is what passes in a fiftieth of a second. It leaves at the end of the time that it takes, as on a slow line.
"""

from collections import deque

from meshdev.traffic.faults.draws import Draws
from meshdev.traffic.faults.kinds import FaultKind, Layer, Parameter, Unit
from meshdev.traffic.faults.link import Item, Link, Timed
from meshdev.traffic.faults.settings import Settings

PORTION = 0.02


class Bandwidth(Link):
    """A line with a rate: `_free` is when it has carried what it took last."""

    __slots__ = ("_free", "_offset", "_queue", "_settings")

    def __init__(self, settings: Settings, _: Draws) -> None:
        super().__init__()
        self._settings = settings
        self._queue: deque[Timed] = deque()
        self._offset = 0  # into the first chunk
        self._free = float("-inf")

    def take(self, item: Item, at: float) -> None:
        """Stand in line."""
        self._queue.append((at, item))
        if isinstance(item, bytes):
            self.held += len(item)

    def due(self, now: float) -> list[Timed]:
        """The portions that have been carried by ``now``."""
        left: list[Timed] = []
        while self._queue:
            done, size = self._next()
            if done > now:
                break
            self._free = done
            item = self._queue[0][1]
            if not isinstance(item, bytes):
                self._queue.popleft()
                left.append((done, item))
                continue
            portion = item[self._offset : self._offset + size]
            left.append((done, portion))
            self.held -= len(portion)
            self._offset += len(portion)
            if self._offset >= len(item):
                self._queue.popleft()
                self._offset = 0
        return left

    def _next(self) -> tuple[float, int]:
        """When the next portion has been carried, and its size."""
        at, item = self._queue[0]
        start = max(at, self._free)
        if not isinstance(item, bytes):
            return start, 0
        rate = max(1.0, self._settings.number("rate", start))
        size = min(len(item) - self._offset, max(1, int(rate * PORTION)))
        return start + size / rate, size

    def deadline(self) -> float | None:
        """When the next portion has been carried."""
        return self._next()[0] if self._queue else None

    def release(self) -> list[Item]:
        """All that stands in line."""
        left = [item for _, item in self._queue]
        if left and isinstance(left[0], bytes):
            left[0] = left[0][self._offset :]
        self._queue.clear()
        self._offset = self.held = 0
        return left


BANDWIDTH = FaultKind(
    name="bandwidth",
    layer=Layer.BYTES,
    doc="no more than so many bytes a second",
    main="rate",
    parameters=(
        Parameter(
            "rate", Unit.RATE, "bytes a second, 100k is 100,000", required=True, least=1.0, ramps=False
        ),
    ),
    link=Bandwidth,
)
