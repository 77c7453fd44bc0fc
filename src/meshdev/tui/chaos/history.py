"""What the edges did lately, so that a fault's effect can be told: before it was switched on, against now. Pure.

Counts are remembered once a second for `KEPT` seconds; a figure is the difference of two of them, so it begins exactly
when the fault does. p99 is the daemon's own, over a minute. What was before a fault is kept as long as the fault is on.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from meshdev.wire.control import EdgeSignalsView
from meshdev.wire.fault_views import FaultView

KEPT = 60
STEP = 0.95
"""Seconds between two samples; a little less than one, so that no second is lost to a late tick."""
BEFORE, NOW = 30.0, 10.0
"""Seconds that are looked at: before a fault, and until now."""

EdgeName = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Sample:
    """One edge's counts at one moment."""

    at: float
    requests: int
    errors: int
    sum_ms: float
    p99_ms: float | None


@dataclass(frozen=True, slots=True)
class Figures:
    """What an edge did in a span of time; latencies in milliseconds, None where nothing was measured."""

    rps: float = 0.0
    share: float = 0.0
    mean_ms: float | None = None
    p99_ms: float | None = None


def figures(samples: Sequence[Sample], begin: float, end: float) -> Figures | None:
    """What happened from ``begin`` to ``end``; None when too little is known."""
    inside = [sample for sample in samples if begin - STEP <= sample.at <= end + STEP / 2]
    if len(inside) < 2:  # noqa: PLR2004 -- a difference needs two
        return None
    first, last = inside[0], inside[-1]
    seconds = last.at - first.at
    requests = last.requests - first.requests
    if seconds <= 0 or requests < 0:  # another run
        return None
    took = (last.sum_ms - first.sum_ms) / requests if requests and last.sum_ms else None
    failed = (last.errors - first.errors) / requests if requests else 0.0
    return Figures(requests / seconds, min(1.0, max(0.0, failed)), took, last.p99_ms)


class History:
    """See the module."""

    def __init__(self) -> None:
        self._samples: dict[EdgeName, deque[Sample]] = {}
        self._before: dict[tuple[str, float], dict[EdgeName, Figures]] = {}
        self._at = 0.0

    def note(self, signals: Iterable[EdgeSignalsView], faults: Iterable[FaultView], now: float) -> None:
        """Remember this moment."""
        if now - self._at >= STEP:
            self._at = now
            for edge in signals:
                if edge.observed:
                    name = (edge.caller, edge.callee, edge.endpoint)
                    kept = self._samples.setdefault(name, deque(maxlen=KEPT + 2))
                    if kept and edge.requests < kept[-1].requests:
                        kept.clear()
                    kept.append(Sample(now, edge.requests, edge.errors, edge.latency_sum_ms, edge.p99_ms))
        on = {(fault.name, fault.since) for fault in faults if fault.on and fault.since is not None}
        for key in [key for key in self._before if key not in on]:
            del self._before[key]
        for key in on - self._before.keys():
            self._before[key] = self._until(key[1])

    def _until(self, moment: float) -> dict[EdgeName, Figures]:
        found = {}
        for name, samples in self._samples.items():
            earlier = [sample for sample in samples if sample.at < moment]
            before = figures(earlier, moment - BEFORE, moment)
            if before is not None:
                found[name] = before
        return found

    def before(self, fault: FaultView, edge: EdgeName) -> Figures | None:
        """What the edge did before the fault was switched on; None when nobody looked."""
        known = self._before.get((fault.name, fault.since)) if fault.since is not None else None
        return known.get(edge) if known is not None else None

    def lately(self, edge: EdgeName, now: float, since: float | None = None) -> Figures | None:
        """What it does now: over ten seconds, or since the fault is on."""
        begin = max(now - NOW, since + STEP if since is not None else 0.0)
        found = figures(self._samples.get(edge, ()), begin, now)
        # p99 is over a minute, or everything: where nothing came, it is not of now.
        return replace(found, p99_ms=None) if found is not None and not found.rps else found

    def means(self, edge: EdgeName, now: float) -> list[float]:
        """The mean latency of each of the last `KEPT` seconds, the newest last; 0 where nothing came."""
        samples = list(self._samples.get(edge, ()))
        found = [0.0] * KEPT
        for earlier, later in pairwise(samples):
            place = KEPT - 1 - int(now - later.at)
            requests = later.requests - earlier.requests
            if 0 <= place < KEPT and requests > 0:
                found[place] = (later.sum_ms - earlier.sum_ms) / requests
        return found
