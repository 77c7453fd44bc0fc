"""When each request of an open-loop load is due, and which one it is. Pure.

The times are absolute: they follow from the rate alone and never from when an answer came, so a system that stalls
does not slow down its own measurement (coordinated omission).
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

from meshdev.topology.experiment import Load, LoadRequest


@dataclass(frozen=True, slots=True)
class Schedule:
    """So many requests a second, from ``rate`` to ``rate_end`` within ``ramp`` seconds, then ``rate_end``.

    >>> [round(Schedule(2, 2, 0).due(ordinal), 2) for ordinal in range(4)]
    [0.0, 0.5, 1.0, 1.5]
    >>> [round(Schedule(0, 2, 4).due(ordinal), 2) for ordinal in (0, 1, 4, 6)]
    [0.0, 2.0, 4.0, 5.0]
    """

    rate: float
    rate_end: float
    ramp: float

    @classmethod
    def of(cls, load: Load) -> "Schedule":
        """The schedule of an experiment's load."""
        return cls(load.rate, load.rate_end, load.ramp)

    def due(self, ordinal: int) -> float:
        """Seconds from the load's begin at which the request of that number (from 0) is due."""
        if not self.ramp or self.rate == self.rate_end:
            return ordinal / self.rate_end
        slope = (self.rate_end - self.rate) / self.ramp
        within = (self.rate + self.rate_end) / 2 * self.ramp  # requests while the rate changes
        if ordinal >= within:
            return self.ramp + (ordinal - within) / self.rate_end
        # rate·t + slope·t²/2 = ordinal, in the form that is exact for small slopes and a rate of 0
        root = math.sqrt(max(0.0, self.rate * self.rate + 2 * slope * ordinal))
        return 2 * ordinal / (self.rate + root) if self.rate + root else 0.0


@dataclass(frozen=True, slots=True)
class Turn:
    """One request of the load; ``turn`` counts those of its sort, from 0."""

    request: LoadRequest
    turn: int


def rotation(requests: Sequence[LoadRequest]) -> Iterator[Turn]:
    """The requests in turn, each as often as its weight says and as evenly as that goes; the same every time."""
    total = sum(request.weight for request in requests)
    credit = [0] * len(requests)
    turns = [count() for _ in requests]
    while True:
        for index, request in enumerate(requests):
            credit[index] += request.weight
        chosen = max(range(len(requests)), key=lambda index: (credit[index], -index))
        credit[chosen] -= total
        yield Turn(requests[chosen], next(turns[chosen]))


def filled(text: str, turn: int, run: str) -> str:
    """``text`` with ``{turn}`` and ``{run}`` put in; other braces stay.

    >>> filled('{"cart": "{run}-{turn}"}', 7, "a1")
    '{"cart": "a1-7"}'
    """
    return text.replace("{turn}", str(turn)).replace("{run}", run)
