"""Faults as lines for people. Pure, but for the colours."""

from collections.abc import Iterator, Mapping, Sequence

import click

from meshdev.cli.figures import count
from meshdev.cli.table import columns
from meshdev.kernel.quantity import format_duration
from meshdev.traffic.faults.catalogue import CATALOGUE, find_kind
from meshdev.traffic.faults.describe import kind_view
from meshdev.traffic.faults.reach import EVERYWHERE, in_vain
from meshdev.wire.control import EdgeSignalsView
from meshdev.wire.fault_views import FaultKindView, FaultPartView, FaultView

_HEAD = ("FAULT", "STATE", "HITS", "LEFT", "FOR", "WHAT")
_RIGHT = frozenset({"HITS", "LEFT"})


def kinds() -> list[FaultKindView]:
    """The catalogue; it is part of the command, so that it needs no daemon."""
    return [kind_view(kind) for kind in CATALOGUE.values()]


def kind_named(name: str) -> FaultKindView | None:
    """The kind of that name or alias."""
    kind = find_kind(name)
    return kind_view(kind) if kind is not None else None


def listing(views: Sequence[FaultView], *, unicode: bool) -> list[str]:
    """A row a fault; what is on stands out."""
    if not views:
        return ["no faults: `meshdev fault add` injects one, [faults.NAME] in the topology names one"]
    return columns(_HEAD, [_row(view, unicode=unicode) for view in views], right=_RIGHT)


def _row(view: FaultView, *, unicode: bool) -> list[str]:
    what = "; ".join(part.words for part in view.parts)
    target = view.target.replace("->", "→") if unicode else view.target
    return [
        click.style(view.name, bold=view.on),
        state(view),
        count(view.hits) if view.on else "",
        format_duration(round(view.remaining)) if view.remaining is not None else "",
        target,
        what if unicode else what.replace("±", "+-"),
    ]


def state(view: FaultView) -> str:
    """``on``, ``waits`` (not within its schedule), ``off``."""
    if not view.on:
        return click.style("off", dim=True)
    if not view.acting:
        return click.style("waits", fg="yellow")
    return click.style("on", fg="red") if view.in_force else click.style("not in force", fg="yellow")


def added(view: FaultView) -> list[str]:
    """What came of ``add``: where it acts, until when, and how it ends."""
    what = "; ".join(part.words for part in view.parts)
    where = ", ".join((*view.edges, *view.services))
    until = f", for {format_duration(round(view.remaining))}" if view.remaining is not None else ""
    lines = [f"{view.name} is {click.unstyle(state(view))}: {what}{until}", f"  at {where}"]
    if view.on:
        lines.append(f"  end it with `meshdev fault rm {view.name}`")
    return lines


def may_be_vain(view: FaultView) -> bool:
    """Whether some of it acts only on what certain protocols carry."""
    return any(part.layer not in EVERYWHERE for part in view.parts)


def vain(view: FaultView, edges: list[EdgeSignalsView]) -> Iterator[str]:
    """Warnings of edges that speak something on which a part of it cannot act."""
    spoken = {f"{edge.caller} -> {edge.callee}:{edge.endpoint}": edge.protocol for edge in edges}
    for part in view.parts:
        kind = find_kind(part.kind)
        if kind is None:
            continue
        for edge in view.edges:
            words = in_vain(kind, edge.rpartition(":")[0], spoken.get(edge, ""))
            if words:
                yield f"{click.style('warning:', fg='yellow')} {words}"


def fault_lines(view: FaultView) -> list[str]:
    """Everything about one fault."""
    rows = [
        ("state", click.unstyle(state(view))),
        ("for", view.target),
        ("comes from", view.origin),
        ("about", view.description),
        ("ends in", format_duration(round(view.remaining)) if view.remaining is not None else ""),
        ("grows for", format_duration(round(view.ramp)) if view.ramp else ""),
        ("lease", view.lease),
        ("edges", ", ".join(view.edges)),
        ("services", ", ".join(view.services)),
    ]
    lines = [click.style(view.name, bold=True), *(f"  {name:<12}{text}" for name, text in rows if text)]
    for part in view.parts:
        lines.append(f"  {part.words}")
        lines.append(f"    {_notes(part)}")
    return lines


def _notes(part: FaultPartView) -> str:
    notes = [f"hits {part.hits}"]
    if part.match:
        notes.append("only " + ", ".join(f"{name} {_meant(value)}" for name, value in part.match.items()))
    if part.seed:
        notes.append(f"seed {part.seed}")
    return ", ".join(notes)


def _meant(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {pattern}" for name, pattern in value.items())
    return " or ".join(map(str, value)) if isinstance(value, list) else str(value)


def catalogue(views: Sequence[FaultKindView]) -> list[str]:
    """All kinds, by what they act on."""
    rows = [[view.example, view.layer, view.doc] for view in views]
    hint = "`meshdev fault describe KIND` shows the parameters"
    return [*columns(("FAULT", "ACTS ON", "WHAT HAPPENS"), rows), "", hint]


def kind_lines(view: FaultKindView) -> list[str]:
    """One kind with its parameters."""
    lines = [
        f"{click.style(view.name, bold=True)}: {view.doc}",
        f"  acts on {view.layer}",
        f"  such as {view.example}",
    ]
    if view.aliases:
        lines.append(f"  also called {', '.join(view.aliases)}")
    if view.direction:
        lines.append(f"  direction {view.direction} unless said otherwise")
    wide = max((len(parameter.name) for parameter in view.parameters), default=0)
    for parameter in view.parameters:
        notes = [parameter.unit]
        notes += ["required"] if parameter.required else []
        notes += [f"default {parameter.default}"] if parameter.default else []
        notes += [" | ".join(parameter.choices)] if parameter.choices else []
        notes += ["can ramp: 0..VALUE"] if parameter.ramps else []
        lines.append(f"  {parameter.name:<{wide}}  {parameter.doc} ({', '.join(notes)})")
    return lines
