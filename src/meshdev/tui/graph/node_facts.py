"""What the details say about a node, and the one line below the graph, as spans. Pure."""

from collections.abc import Iterator, Sequence

from meshdev.tui import units
from meshdev.tui.cells import clean, cut, pad
from meshdev.tui.facts import Lines, facts_of
from meshdev.tui.graph.edge_facts import flow_spans, total
from meshdev.tui.graph.flow import flow_of_edge
from meshdev.tui.graph.looks import MANY_ERRORS, tone_of
from meshdev.tui.graph.scene import Edge, Node, Scene
from meshdev.tui.model import Picture, why_of
from meshdev.tui.states import state_of
from meshdev.tui.tone import Span, Tone


def node_facts(picture: Picture, scene: Scene, node: Node, now: float, width: int) -> Lines:
    """Everything that is known about a node, in at most ``width`` cells a line."""
    lines: Lines = []
    if len(node.services) == 1:
        state = state_of(node.services[0])
        name = cut(clean(node.label), width - 2)
        lines.append([Span(f"{state.shape} ", state.tone), Span(name, Tone.STRONG)])
    else:
        lines += [[Span(cut(clean(node.label), width), Tone.STRONG)], [Span(node.kind, Tone.MUTED)]]
    for service in node.services if len(node.services) > 1 else ():
        state = state_of(service)
        said = f"  {state.word}" if state.tone is not Tone.OK else ""
        name = cut(clean(service.name), width - 14)
        lines.append([Span(f"{state.shape} ", state.tone), Span(name), Span(said, state.tone)])
    lines += _edges("Calls", [edge for edge in scene.edges if edge.caller == node.name], width, out=True)
    lines += _edges("Called by", [edge for edge in scene.edges if edge.callee == node.name], width, out=False)
    if len(node.services) == 1:
        lines += [[], *facts_of(picture, node.services[0], now, width)]
    return lines


def _edges(title: str, edges: Sequence[Edge], width: int, *, out: bool) -> Iterator[list[Span]]:
    if not edges:
        return
    room = max(8, width - 21)
    yield []
    yield [Span(pad(title, room) + "    rate   err    p99", Tone.TITLE)]
    for edge in edges:
        flow = flow_of_edge(edge)
        name = (edge.callee if out else edge.caller).removeprefix("event:").removeprefix("team:")
        rate = (
            f"{units.rate(flow.rps)}/s"
            if flow.active
            else ""
            if flow.used
            else "unused"
            if edge.signals
            else "events"
        )
        p99 = units.latency(flow.p99_ms) if flow.p99_ms is not None and flow.active else ""
        yield [
            Span("─ " if not edge.events else "╌ ", tone_of(flow)),
            Span(pad(clean(name), room - 2), Tone.TEXT),
            Span(pad(rate, 8, right=True), Tone.TEXT if flow.active else Tone.FAINT),
            Span(pad(units.share(flow.share) if flow.share else "", 6, right=True), _alarm(flow.share)),
            Span(pad(p99, 7, right=True), Tone.MUTED),
        ]


def _alarm(share: float) -> Tone:
    return Tone.BAD if share >= MANY_ERRORS else Tone.WARN


def node_line(scene: Scene, node: Node, now: float, faults: Sequence[str] = ()) -> list[Span]:
    """A node on one line; ``faults`` are those that are on for it."""
    spans: list[Span] = []
    service = node.services[0] if len(node.services) == 1 else None
    if service is not None:
        state = state_of(service)
        spans.append(Span(f"{state.shape} ", state.tone))
    spans.append(Span(clean(node.label), Tone.STRONG))
    if faults:
        spans.append(Span(f"  ⚡ {clean(', '.join(faults))}", Tone.ALERT))
    if service is not None and state_of(service).tone is not Tone.OK:
        state = state_of(service)
        since = f" {units.age(now - service.since)}" if service.since else ""
        spans.append(Span(f"  {state.word}{since}", state.tone))
        if service.why:
            spans.append(Span(f": {clean(service.why)}", state.tone))
        return spans
    if node.kind == "outside":
        spans.append(Span("  calls, but is no part of the system", Tone.MUTED))
    flow = total(edge for edge in scene.edges if edge.callee == node.name)
    if flow.used:
        spans += [Span("  gets ", Tone.MUTED), *flow_spans(flow)]
    calls = total(edge for edge in scene.edges if edge.caller == node.name)
    if calls.active:
        spans += [Span("  makes ", Tone.MUTED), Span(units.rate(calls.rps)), Span("/s", Tone.MUTED)]
    if service is not None and (why := why_of(service, now)).text:
        spans += [Span("  "), Span(why.text, why.tone)]
    return spans
