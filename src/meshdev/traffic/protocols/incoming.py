"""Bytes of one direction for a reader that is written as a generator: it says how many it needs next, and gets them.

``yield n`` in the generator means: go on when ``n`` bytes are there from `Incoming.at` on, after what is to be skipped
was skipped. So what is read stands in one place, whatever the bytes were cut into, and what is skipped is never kept.
"""

from collections.abc import Callable, Generator

Reading = Generator[int, None, None]


class Incoming:
    """What has come and was not read yet: ``data`` from ``at`` on; ``position`` counts from the beginning."""

    __slots__ = ("_needed", "_passed", "_reading", "_skip", "at", "data")

    def __init__(self, read: "Callable[[Incoming], Reading]") -> None:
        self.data = b""
        self.at = 0
        self._passed = 0  # bytes before ``data``
        self._skip = 0
        self._reading = read(self)
        self._needed = next(self._reading)

    @property
    def position(self) -> int:
        """Where ``at`` is in all that came, also when that is not here yet."""
        return self._passed + self.at + self._skip

    @property
    def received(self) -> int:
        """How much has come, from the beginning."""
        return self._passed + len(self.data)

    def skip(self, size: int) -> None:
        """Leave out so many bytes from ``at`` on; they are gone after the next ``yield``."""
        self._skip += size

    def put(self, data: bytes) -> None:
        """Bytes that follow. Raises what the generator raises."""
        self._passed += self.at
        if self.at < len(self.data):
            data = self.data[self.at :] + data
        self.data, self.at = data, 0
        while True:
            if self._skip:
                step = min(self._skip, len(self.data) - self.at)
                self.at += step
                self._skip -= step
                if self._skip:
                    return
            if len(self.data) - self.at < self._needed:
                return
            self._needed = next(self._reading)
