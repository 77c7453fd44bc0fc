"""The circuit breaker of an edge: after too many failures calls are refused at once, until one that tries succeeds.

| state | call | success | failure | ``open_for`` over |
|---|---|---|---|---|
| closed | passes | run of failures ends | counted; open when there are too many | |
| open | refused | not counted: from before | not counted | half-open |
| half-open | one passes, the others are refused | closed, counts forgotten | open again | |

Too many are ``consecutive_errors`` in a row, or a share above ``error_rate`` of at least `LEAST_CALLS` calls within
``window``. A call that ends without a verdict (its caller left) lets another one try. Each call gets a `Pass`, so that
the end of one that began before the circuit opened is not taken for the end of the one that tries. Times are passed in.
"""

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

LEAST_CALLS: Final = 5
SLICES: Final = 10  # of a window

Pass = int
"""A permission to call, to be given back with its verdict."""


class Circuit(StrEnum):
    """Whether calls pass."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


@dataclass(slots=True)
class _Slice:
    """Calls that ended within a tenth of the window."""

    begin: float
    calls: int = 0
    failures: int = 0


@dataclass(slots=True)
class Breaker:
    """One edge's circuit; give `end` the verdict of every call that `admit` let pass."""

    consecutive_errors: int | None = None
    error_rate: float | None = None
    window: float = 10.0
    open_for: float = 5.0
    state: Circuit = Circuit.CLOSED
    opened: int = 0
    _era: Pass = 0  # changes with every change of the state
    _until: float = 0.0
    _trying: bool = False
    _in_a_row: int = 0
    _slices: deque[_Slice] = field(default_factory=deque)

    def admit(self, now: float) -> Pass | None:
        """Permission for a call that begins now, or None."""
        if self.state is Circuit.OPEN and now >= self._until:
            self._become(Circuit.HALF_OPEN)
        if self.state is Circuit.CLOSED:
            return self._era
        if self.state is Circuit.OPEN or self._trying:
            return None
        self._trying = True
        return self._era

    def end(self, admitted: Pass, *, failed: bool | None, now: float) -> None:
        """A call is over; ``failed`` is None when nobody can tell."""
        if admitted != self._era:
            return
        if self.state is Circuit.HALF_OPEN:
            self._trying = False
            if failed is not None:
                self._become(Circuit.OPEN if failed else Circuit.CLOSED, now)
        elif failed is not None and self._too_many(now, failed=failed):
            self._become(Circuit.OPEN, now)

    def retry_after(self, now: float) -> float:
        """Seconds until the circuit lets a call try; 0 when it is not open."""
        return max(0.0, self._until - now) if self.state is Circuit.OPEN else 0.0

    def _become(self, state: Circuit, now: float = 0.0) -> None:
        self.state = state
        self._era += 1
        self._trying = False
        self._in_a_row = 0
        self._slices.clear()
        if state is Circuit.OPEN:
            self.opened += 1
            self._until = now + self.open_for

    def _too_many(self, now: float, *, failed: bool) -> bool:
        self._in_a_row = self._in_a_row + 1 if failed else 0
        if self.consecutive_errors is not None and self._in_a_row >= self.consecutive_errors:
            return True
        if self.error_rate is None:
            return False
        slices = self._slices
        if not slices or now - slices[-1].begin >= self.window / SLICES:
            slices.append(_Slice(now))
        while now - slices[0].begin >= self.window and len(slices) > 1:
            slices.popleft()
        slices[-1].calls += 1
        slices[-1].failures += failed
        calls = sum(it.calls for it in slices)
        return failed and calls >= LEAST_CALLS and sum(it.failures for it in slices) > self.error_rate * calls
