"""The system as a graph: edges, start order, cycles. The only place that imports networkx, and only when it must.

`calls`, `uses` and the files of embedded databases are dependencies at run time; `depends_on` orders the start;
`publishes` and `subscribes` are edges to the event's name (``event:order.placed``).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from meshdev.errors import Problem, TopologyError, Where
from meshdev.topology.model import System

if TYPE_CHECKING:
    import networkx as nx


class EdgeKind(StrEnum):
    """What one arrow means."""

    CALLS = "calls"
    USES = "uses"
    DEPENDS_ON = "depends_on"
    PUBLISHES = "publishes"
    SUBSCRIBES = "subscribes"


@dataclass(frozen=True, slots=True, order=True)
class Arrow:
    """``caller`` to ``callee``; ``detail`` is a condition or nothing."""

    caller: str
    callee: str
    kind: EdgeKind
    detail: str = ""


def edges(system: System) -> tuple[Arrow, ...]:
    """Every arrow of the system, in the file's order."""
    return tuple(_edges(system))


def _edges(system: System) -> Iterator[Arrow]:
    for node in system.services.values():
        for callee in node.calls:
            yield Arrow(node.name, callee, EdgeKind.CALLS)
        for callee in (*node.files, *node.uses):
            yield Arrow(node.name, callee, EdgeKind.USES)
        for entry in node.depends_on:
            yield Arrow(node.name, entry.target, EdgeKind.DEPENDS_ON, entry.condition)
        for event in node.publishes:
            yield Arrow(node.name, f"event:{event}", EdgeKind.PUBLISHES)
        for event in node.subscribes:
            yield Arrow(f"event:{event}", node.name, EdgeKind.SUBSCRIBES)


def start_order(system: System) -> tuple[tuple[str, ...], ...]:
    """Generations: each may start once those before it are there. Raises TopologyError on a cycle.

    Brokers and databases come first among equals only by ``depends_on``: edges need no order.
    """
    import networkx as nx  # noqa: PLC0415 -- 100 ms that most commands needn't pay

    graph = _graph(system, (EdgeKind.DEPENDS_ON,))
    problems = cycle_problems(system)
    if problems:
        raise TopologyError("depends_on goes in a circle", where=problems[0].where, problems=problems)
    order = {name: position for position, name in enumerate(system.services)}
    generations = nx.topological_generations(graph.reverse())
    return tuple(tuple(sorted(generation, key=order.__getitem__)) for generation in generations)


def cycles(system: System, kind: EdgeKind) -> tuple[tuple[str, ...], ...]:
    """One cycle of each knot that the arrows of ``kind`` tie; each begins with its first node in the file."""
    import networkx as nx  # noqa: PLC0415 -- as above

    graph = _graph(system, (kind,))
    order = {name: position for position, name in enumerate(system.services)}
    found = []
    for knot in nx.strongly_connected_components(graph):
        first = min(knot, key=order.__getitem__)
        if len(knot) > 1 or graph.has_edge(first, first):
            found.append(tuple(_shortest_cycle(graph.subgraph(knot), first)))
    return tuple(sorted(found, key=lambda cycle: order[cycle[0]]))


def cycle_problems(system: System) -> tuple[Problem, ...]:
    """``depends_on`` in a circle: the whole circle, and where each arrow stands."""
    if not _has_cycle(system):  # spares the import of networkx
        return ()
    problems = []
    for cycle in cycles(system, EdgeKind.DEPENDS_ON):
        arrows = list(zip(cycle, (*cycle[1:], cycle[0]), strict=True))
        places = []
        for caller, callee in arrows:
            node = system.services[caller]
            entry = next(entry for entry in node.depends_on if entry.target == callee)
            places.append((entry.where or node.where, caller, callee))
        names = " -> ".join((*cycle, cycle[0]))
        standing = "; ".join(f"{caller} -> {callee} at {place}" for place, caller, callee in places)
        where = places[0][0] or Where(str(system.file))
        problems.append(Problem(where, f"depends_on goes in a circle: {names}", standing))
    return tuple(problems)


def longest_chain(system: System) -> tuple[str, ...]:
    """The longest chain of calls (of a system whose calls have no cycle; else of nothing)."""
    import networkx as nx  # noqa: PLC0415 -- as above

    graph = _graph(system, (EdgeKind.CALLS,))
    if not nx.is_directed_acyclic_graph(graph):
        return ()
    return tuple(nx.dag_longest_path(graph))


def _graph(system: System, kinds: Iterable[EdgeKind]) -> "nx.DiGraph[str]":
    import networkx as nx  # noqa: PLC0415 -- as above

    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(system.services)
    wanted = set(kinds)
    graph.add_edges_from((arrow.caller, arrow.callee) for arrow in edges(system) if arrow.kind in wanted)
    return graph


def _shortest_cycle(graph: "nx.DiGraph[str]", first: str) -> list[str]:
    import networkx as nx  # noqa: PLC0415 -- as above

    paths = [nx.shortest_path(graph, after, first) for after in graph.successors(first)]
    back = min(paths, key=len)
    return [first, *back[:-1]] if back[0] != first else [first]


def _has_cycle(system: System) -> bool:
    waiting = {name: {entry.target for entry in node.depends_on} for name, node in system.services.items()}
    while ready := [name for name, targets in waiting.items() if not targets & waiting.keys()]:
        for name in ready:
            del waiting[name]
    return bool(waiting)
