"""The calls that the dashboard keeps, for Traffic and Traces: one bounded ring. Pure."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice

from meshdev.wire.control import ExchangeView

CAPACITY = 20_000

Test = Callable[[ExchangeView], bool]
DeliverCalls = Callable[[Sequence[ExchangeView], int], None]
"""Takes calls in order, and how many before them are missing because there were too many."""


class Flows:
    """The last ``capacity`` calls by rising ``seq``; ``lost`` were never told, because there were too many."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._ring: deque[ExchangeView] = deque()
        self._traces: dict[str, deque[ExchangeView]] = {}
        self._touched: set[str] = set()
        self.total = 0
        self.lost = 0

    def __len__(self) -> int:
        return len(self._ring)

    def __iter__(self) -> Iterator[ExchangeView]:
        return iter(self._ring)

    def extend(self, calls: Sequence[ExchangeView], lost: int = 0) -> None:
        """Take in ``calls``; ``lost`` before them are missing."""
        self.lost += lost
        self.total += len(calls)
        for call in calls[-self._capacity :]:
            self._ring.append(call)
            if call.trace:
                self._touched.add(call.trace)
                self._traces.setdefault(call.trace, deque()).append(call)
        while len(self._ring) > self._capacity:
            self._forget(self._ring.popleft())

    def _forget(self, call: ExchangeView) -> None:
        calls = self._traces.get(call.trace)
        if calls is not None:
            calls.popleft()  # the oldest of all is the oldest of its trace
            self._touched.add(call.trace)
            if not calls:
                del self._traces[call.trace]

    def newest_first(self) -> Iterator[ExchangeView]:
        """From the newest to the oldest."""
        return reversed(self._ring)

    def since(self, total: int) -> list[ExchangeView]:
        """What has come after the first ``total`` ones, as far as it is kept."""
        fresh = min(self.total - total, len(self._ring))
        return [*islice(reversed(self._ring), fresh)][::-1]

    @property
    def traces(self) -> Mapping[str, Sequence[ExchangeView]]:
        """Calls by the id of their trace; the trace that was heard of last comes last."""
        return self._traces

    def touched(self) -> set[str]:
        """The ids of traces that have got or lost calls since this was last asked."""
        touched, self._touched = self._touched, set()
        return touched

    def stray(self) -> dict[str, list[ExchangeView]]:
        """HTTP calls that named no parent, by caller and by time; of other protocols few can name one."""
        found: dict[str, list[ExchangeView]] = {}
        for call in self._ring:
            if not call.parent and not call.protocol:
                found.setdefault(call.caller, []).append(call)
        for calls in found.values():
            calls.sort(key=lambda call: call.at)
        return found
