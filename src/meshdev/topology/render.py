"""The graph as text, Mermaid, Graphviz DOT or JSON."""

import json
from collections.abc import Callable
from typing import assert_never

from meshdev.topology.graph import Arrow, EdgeKind, edges
from meshdev.topology.model import Kind, System, runs_as

_MERMAID_ARROWS = {
    EdgeKind.CALLS: "-->",
    EdgeKind.USES: "-->",
    EdgeKind.DEPENDS_ON: "-.->|after|",
    EdgeKind.PUBLISHES: "-.->",
    EdgeKind.SUBSCRIBES: "-.->",
}
_DOT_STYLES = {
    EdgeKind.CALLS: "",
    EdgeKind.USES: "",
    EdgeKind.DEPENDS_ON: ' [style=dashed, label="after"]',
    EdgeKind.PUBLISHES: " [style=dotted]",
    EdgeKind.SUBSCRIBES: " [style=dotted]",
}


def as_text(system: System) -> str:
    """For a terminal: each node with its arrows below it."""
    lines: list[str] = []
    mine: dict[str, list[Arrow]] = {}
    for arrow in edges(system):
        owner = arrow.callee if arrow.kind is EdgeKind.SUBSCRIBES else arrow.caller
        mine.setdefault(owner, []).append(arrow)
    for name, node in system.services.items():
        notes = [
            text for text in (node.team, ", ".join(endpoint.name for endpoint in node.endpoints)) if text
        ]
        lines.append(f"{name}  ({'; '.join(notes)})" if notes else name)
        lines.extend(f"  {_phrase(arrow)}{_evidence(system, arrow)}" for arrow in mine.get(name, ()))
    lines.extend(f"{name}  (file)" for name in system.embedded)
    return "\n".join(lines) + "\n"


def _phrase(arrow: Arrow) -> str:
    match arrow.kind:
        case EdgeKind.CALLS:
            return f"-> {arrow.callee}"
        case EdgeKind.USES:
            return f"=> {arrow.callee}"
        case EdgeKind.DEPENDS_ON:
            return f"after {arrow.callee} is {arrow.detail}"
        case EdgeKind.PUBLISHES:
            return f"publishes {arrow.callee.removeprefix('event:')}"
        case EdgeKind.SUBSCRIBES:
            return f"subscribes {arrow.caller.removeprefix('event:')}"
        case _:
            assert_never(arrow.kind)


def _evidence(system: System, arrow: Arrow) -> str:
    """Why there is an edge that nobody wrote."""
    found = _inferred(system, arrow)
    return f"  ({found})" if found else ""


def _inferred(system: System, arrow: Arrow) -> str:
    if arrow.kind is not EdgeKind.CALLS:
        return ""
    ends = (arrow.caller, arrow.callee)
    return next((str(edge) for edge in system.inferred if (edge.caller, edge.callee) == ends), "")


def as_mermaid(system: System) -> str:
    """A Mermaid flowchart: databases are cylinders, brokers are queues, events are flags."""
    ids = _ids(system)
    lines = ["flowchart LR"]
    lines.extend(f"  {ids[name]}{_mermaid_shape(system, name)}" for name in ids)
    lines.extend(
        f"  {ids[arrow.caller]} {_MERMAID_ARROWS[arrow.kind]} {ids[arrow.callee]}" for arrow in edges(system)
    )
    return "\n".join(lines) + "\n"


def _mermaid_shape(system: System, name: str) -> str:
    label = f'"{name.removeprefix("event:")}"'
    if name.startswith("event:"):
        return f">{label}]"
    if name in system.embedded or system.services[name].kind is Kind.DATABASE:
        return f"[({label})]"
    return f"[[{label}]]" if system.services[name].kind is Kind.BROKER else f"[{label}]"


def as_dot(system: System) -> str:
    """A Graphviz digraph."""
    ids = _ids(system)
    lines = [f'digraph "{system.name.replace(chr(34), chr(39))}" {{', "  rankdir=LR;", "  node [shape=box];"]
    lines.extend(
        f'  {ids[name]} [label="{name.removeprefix("event:")}"{_dot_shape(system, name)}];' for name in ids
    )
    lines.extend(
        f"  {ids[arrow.caller]} -> {ids[arrow.callee]}{_DOT_STYLES[arrow.kind]};" for arrow in edges(system)
    )
    return "\n".join((*lines, "}")) + "\n"


def _dot_shape(system: System, name: str) -> str:
    if name.startswith("event:"):
        return ", shape=note"
    if name in system.embedded or system.services[name].kind is Kind.DATABASE:
        return ", shape=cylinder"
    return ", shape=cds" if system.services[name].kind is Kind.BROKER else ""


def _ids(system: System) -> dict[str, str]:
    """Every node's identifier in a drawing: n0, n1 … in the order in which they appear."""
    names = dict.fromkeys((*system.services, *system.embedded))
    for arrow in edges(system):
        names.update(dict.fromkeys((arrow.caller, arrow.callee)))
    return {name: f"n{position}" for position, name in enumerate(names)}


def as_json(system: System) -> str:
    """``{"nodes": […], "edges": […]}``."""
    nodes: list[dict[str, object]] = [
        {
            "name": name,
            "kind": node.kind.value,
            "team": node.team,
            "description": node.description,
            "runs": runs_as(node.run),
            "replicas": node.replicas,
            "endpoints": [
                {"name": item.name, "protocol": item.protocol, "port": item.port} for item in node.endpoints
            ],
            "ports": [{"port": item.port, "endpoint": item.endpoint} for item in node.ports],
        }
        for name, node in system.services.items()
    ]
    for name, file in system.embedded.items():
        nodes.append(
            {"name": name, "kind": "database", "runs": "file", "path": str(file.path), "owner": file.owner}
        )
    arrows = [
        {
            "caller": arrow.caller,
            "callee": arrow.callee,
            "kind": arrow.kind.value,
            "detail": arrow.detail or _inferred(system, arrow),
        }
        for arrow in edges(system)
    ]
    return json.dumps({"nodes": nodes, "edges": arrows}, indent=2, ensure_ascii=False) + "\n"


FORMATS: dict[str, Callable[[System], str]] = {
    "text": as_text,
    "mermaid": as_mermaid,
    "dot": as_dot,
    "json": as_json,
}
