"""The list of calls: which are shown, in which order. Pure.

A list that *follows* has the newest call last; one that is held stands still while what comes meanwhile is counted. In
any other order than that in which the calls ended, what the order is about comes first.
"""

from bisect import insort
from collections.abc import Callable, Mapping
from enum import StrEnum

from meshdev.telemetry.exchange_filter import failed
from meshdev.tui.flows import Flows, Test
from meshdev.wire.control import ExchangeView

_FEW = 500
"""So many new calls are put into a sorted list one by one; of more, all are sorted again."""


class CallOrder(StrEnum):
    """What a list of calls is sorted by."""

    ENDED = "as they ended"
    SLOWEST = "slowest first"
    FAILED = "failures first"
    LARGEST = "largest first"
    EDGE = "by edge"


_NO_ANSWER = 600  # worse than any status
_Weight = Callable[[ExchangeView], tuple[float | str, ...]]
_WEIGHTS: Mapping[CallOrder, _Weight] = {
    CallOrder.SLOWEST: lambda call: (-call.ms, -call.seq),
    CallOrder.FAILED: lambda call: (not failed(call), -((call.status or _NO_ANSWER) // 100), -call.seq),
    CallOrder.LARGEST: lambda call: (-call.bytes_out, -call.seq),
    CallOrder.EDGE: lambda call: (call.caller, call.callee, -call.seq),
}
"""The least comes first; of two alike, the newest. (As they ended, they come.)"""


class FlowList:
    """Those of ``flows`` that pass a test, in an order; see the module."""

    def __init__(self, flows: Flows) -> None:
        self._flows = flows
        self._test: Test | None = None
        self._seen = 0
        self._counted = 0
        self._oldest = 0
        self.order = CallOrder.ENDED
        self.calls: list[ExchangeView] = []
        self.following = True
        self.waiting = 0

    def refresh(self) -> list[ExchangeView]:
        """Take in what has come; what was added, if it follows."""
        if not self.following:
            if self._counted != self._flows.total:
                self.waiting += len(self._passing(self._flows.since(self._counted)))
                self._counted = self._flows.total
            return []
        if self._seen == self._flows.total:
            return []
        fresh = self._passing(self._flows.since(self._seen))
        self._seen = self._flows.total
        self._add(fresh)
        self._drop_lost()
        return fresh

    def _add(self, fresh: list[ExchangeView]) -> None:
        weight = _WEIGHTS.get(self.order)
        if weight is None:
            self.calls.extend(fresh)
        elif len(fresh) > _FEW:
            self.calls = sorted([*self.calls, *fresh], key=weight)
        else:
            for call in fresh:
                insort(self.calls, call, key=weight)

    def _drop_lost(self) -> None:
        """Forget what the ring has forgotten."""
        oldest = next(iter(self._flows), None)
        if oldest is None or oldest.seq <= self._oldest:
            return
        self._oldest = oldest.seq
        if self.order is not CallOrder.ENDED or (self.calls and self.calls[0].seq < oldest.seq):
            self.calls = [call for call in self.calls if call.seq >= oldest.seq]

    def sort(self, order: CallOrder) -> None:
        """Another order, of what is there."""
        self.order = order
        self.calls.sort(key=_WEIGHTS.get(order, lambda call: (call.seq,)))

    def follow(self, *, following: bool) -> None:
        """Follow again, or stand still."""
        if following != self.following:
            self.following = following
            self.waiting = 0
            self._counted = self._flows.total
            self.refresh()

    def narrow(self, test: Test | None) -> None:
        """Show only what passes ``test``."""
        self._test = test
        self.calls = self._passing(list(self._flows))
        self.sort(self.order)
        self._seen = self._counted = self._flows.total
        self.waiting = 0

    def _passing(self, calls: list[ExchangeView]) -> list[ExchangeView]:
        test = self._test
        return calls if test is None else [call for call in calls if test(call)]
