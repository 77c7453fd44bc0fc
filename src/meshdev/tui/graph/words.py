"""The words around the graph, and where there is trouble. Pure."""

from meshdev.tui.cells import clean
from meshdev.tui.graph.cursor import Cursor
from meshdev.tui.graph.flow import flow_of_edge
from meshdev.tui.graph.looks import tone_of
from meshdev.tui.graph.scene import Choice, Events, Scene
from meshdev.tui.model import Link, Picture
from meshdev.tui.states import state_of
from meshdev.tui.tone import Span, Tone


def status(choice: Choice, hops: int, size: str, hidden: int) -> list[Span]:
    """What is not as it is at the beginning."""
    groups: list[list[Span]] = []
    if choice.wanted:
        groups.append([Span("filter ", Tone.MUTED), Span(clean(choice.wanted), Tone.ACCENT)])
    if hidden:
        groups.append([Span(f"{hidden} hidden", Tone.WARN)])
    if hops:
        groups.append([Span("focus ", Tone.MUTED), Span(f"{hops} hop{'s' if hops > 1 else ''}", Tone.ACCENT)])
    if choice.teams:
        groups.append([Span("by team", Tone.ACCENT)])
    if choice.events is not Events.FOLDED:
        groups.append([Span("events ", Tone.MUTED), Span(choice.events, Tone.ACCENT)])
    if choice.databases:
        groups.append([Span("databases", Tone.ACCENT)])
    if size:
        groups.append([Span(size, Tone.ACCENT)])
    joined: list[Span] = []
    for group in groups:
        joined += [Span("  "), *group] if joined else group
    return joined


def empty_graph(picture: Picture, choice: Choice) -> str:
    """What stands there when nothing is drawn; the first line is the headline."""
    if picture.system is None:
        if picture.link is Link.CONNECTED:
            return "The daemon has no system yet."
        return "Connecting to the daemon …"
    if choice.wanted and picture.services:
        return f"Nothing matches {clean(choice.wanted)!r}.\nEsc clears the filter."
    if picture.services:
        return "Nothing calls anything.\nM shows the drawing."
    return f"{clean(picture.system.name)} has no services.\nAdd some to {clean(picture.system.file)}."


def troubled(scene: Scene) -> list[Cursor]:
    """The nodes that are broken, then the edges that fail, are closed, faulty, or not declared."""
    nodes = [
        Cursor(node.name)
        for node in scene.nodes
        if any(state_of(service).tone in {Tone.BAD, Tone.WARN} for service in node.services)
    ]
    edges = [
        Cursor(edge=edge.pair) for edge in scene.edges if tone_of(flow_of_edge(edge)) in {Tone.BAD, Tone.WARN}
    ]
    return [*nodes, *edges]
