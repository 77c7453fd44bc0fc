"""What is due when: alarms of incarnations and services, in one heap. One alarm per holder; the last one set counts."""

import heapq
from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar


class Holder(Protocol):
    """Something with at most one alarm: ``deadline`` in seconds (monotonic), None when there is none."""

    deadline: float | None


H = TypeVar("H", bound=Holder)


class Agenda(Generic[H]):
    """Alarms by time. An entry whose holder has another deadline by now is void and is dropped when met."""

    __slots__ = ("_count", "_heap")

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, H]] = []
        self._count = 0

    def set(self, holder: H, at: float) -> None:
        """Wake ``holder`` at ``at`` instead of whenever it was to be woken before."""
        holder.deadline = at
        self._count += 1
        heapq.heappush(self._heap, (at, self._count, holder))

    def next(self) -> float | None:
        """When the first alarm is due."""
        heap = self._heap
        while heap:
            at, _, holder = heap[0]
            if holder.deadline == at:
                return at
            heapq.heappop(heap)
        return None

    def due(self, now: float) -> Iterator[H]:
        """Holders whose alarm has come, each taken off the agenda before it is given."""
        while (at := self.next()) is not None and at <= now:
            _, _, holder = heapq.heappop(self._heap)
            holder.deadline = None
            yield holder
