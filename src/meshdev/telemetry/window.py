"""The last fifteen minutes of an edge in slots of one second, made from counters that only grow. Sans-IO.

A `Reading` is what the counters say at a moment; the window keeps the differences. Seconds in which nothing happened
take no room, and counters that went back (a worker was replaced) begin anew.
"""

import math
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from meshdev.telemetry.histogram import Histogram

SECONDS = 900


@dataclass(frozen=True, slots=True)
class Reading:
    """Counters as of now: finished requests, failed ones, bytes each way, latency buckets (microseconds)."""

    requests: int = 0
    failures: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    latency: Mapping[int, int] = field(default_factory=dict)

    def since(self, before: "Reading") -> "Reading":
        """What happened between ``before`` and this one."""
        if self.requests < before.requests or self.bytes_in < before.bytes_in:
            before = Reading()
        known = before.latency
        return Reading(
            self.requests - before.requests,
            self.failures - before.failures,
            self.bytes_in - before.bytes_in,
            self.bytes_out - before.bytes_out,
            {
                index: count - known.get(index, 0)
                for index, count in self.latency.items()
                if count != known.get(index, 0)
            },
        )

    @property
    def empty(self) -> bool:
        """Whether nothing happened."""
        return not (self.requests or self.bytes_in or self.bytes_out)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the window: totals, seconds covered, and the latencies in it."""

    seconds: float
    requests: int
    failures: int
    bytes_in: int
    bytes_out: int
    latency: Histogram

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds if self.seconds else 0.0

    @property
    def failure_rate(self) -> float:
        """Failed requests a second."""
        return self.failures / self.seconds if self.seconds else 0.0

    def milliseconds(self, q: float) -> float | None:
        """The latency's quantile ``q``, None when nothing was measured."""
        return self.latency.quantile(q) / 1000.0 if self.latency.counts else None


class Window:
    """Slots by second; ``now`` is monotonic seconds."""

    __slots__ = ("_before", "_begun", "_slots")

    def __init__(self, now: float, first: Reading | None = None) -> None:
        self._before = first or Reading()
        self._begun = now
        self._slots: deque[tuple[float, Reading]] = deque()

    def read(self, reading: Reading, now: float) -> bool:
        """Take a reading; whether anything happened since the last one."""
        passed = reading.since(self._before)
        self._before = reading
        while self._slots and self._slots[0][0] <= now - SECONDS:
            self._slots.popleft()
        if passed.empty:
            return False
        self._slots.append((now, passed))
        return True

    def last(self, seconds: float, now: float) -> Span:
        """What happened in the last so many seconds (fewer when the edge is younger, at least one)."""
        covered = max(1.0, min(seconds, now - self._begun))
        latency = Histogram()
        requests = failures = bytes_in = bytes_out = 0
        for at, slot in reversed(self._slots):
            if at <= now - seconds:
                break
            requests += slot.requests
            failures += slot.failures
            bytes_in += slot.bytes_in
            bytes_out += slot.bytes_out
            latency.add(slot.latency)
        return Span(covered, requests, failures, bytes_in, bytes_out, latency)

    def series(self, seconds: int, now: float) -> list[int]:
        """Requests in each of the last so many seconds, the oldest first."""
        return self._by_second(seconds, now, lambda slot: slot.requests)

    def error_series(self, seconds: int, now: float) -> list[int]:
        """Failed requests in each of the last so many seconds, the oldest first."""
        return self._by_second(seconds, now, lambda slot: slot.failures)

    def quiet_for(self, now: float) -> float:
        """Seconds since something happened last; infinite when nothing has, within the window."""
        return now - self._slots[-1][0] if self._slots else math.inf

    def _by_second(self, seconds: int, now: float, figure: Callable[[Reading], int]) -> list[int]:
        found = [0] * seconds
        for at, slot in reversed(self._slots):
            age = int(now - at)
            if age >= seconds:
                break
            found[seconds - 1 - max(age, 0)] += figure(slot)
        return found
