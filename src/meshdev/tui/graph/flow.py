"""What an edge carries, as one set of figures: several endpoints, or the edges of a whole team, taken together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from meshdev.wire.control import EdgeSignalsView


@dataclass(frozen=True, slots=True)
class Flow:
    """Requests (connections, where nothing is read) a second, and how they fare.

    ``share`` (0 to 1) of them fail; percentiles are in milliseconds; ``used``: something was carried once.
    """

    rps: float = 0.0
    share: float = 0.0
    p50_ms: float | None = None
    p99_ms: float | None = None
    used: bool = False
    undeclared: bool = False
    denied: str = ""
    circuit: str = ""
    faults: tuple[str, ...] = ()
    http: bool = True

    @property
    def active(self) -> bool:
        """Whether something flows now."""
        return self.rps > 0


def flow_of(signals: Iterable[EdgeSignalsView]) -> Flow:
    """All ``signals`` as one: rates summed, the worst percentile, the first reason of each trouble."""
    edges = list(signals)
    if not edges:
        return Flow()
    return Flow(
        rps=sum(edge.rps for edge in edges),
        share=_share(edges),
        p50_ms=max((edge.p50_ms for edge in edges if edge.p50_ms is not None), default=None),
        p99_ms=max((edge.p99_ms for edge in edges if edge.p99_ms is not None), default=None),
        used=any(edge.observed for edge in edges),
        undeclared=any(not edge.declared for edge in edges),
        denied=next((edge.denied for edge in edges if edge.denied), ""),
        circuit=next((edge.circuit for edge in edges if edge.circuit), ""),
        faults=tuple(dict.fromkeys(fault for edge in edges for fault in edge.faults)),
        http=any(edge.protocol == "http" for edge in edges),
    )


def _share(edges: Sequence[EdgeSignalsView]) -> float:
    rps = sum(edge.rps for edge in edges)
    return min(1.0, sum(edge.eps for edge in edges) / rps) if rps else 0.0
