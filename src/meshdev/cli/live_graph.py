"""The running system as text, Mermaid, DOT or JSON: nodes with their health, edges with what they carry. Pure.

An edge's tone says what is the matter with it: ``denied`` (closed), ``failing`` (something has failed on it),
``undeclared``, ``foreign`` (to a database of somebody else's), ``busy`` (seen), ``idle`` (declared, never used).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import click
import msgspec

from meshdev.cli.figures import count, milliseconds, rate
from meshdev.cli.states import played_by, service_look
from meshdev.wire.control import EdgeSignalsView, GraphView, ServiceView

_VERBS: Final = {"depends_on": "after", "publishes": "publishes", "subscribes": "subscribes"}
_COLOURS: Final = {
    "denied": "red",
    "failing": "red",
    "undeclared": "yellow",
    "foreign": "yellow",
    "busy": "green",
    "idle": "bright_black",
}
_PAINT: Final = {
    "denied": "#d33",
    "failing": "#d33",
    "undeclared": "#c80",
    "foreign": "#c80",
    "busy": "#2a2",
    "idle": "#999",
}
_STATES: Final = {"green": "#dfd", "red": "#fdd", "yellow": "#ffd", "cyan": "#def", "bright_black": "#eee"}


@dataclass(frozen=True, slots=True)
class Arrow:
    """One arrow of the drawing: what it says, and its tone (none for arrows that carry no calls)."""

    caller: str
    callee: str
    label: str
    tone: str = ""


def arrows(graph: GraphView) -> Iterator[Arrow]:
    """Every edge that carries something or could, then the dependencies that are no edges of the mesh."""
    carried = set()
    for edge in graph.signals:
        carried.add((edge.caller, edge.callee))
        yield Arrow(edge.caller, edge.callee, _label(edge), _tone(edge))
    for declared in graph.edges:
        if (declared.caller, declared.callee) not in carried or declared.kind in _VERBS:
            yield Arrow(declared.caller, declared.callee, _VERBS.get(declared.kind, ""))


def _tone(edge: EdgeSignalsView) -> str:
    if edge.denied:
        return "denied"
    if edge.errors:
        return "failing"
    if not edge.declared:
        return "undeclared"
    if edge.foreign:
        return "foreign"
    return "busy" if edge.observed else "idle"


def _label(edge: EdgeSignalsView) -> str:
    parts = [] if edge.endpoint in ("", edge.protocol) else [edge.endpoint]
    if edge.observed:
        parts.append(rate(edge.rps))
        if edge.errors:
            parts.append(f"{count(edge.errors)} of {count(edge.requests)} failed")
        if edge.p99_ms is not None:
            parts.append(f"p99 {milliseconds(edge.p99_ms)}")
    else:
        parts.append("unused")
    if not edge.declared:
        parts.append("undeclared")
    if edge.foreign:
        parts.append(f"foreign: data of {edge.foreign}")
    if edge.circuit:
        parts.append(f"circuit {edge.circuit}")
    parts += [*edge.faults, *edge.policies]
    return ", ".join(parts)


def names(graph: GraphView) -> list[str]:
    """Every node: services first, then who is only on one side of an arrow."""
    found = dict.fromkeys(node.name for node in graph.nodes)
    for arrow in arrows(graph):
        found.update(dict.fromkeys((arrow.caller, arrow.callee)))
    return list(found)


def as_text(graph: GraphView, *, unicode: bool = True) -> str:
    """For a terminal: each node with its health, its arrows below it."""
    known = {node.name: node for node in graph.nodes}
    mine: dict[str, list[Arrow]] = {}
    for arrow in arrows(graph):
        from_event = arrow.caller.startswith("event:")
        mine.setdefault(arrow.callee if from_event else arrow.caller, []).append(arrow)
    lines = []
    for name in names(graph):
        if name not in known and name not in mine:
            continue
        lines.append(
            f"{click.style(name, bold=True)}{_state(known[name], unicode=unicode) if name in known else ''}"
        )
        own = mine.get(name, ())
        widest = max((len(_other(arrow)) for arrow in own if arrow.tone), default=0)
        lines += [_line(arrow, widest, unicode=unicode) for arrow in own]
    return "\n".join(lines) + "\n"


def _other(arrow: Arrow) -> str:
    return (arrow.caller if arrow.caller.startswith("event:") else arrow.callee).removeprefix("event:")


def _line(arrow: Arrow, widest: int, *, unicode: bool) -> str:
    if not arrow.tone:
        return f"  {arrow.label or 'calls'} {_other(arrow)}"
    pointer = click.style("→" if unicode else "->", fg=_COLOURS[arrow.tone])
    return f"  {pointer} {_other(arrow).ljust(widest)}  {click.style(arrow.label, fg=_COLOURS[arrow.tone])}"


def _state(node: ServiceView, *, unicode: bool) -> str:
    look = service_look(node)
    mark = click.style(f"{look.mark if unicode else look.plain_mark} {look.word}", fg=look.colour)
    serving = sum(one.role == "serving" for one in node.instances)
    played = played_by(node, unicode=unicode)
    return f"  {mark}" + (f"  {serving} instances" if serving > 1 else "") + (f"  {played}" if played else "")


_BREAK_IN_MERMAID = "<br/>"
_BREAK_IN_DOT = "\\n"


def _played(node: ServiceView, separator: str) -> str:
    return f"{separator}{played_by(node)}".replace('"', "'") if node.stand_in else ""


def as_mermaid(graph: GraphView) -> str:
    """A Mermaid flowchart: nodes painted by health, arrows by what is the matter with them."""
    ids = {name: f"n{number}" for number, name in enumerate(names(graph))}
    known = {node.name: node for node in graph.nodes}
    lines = ["flowchart LR"]
    for name, short in ids.items():
        shown = name.removeprefix("event:")
        if name not in known:
            lines.append(f'  {short}(["{shown}"])')
            continue
        look = service_look(known[name])
        lines.append(f'  {short}["{shown}<br/>{look.word}{_played(known[name], _BREAK_IN_MERMAID)}"]')
        lines.append(f"  style {short} fill:{_STATES.get(look.colour, '#fff')}")
    for number, arrow in enumerate(arrows(graph)):
        line = "-->" if arrow.tone else "-.->"
        label = f'|"{arrow.label}"|' if arrow.label else ""
        lines.append(f"  {ids[arrow.caller]} {line}{label} {ids[arrow.callee]}")
        if arrow.tone:
            lines.append(f"  linkStyle {number} stroke:{_PAINT[arrow.tone]}")
    return "\n".join(lines) + "\n"


def as_dot(graph: GraphView) -> str:
    """A Graphviz digraph, painted the same way."""
    ids = {name: f"n{number}" for number, name in enumerate(names(graph))}
    known = {node.name: node for node in graph.nodes}
    lines = ["digraph system {", "  rankdir=LR;", '  node [shape=box, style="filled", fillcolor="#fff"];']
    for name, short in ids.items():
        shown = name.removeprefix("event:")
        if name not in known:
            lines.append(f'  {short} [label="{shown}", shape=oval];')
            continue
        look = service_look(known[name])
        paint = _STATES.get(look.colour, "#fff")
        lines.append(
            f'  {short} [label="{shown}\\n{look.word}{_played(known[name], _BREAK_IN_DOT)}", fillcolor="{paint}"];'
        )
    for arrow in arrows(graph):
        tone = f', color="{_PAINT[arrow.tone]}"' if arrow.tone else ", style=dotted"
        lines.append(f'  {ids[arrow.caller]} -> {ids[arrow.callee]} [label="{arrow.label}"{tone}];')
    return "\n".join((*lines, "}")) + "\n"


def as_json(graph: GraphView) -> str:
    """The control API's own shape: nodes, declared edges, and what the edges carry."""
    return msgspec.json.format(msgspec.json.encode(graph)).decode() + "\n"


FORMATS: dict[str, Callable[[GraphView], str]] = {
    "text": as_text,
    "mermaid": as_mermaid,
    "dot": as_dot,
    "json": as_json,
}
