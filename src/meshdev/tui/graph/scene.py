"""What is on the graph: nodes and edges made from a picture, by the user's choice of what to see.

- Edges between the same two are one edge; its kinds say what it is made of.
- Events are folded: whoever publishes one has an edge to whoever subscribes to it. As nodes, or not at all, on demand.
- Databases that are files of one service alone are left out, unless asked for; one that two share is always there.
- Collapsed by team, a team is one node, and what its members call is what it calls.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from meshdev.tui.model import Picture, matches
from meshdev.wire.control import EdgeSignalsView, ServiceView

EVENT = "event:"
TEAM = "team:"
DATABASE = "databases."

Pair = tuple[str, str]


class Events(StrEnum):
    """How events are shown."""

    FOLDED = "folded"
    NODES = "as nodes"
    HIDDEN = "hidden"


@dataclass(frozen=True, slots=True)
class Choice:
    """What the user wants to see; ``wanted`` is a filter as in the table of services."""

    events: Events = Events.FOLDED
    databases: bool = False
    teams: bool = False
    wanted: str = ""


@dataclass(frozen=True, slots=True)
class Node:
    """One box: ``name`` is unique, ``label`` is what stands in it; ``services`` are those that it stands for."""

    name: str
    label: str
    kind: str = "service"
    services: tuple[ServiceView, ...] = ()


@dataclass(frozen=True, slots=True)
class Carried:
    """An event from one service to another; ``mps`` messages a second, ``lag`` of them wait (None: nobody tells)."""

    name: str
    mps: float = 0.0
    messages: int = 0
    lag: int | None = None
    declared: bool = True


@dataclass(frozen=True, slots=True)
class Edge:
    """One arrow, with the signals of every edge that it stands for, and the events that it carries."""

    caller: str
    callee: str
    kinds: frozenset[str] = frozenset()
    events: tuple[Carried, ...] = ()
    signals: tuple[EdgeSignalsView, ...] = ()

    @property
    def pair(self) -> Pair:
        """Its two ends."""
        return self.caller, self.callee


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything on the graph, in the topology's order. ``matching`` are the nodes that the filter names."""

    nodes: tuple[Node, ...] = ()
    edges: tuple[Edge, ...] = ()
    matching: frozenset[str] = frozenset()
    hidden: int = 0
    by_name: dict[str, Node] = field(default_factory=dict, compare=False)
    by_pair: dict[Pair, Edge] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        self.by_name.update({node.name: node for node in self.nodes})
        self.by_pair.update({edge.pair: edge for edge in self.edges})

    def node(self, name: str) -> Node | None:
        """The node of that name."""
        return self.by_name.get(name)

    def edge(self, pair: Pair) -> Edge | None:
        """The edge between these two."""
        return self.by_pair.get(pair)

    def without_figures(self) -> tuple[object, ...]:
        """What the layout depends on: equal scenes in this sense look alike but for colours and figures."""
        return tuple(node.name for node in self.nodes), tuple(edge.pair for edge in self.edges)


def scene_of(picture: Picture, choice: Choice) -> Scene:
    """The scene that ``choice`` wants of ``picture``."""
    nodes = {node.name: node for node in _nodes(picture, choice)}
    parts = [part for part in _parts(picture, choice) if part.caller in nodes and part.callee in nodes]
    if choice.teams:
        home = {name: _home(node) for name, node in nodes.items()}
        nodes = _teams(nodes.values(), home)
        moved = (replace(part, caller=home[part.caller], callee=home[part.callee]) for part in parts)
        parts = [part for part in moved if part.caller != part.callee]
    edges = _merged(parts)
    total = len(nodes)
    matching = frozenset(
        name for name, node in nodes.items() if choice.wanted and _matches(node, choice.wanted)
    )
    if choice.wanted:
        edges = [edge for edge in edges if edge.caller in matching or edge.callee in matching]
        kept = matching | {name for edge in edges for name in edge.pair}
        nodes = {name: node for name, node in nodes.items() if name in kept}
    return Scene(tuple(nodes.values()), tuple(edges), matching, total - len(nodes))


def _nodes(picture: Picture, choice: Choice) -> Iterator[Node]:
    for service in picture.services:
        yield Node(service.name, service.name, service.kind, (service,))
    for name, users in _strangers(picture).items():
        if name.startswith(EVENT):
            if choice.events is Events.NODES:
                yield Node(name, name.removeprefix(EVENT), "event")
        elif name.startswith(DATABASE):
            if choice.databases or users > 1:
                yield Node(name, name.removeprefix(DATABASE), "database")
        else:
            yield Node(name, name, "outside")


def _strangers(picture: Picture) -> dict[str, int]:
    """Who is at an edge but is no service, and how many others it has edges to."""
    known = {service.name for service in picture.services}
    others: dict[str, set[str]] = {}
    pairs = [(edge.caller, edge.callee) for edge in picture.edges]
    pairs += [(edge.caller, edge.callee) for edge in picture.signals]
    pairs += [part.pair for part in _ends(picture)]
    for caller, callee in pairs:
        for name, other in ((caller, callee), (callee, caller)):
            if name not in known:
                others.setdefault(name, set()).add(other)
    return {name: len(found) for name, found in others.items()}


def _parts(picture: Picture, choice: Choice) -> Iterator[Edge]:
    if choice.events is Events.FOLDED:
        yield from _folded(picture)
    elif choice.events is Events.NODES:
        yield from _ends(picture)
    for edge in picture.edges:
        yield Edge(edge.caller, edge.callee, frozenset({edge.kind}))
    for signals in picture.signals:
        kind = "calls" if signals.declared else "undeclared"
        yield Edge(signals.caller, signals.callee, frozenset({kind}), signals=(signals,))


def _folded(picture: Picture) -> Iterator[Edge]:
    """Whoever publishes an event, to whoever gets it: as declared, and as it was seen."""
    for topic in picture.topics:
        published = sum(one.messages for one in topic.publishers)
        for publisher in topic.publishers:
            part = publisher.messages / published if published else 0.0
            for subscriber in topic.subscribers:
                both = publisher.declared and subscriber.declared
                if both or (publisher.messages and subscriber.messages):
                    # Who of several published what was delivered nobody tells: each as much as it has published.
                    messages = round(subscriber.messages * part)
                    event = Carried(topic.name, subscriber.mps * part, messages, subscriber.lag, both)
                    yield Edge(publisher.service, subscriber.service, frozenset({"events"}), (event,))


def _ends(picture: Picture) -> Iterator[Edge]:
    """Whoever publishes an event, to the event; the event, to whoever gets it."""
    for topic in picture.topics:
        for one in topic.publishers:
            event = Carried(topic.name, one.mps, one.messages, None, one.declared)
            yield Edge(one.service, EVENT + topic.name, frozenset({"publishes"}), (event,))
        for one in topic.subscribers:
            event = Carried(topic.name, one.mps, one.messages, one.lag, one.declared)
            yield Edge(EVENT + topic.name, one.service, frozenset({"subscribes"}), (event,))


def _merged(parts: Iterable[Edge]) -> list[Edge]:
    merged: dict[Pair, Edge] = {}
    for part in parts:
        known = merged.get(part.pair)
        if known is None:
            merged[part.pair] = part
            continue
        kinds = known.kinds | part.kinds
        if part.signals and "uses" in known.kinds:
            kinds = known.kinds  # the mesh says `calls` for whatever it carries
        merged[part.pair] = Edge(
            *part.pair, kinds, (*known.events, *part.events), (*known.signals, *part.signals)
        )
    return list(merged.values())


def _home(node: Node) -> str:
    team = node.services[0].team if node.services else ""
    return TEAM + team if team else node.name


def _teams(nodes: Iterable[Node], home: dict[str, str]) -> dict[str, Node]:
    found: dict[str, Node] = {}
    for node in nodes:
        name = home[node.name]
        if name == node.name:
            found[name] = node
            continue
        services = (*(found[name].services if name in found else ()), *node.services)
        found[name] = Node(name, f"{name.removeprefix(TEAM)} ({len(services)})", "team", services)
    return found


def _matches(node: Node, wanted: str) -> bool:
    if node.services:
        return any(matches(service, wanted) for service in node.services)
    text = f"{node.label} {node.kind}".lower()
    return all(word in text for word in wanted.lower().split())


def near(scene: Scene, anchors: Sequence[str], hops: int) -> frozenset[str]:
    """The nodes that are at most ``hops`` edges away from ``anchors``, in whichever direction."""
    beside: dict[str, set[str]] = {}
    for edge in scene.edges:
        beside.setdefault(edge.caller, set()).add(edge.callee)
        beside.setdefault(edge.callee, set()).add(edge.caller)
    found = set(anchors)
    edge_of = set(anchors)
    for _ in range(hops):
        edge_of = {other for name in edge_of for other in beside.get(name, ())} - found
        found |= edge_of
    return frozenset(found)
