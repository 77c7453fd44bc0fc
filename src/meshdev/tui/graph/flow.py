"""What an edge carries, as one set of figures: several endpoints, or the edges of a whole team, taken together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from meshdev.tui.graph.scene import Edge
from meshdev.wire.control import CONNECTIONS, EdgeSignalsView

_UNITS = ("requests", "operations", "messages", CONNECTIONS)  # the first of them says most


@dataclass(frozen=True, slots=True)
class Flow:
    """Requests (what else is counted: ``unit``) a second, and how they fare.

    ``share`` (0 to 1) of them fail; percentiles are in milliseconds; ``used``: something was carried once.
    ``foreign`` owns the database that it leads to, and is not the caller.
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
    unit: str = "requests"
    foreign: str = ""

    @property
    def read(self) -> bool:
        """Whether single calls are known, and not connections alone."""
        return self.unit != CONNECTIONS

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
        unit=min((edge.unit for edge in edges), key=_UNITS.index),
        foreign=next((edge.foreign for edge in edges if edge.foreign), ""),
    )


def flow_of_edge(edge: Edge) -> Flow:
    """What passes the mesh between the two; where that is nothing, the events from one to the other."""
    flow = flow_of(edge.signals)
    if edge.signals or not edge.events:
        return flow
    return Flow(
        rps=sum(event.mps for event in edge.events),
        used=any(event.messages for event in edge.events),
        undeclared=any(not event.declared for event in edge.events),
        unit="messages",
    )


def _share(edges: Sequence[EdgeSignalsView]) -> float:
    rps = sum(edge.rps for edge in edges)
    return min(1.0, sum(edge.eps for edge in edges) / rps) if rps else 0.0
