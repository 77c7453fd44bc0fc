"""How nodes and edges look: tones, shapes, weights, and the words that are written on them.

An edge is told by more than its colour: dashed for events, dotted for a mere order of starting, heavy for the busiest,
and a mark for a head: ``✕`` denied, ``⊘`` circuit open, ``↯`` a fault acts, ``?`` nobody declared it, ``‡`` it leads
to the database of another service.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from meshdev.tui import units
from meshdev.tui.cells import clean, width_of
from meshdev.tui.graph.density import TIMES
from meshdev.tui.graph.flow import Flow, flow_of, flow_of_edge
from meshdev.tui.graph.scene import Edge, Node, Scene
from meshdev.tui.model import STAND_IN, usage_of
from meshdev.tui.states import State, state_of
from meshdev.tui.tone import Span, Tone

HEAVY = 0.4
"""An edge is heavy from this share of the busiest edge's rate on."""

MANY_ERRORS = 0.01
HEAD = "►"
FOREIGN = "‡"

_KIND_SHAPES = {"database": "⛁", "event": "◇", "outside": "□"}


@dataclass(frozen=True, slots=True)
class EdgeLook:
    """``weight`` 1 or 2; ``words`` go on the line where there is room, the most important first."""

    tone: Tone = Tone.FAINT
    weight: int = 1
    dashed: bool = False
    dotted: bool = False
    head: str = HEAD
    words: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class NodeLook:
    """A box's lines of text and the tone of its frame."""

    frame: Tone = Tone.FAINT
    lines: tuple[tuple[Span, ...], ...] = ()


def edge_looks(scene: Scene) -> dict[tuple[str, str], EdgeLook]:
    """The look of every edge."""
    flows = {edge.pair: flow_of_edge(edge) for edge in scene.edges}
    busiest = max((flow.rps for flow in flows.values()), default=0.0)
    return {edge.pair: edge_look(edge, flows[edge.pair], busiest) for edge in scene.edges}


def edge_look(edge: Edge, flow: Flow, busiest: float) -> EdgeLook:
    """The look of one edge; ``busiest`` is the highest rate of all."""
    solid = edge.kinds - {"events", "publishes", "subscribes", "depends_on"}
    dotted = edge.kinds == {"depends_on"}
    return EdgeLook(
        tone=tone_of(flow),
        weight=2 if busiest and flow.rps >= HEAVY * busiest else 1,
        dashed=not solid and not dotted,
        dotted=dotted,
        head=head_of(flow),
        words=words_of(edge, flow),
    )


def head_of(flow: Flow) -> str:
    """The arrowhead, or the mark in its place."""
    if flow.denied:
        return "✕"
    if flow.circuit == "open":
        return "⊘"
    if flow.faults:
        return "↯"
    if flow.undeclared:
        return "?"
    return FOREIGN if flow.foreign else HEAD


def tone_of(flow: Flow) -> Tone:
    """The colour of what flows."""
    if flow.denied or flow.circuit == "open" or flow.faults or flow.share >= MANY_ERRORS:
        return Tone.BAD
    if flow.undeclared or flow.foreign or flow.circuit or flow.share:
        return Tone.WARN
    if flow.active:
        return Tone.OK
    return Tone.MUTED if flow.used else Tone.FAINT


def words_of(edge: Edge, flow: Flow) -> tuple[Span, ...]:
    """What is worth saying about an edge in a few cells."""
    words = []
    if flow.denied:
        words.append(Span("denied", Tone.BAD))
    elif flow.circuit == "open":
        words.append(Span("open", Tone.BAD))
    elif flow.circuit:
        words.append(Span("half open", Tone.WARN))
    if flow.foreign:
        words.append(Span("foreign", Tone.WARN))
    if flow.share:
        words.append(Span(units.share(flow.share), Tone.BAD if flow.share >= MANY_ERRORS else Tone.WARN))
    if flow.active:
        words.append(Span(f"{units.rate(flow.rps)}/s", Tone.TEXT))
    if flow.p99_ms is not None and flow.active:
        words.append(Span(units.latency(flow.p99_ms), Tone.MUTED))
    if not edge.signals and edge.events:
        words.append(Span(units.plural(len(edge.events), "event"), Tone.MUTED))
    return tuple(words)


def fitting(words: Sequence[Span], room: int) -> list[Span]:
    """As many of ``words`` as ``room`` cells hold, with a space before each and one behind."""
    spans: list[Span] = []
    left = room - 1
    for word in words:
        size = width_of(word.text) + 1
        if size > left:
            break
        spans += [Span(" "), word]
        left -= size
    return [*spans, Span(" ")] if spans else spans


def node_look(node: Node, flow: Flow, now: float, *, labelled: bool) -> NodeLook:
    """The look of one box; ``flow`` is what comes in, ``labelled``: the edges say that themselves."""
    if not node.services:
        shape = _KIND_SHAPES.get(node.kind, "·")
        return NodeLook(Tone.FAINT, ((Span(f"{shape} ", Tone.MUTED), Span(clean(node.label), Tone.MUTED)),))
    worst = min((state_of(service) for service in node.services), key=lambda state: state.rank)
    service = node.services[0]
    quiet = worst.tone is Tone.MUTED
    played = any(one.stand_in for one in node.services)
    name = [
        Span(f"{worst.shape} ", worst.tone),
        *([Span(f"{STAND_IN} ", Tone.ACCENT)] if played else []),
        Span(clean(node.label), Tone.MUTED if quiet else Tone.STRONG),
    ]
    if len(node.services) == 1 and service.replicas > 1:
        name.append(Span(f"{TIMES}{service.replicas}", Tone.MUTED))
    return NodeLook(
        _frame(worst), (tuple(name), tuple(_second(node, worst, None if labelled else flow, now)))
    )


def _frame(state: State) -> Tone:
    return Tone.FAINT if state.tone in {Tone.OK, Tone.MUTED} else state.tone


def _second(node: Node, state: State, flow: Flow | None, now: float) -> list[Span]:
    if state.tone is not Tone.OK:
        since = node.services[0].since if len(node.services) == 1 else 0.0
        return [Span(state.word, state.tone), Span(f" {units.age(now - since)}" if since else "", state.tone)]
    if flow is not None and flow.active:
        spans = [Span(f"{units.rate(flow.rps)}/s", Tone.TEXT)]
        if flow.p99_ms is not None:
            spans.append(Span(f" {units.latency(flow.p99_ms)}", Tone.MUTED))
        return spans
    cpu, memory = usage_of([instance for service in node.services for instance in service.instances])
    if memory is None:
        return [Span(node.kind if node.kind != "service" else "", Tone.FAINT)]
    return [Span(units.percent(cpu or 0.0), Tone.MUTED), Span(f"  {units.size(memory)}", Tone.MUTED)]


def node_looks(scene: Scene, now: float, *, labelled: bool = True) -> dict[str, NodeLook]:
    """The look of every node."""
    into: dict[str, list[Edge]] = {}
    for edge in scene.edges:
        into.setdefault(edge.callee, []).append(edge)
    return {
        node.name: node_look(
            node,
            flow_of(signals for edge in into.get(node.name, ()) for signals in edge.signals),
            now,
            labelled=labelled,
        )
        for node in scene.nodes
    }
