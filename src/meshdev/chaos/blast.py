"""The blast radius: which edges, routes and services became worse than in the baseline. Pure.

An edge has become worse when a larger share of its calls fails (by a percentage point or more), or when they take
more than half as long again and 50 ms longer (the median, or p99 where there are enough calls for one). An edge is
*struck* when the faults themselves act on it: that it is worse is what was asked for. A service is hurt when calls to
it have become worse over an edge that was not struck: there the trouble has spread. That nobody calls it any more
(`SILENCE`) is told, but does not hurt it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from meshdev.chaos.samples import Sample, Samples, Signals, signals_of

MORE_ERRORS: Final = 0.01
SLOWER: Final = 1.5
SLOWER_BY: Final = 0.05
ENOUGH_FOR_P99: Final = 20
ENOUGH_TO_MISS: Final = 5
SILENCE: Final = "silence"


@dataclass(frozen=True, slots=True)
class Harm:
    """How an edge, or one route of it, was before and meanwhile; ``why`` is empty if it is no worse."""

    edge: str
    route: str
    before: Signals
    meanwhile: Signals
    why: str
    struck: bool = False

    @property
    def callee(self) -> str:
        """The service that the calls go to."""
        return self.edge.partition(" -> ")[2]


@dataclass(frozen=True, slots=True)
class Blast:
    """All edges, the routes that became worse, and the services behind them."""

    edges: tuple[Harm, ...]
    routes: tuple[Harm, ...]
    struck: tuple[str, ...]
    services: tuple[str, ...]

    @property
    def radius(self) -> int:
        """How many services are hurt."""
        return len(self.services)


def blast_of(
    samples: Samples, before: tuple[float, float], meanwhile: tuple[float, float], struck: Iterable[str] = ()
) -> Blast:
    """What became worse; ``struck`` are the edges that the faults act on."""
    hit = frozenset(struck)
    edges: list[Harm] = []
    routes: list[Harm] = []
    for edge in sorted(samples.by_edge):
        old, new = samples.between(edge, *before), samples.between(edge, *meanwhile)
        if not old and not new:
            continue
        harm = _harm(edge, "", old, new, before, meanwhile, struck=edge in hit)
        edges.append(harm)
        for route in sorted({sample.route for sample in new}):
            here = [[sample for sample in found if sample.route == route] for found in (old, new)]
            one = _harm(edge, route, here[0], here[1], before, meanwhile, struck=edge in hit)
            if one.why:
                routes.append(one)
    hurt = {harm.callee for harm in (*edges, *routes) if harm.why not in ("", SILENCE) and not harm.struck}
    return Blast(
        edges=tuple(edges),
        routes=tuple(routes),
        struck=tuple(sorted(hit)),
        services=tuple(sorted(hurt)),
    )


def _harm(
    edge: str,
    route: str,
    old: Sequence[Sample],
    new: Sequence[Sample],
    before: tuple[float, float],
    meanwhile: tuple[float, float],
    *,
    struck: bool,
) -> Harm:
    was, now = signals_of(old, before[1] - before[0]), signals_of(new, meanwhile[1] - meanwhile[0])
    return Harm(edge, route, was, now, worse(was, now), struck)


def worse(was: Signals, now: Signals) -> str:
    """Why ``now`` is worse, in a word or two; empty if it is not."""
    reasons = []
    if now.error_share - was.error_share >= MORE_ERRORS:
        reasons.append("errors")
    enough = min(was.calls, now.calls) >= ENOUGH_FOR_P99
    pairs = [(was.p50, now.p50), (was.p99, now.p99)] if enough else [(was.p50, now.p50)]
    if any(_slower(old, new) for old, new in pairs):
        reasons.append("latency")
    if was.calls >= ENOUGH_TO_MISS and not now.calls:
        reasons.append(SILENCE)
    return " and ".join(reasons)


def _slower(old: float | None, new: float | None) -> bool:
    return old is not None and new is not None and new > old * SLOWER and new - old > SLOWER_BY
