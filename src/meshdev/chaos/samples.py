"""Calls as samples, and the golden signals of any stretch of them. Pure.

A call belongs to the moment at which it began: what a caller felt then is what is judged, even if the answer came
later. Times are seconds on one clock (the epoch's); latencies are seconds.
"""

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from meshdev.traffic.route import route_of
from meshdev.wire.control import ExchangeView

_SERVER_ERROR = 500


@dataclass(frozen=True, slots=True)
class Sample:
    """One call over an edge.

    ``struck``: an injected fault had a part in it; ``by_mesh``: the mesh answered itself, by a policy for instance.
    """

    at: float
    caller: str
    callee: str
    route: str
    seconds: float | None
    failed: bool
    struck: bool = False
    trace: str = ""
    by_mesh: bool = False

    @property
    def edge(self) -> str:
        """The edge's name."""
        return f"{self.caller} -> {self.callee}"


@dataclass(frozen=True, slots=True)
class Signals:
    """What a stretch of calls amounts to; percentiles in seconds, None without a call."""

    calls: int
    failures: int
    rps: float
    p50: float | None
    p90: float | None
    p99: float | None

    @property
    def error_share(self) -> float:
        """Failed calls of all, 0 without a call."""
        return self.failures / self.calls if self.calls else 0.0


@dataclass(slots=True)
class Samples:
    """All samples of a run, by edge, each in the order of its begin."""

    by_edge: dict[str, list[Sample]] = field(default_factory=lambda: defaultdict(list))
    struck_traces: set[str] = field(default_factory=set)

    def add(self, sample: Sample) -> None:
        """Take one in; they come as they end, so mostly in order."""
        known = self.by_edge[sample.edge]
        known.insert(
            bisect_left(known, sample.at, key=_begin) if _early(known, sample) else len(known), sample
        )
        if sample.struck and sample.trace:
            self.struck_traces.add(sample.trace)

    def between(self, edge: str, begin: float, end: float, route: str = "") -> list[Sample]:
        """The samples of an edge (and route) that began within ``[begin, end)``."""
        known = self.by_edge.get(edge, [])
        found = known[bisect_left(known, begin, key=_begin) : bisect_left(known, end, key=_begin)]
        return [sample for sample in found if sample.route == route] if route else found

    def cause(self, sample: Sample, struck: Collection[str] = ()) -> str:
        """Why a call failed: ``injected`` (a fault hit it), ``knock-on``, or ``organic``.

        Knock-on is what has a hit call in its trace, and what a policy (an open circuit) turned away on one of the
        ``struck`` edges.
        """
        if sample.struck:
            return "injected"
        consequence = sample.trace in self.struck_traces or (sample.by_mesh and sample.edge in struck)
        return "knock-on" if consequence else "organic"


def _begin(sample: Sample) -> float:
    return sample.at


def _early(known: Sequence[Sample], sample: Sample) -> bool:
    return bool(known) and known[-1].at > sample.at


def sample_of(view: ExchangeView) -> Sample:
    """A call as the daemon tells it; an operation that nobody answers (a message) has no latency."""
    operation = bool(view.protocol)
    return Sample(
        at=view.at,
        caller=view.caller,
        callee=view.callee,
        route=f"{view.method} {view.target if operation else route_of(view.target.encode())}".rstrip(),
        seconds=view.ms / 1000 if view.ms or not operation else None,
        failed=bool(view.error) or not view.status or view.status >= _SERVER_ERROR,
        struck=bool(view.faults),
        trace=view.trace,
        by_mesh=bool(view.by),
    )


def signals_of(samples: Iterable[Sample], seconds: float) -> Signals:
    """The golden signals of samples that began within so many seconds."""
    found = list(samples)
    latencies = sorted(sample.seconds for sample in found if sample.seconds is not None)
    failures = sum(sample.failed for sample in found)
    return Signals(
        calls=len(found),
        failures=failures,
        rps=len(found) / seconds if seconds > 0 else 0.0,
        p50=percentile(latencies, 0.5),
        p90=percentile(latencies, 0.9),
        p99=percentile(latencies, 0.99),
    )


def percentile(ordered: Sequence[float], share: float) -> float | None:
    """The least value that ``share`` of them don't exceed (nearest rank), None of nothing.

    >>> percentile([1, 2, 3, 4], 0.5), percentile([], 0.5)
    (2, None)
    """
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else None
