"""What is remembered of statements between two telemetry frames: counts and latencies by fingerprint, bounded.

A fingerprint is known for good once it was seen, so that a worker tells at most `MOST_STATEMENTS` of an edge apart.
"""

from typing import Final

from meshdev.telemetry.histogram import bucket
from meshdev.traffic.protocols.operation import Operation
from meshdev.wire.mesh import StatementCounters

MOST_STATEMENTS: Final = 200
_CLASSES: Final = 6

_Key = tuple[str, str, str]
_OTHERS: Final[_Key] = ("*", "", "")


class Statements:
    """The statements of one edge since they were last taken."""

    __slots__ = ("_counts", "_known")

    def __init__(self) -> None:
        self._known: set[_Key] = set()
        self._counts: dict[_Key, tuple[list[int], dict[int, int]]] = {}

    def record(self, operation: Operation) -> None:
        """Count one that is over, if it has a fingerprint."""
        if not operation.detail:
            return
        key = (operation.name, operation.target, operation.detail)
        counts = self._counts.get(key) or self._new(key)
        counts[0][operation.outcome] += 1
        if operation.ended > operation.started:
            index = bucket(int((operation.ended - operation.started) * 1e6))
            counts[1][index] = counts[1].get(index, 0) + 1

    def _new(self, key: _Key) -> tuple[list[int], dict[int, int]]:
        if key not in self._known:
            if len(self._known) >= MOST_STATEMENTS:
                key = _OTHERS
            self._known.add(key)
        return self._counts.setdefault(key, ([0] * _CLASSES, {}))

    def take(self) -> tuple[StatementCounters, ...]:
        """Counts by fingerprint; then begin anew."""
        taken = tuple(
            StatementCounters(*key, tuple(statuses), latency)
            for key, (statuses, latency) in self._counts.items()
        )
        self._counts = {}
        return taken
