"""What an edge has carried since the test began, and assertions that wait for it.

Figures are asked for anew with each look, and everything that had happened before the look is in them: a call that has
its answer is counted. Counts are since the test began; percentiles and the rate are the edge's last minute and ten
seconds, as `meshdev edges` shows them.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from meshdev.wire.control import EdgeSignalsView, ExchangeView

_LOOK = 0.02
"""Seconds between two looks of `until`."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Counters of an edge, all its endpoints together."""

    requests: int = 0
    errors: int = 0
    retries: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    fault_hits: int = 0


def counts_of(views: list[EdgeSignalsView]) -> Counts:
    """The sum over endpoints."""
    return Counts(
        requests=sum(view.requests for view in views),
        errors=sum(view.errors for view in views),
        retries=sum(view.acts.get("retry", 0) for view in views),
        bytes_in=sum(view.bytes_in for view in views),
        bytes_out=sum(view.bytes_out for view in views),
        fault_hits=sum(sum(view.fault_hits.values()) for view in views),
    )


class EdgeSince:
    """One edge, as seen by one test. ``look`` gives its views, ``calls`` its single calls since the test began."""

    def __init__(
        self,
        name: str,
        before: Counts,
        look: Callable[[], list[EdgeSignalsView]],
        calls: Callable[[], list[ExchangeView]],
    ) -> None:
        self.name = name
        self._before = before
        self._look = look
        self._calls = calls

    def __repr__(self) -> str:
        counts = {
            name: getattr(self, name) for name in ("requests", "errors", "retries", "in_flight", "p99_ms")
        }
        return f"<edge {self.name}: {', '.join(f'{name} {value}' for name, value in counts.items())}>"

    @property
    def requests(self) -> int:
        """Calls that are over."""
        return counts_of(self._look()).requests - self._before.requests

    @property
    def errors(self) -> int:
        """Those without an answer, with a transport error, or with 5xx."""
        return counts_of(self._look()).errors - self._before.errors

    @property
    def retries(self) -> int:
        """Attempts after the first that the edge's policy made."""
        return counts_of(self._look()).retries - self._before.retries

    @property
    def fault_hits(self) -> int:
        """What injected faults did."""
        return counts_of(self._look()).fault_hits - self._before.fault_hits

    @property
    def bytes_in(self) -> int:
        """What the caller sent."""
        return counts_of(self._look()).bytes_in - self._before.bytes_in

    @property
    def bytes_out(self) -> int:
        """What the callee sent."""
        return counts_of(self._look()).bytes_out - self._before.bytes_out

    @property
    def in_flight(self) -> int:
        """Calls that are under way now."""
        return sum(view.in_flight for view in self._look())

    @property
    def p50_ms(self) -> float | None:
        """The last minute's median of the busiest endpoint, in milliseconds; None when nothing was measured."""
        return self._busiest().p50_ms

    @property
    def p99_ms(self) -> float | None:
        """The last minute's 99th percentile."""
        return self._busiest().p99_ms

    @property
    def circuit(self) -> str:
        """``open``, ``half-open`` or empty."""
        return next((view.circuit for view in self._look() if view.circuit), "")

    @property
    def calls(self) -> list[ExchangeView]:
        """Single calls since the test began, the oldest first; the daemon keeps the last few thousand of all edges."""
        return self._calls()

    def until(self, holds: Callable[["EdgeSince"], bool], timeout: float = 5.0) -> "EdgeSince":
        """Wait until ``holds`` of this edge, and fail with its figures when that takes longer than ``timeout``.

        >>> mesh.edge("orders -> payments").until(lambda edge: edge.requests >= 3)  # doctest: +SKIP
        """
        deadline = time.monotonic() + timeout
        while not holds(self):
            if time.monotonic() > deadline:
                raise AssertionError(f"not within {timeout:g} s: {self!r}")
            time.sleep(_LOOK)
        return self

    def _busiest(self) -> EdgeSignalsView:
        return max(self._look(), key=lambda view: view.requests)
