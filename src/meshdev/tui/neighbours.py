"""What the details pane says about a service's edges: who it calls, who calls it, and how that goes. Pure."""

from collections.abc import Iterator, Mapping

from meshdev.tui import units
from meshdev.tui.cells import clean, cut_name, pad, width_of, wrap_words
from meshdev.tui.golden import error_tone, latency_text
from meshdev.tui.model import Picture
from meshdev.tui.states import state_of
from meshdev.tui.tone import Span, Tone
from meshdev.wire.control import CONNECTIONS, EdgeSignalsView, ServiceView

_FIGURES = ((" ERR %", 6), ("   P99", 7))
_RATE = 6
_SHAPE = 2
_WIDEST = 64
"""Cells: figures must not stand so far from the name that the eye loses the line."""
_EVENT = "event:"


def edges_of(picture: Picture, service: ServiceView, width: int) -> Iterator[list[Span]]:
    """The edges out of ``service`` and into it, in at most ``width`` cells a line."""
    # Where several edges join the same two, the calls say most.
    declared = sorted(picture.edges, key=lambda edge: edge.kind == "calls")
    out = {edge.callee: edge.kind for edge in declared if edge.caller == service.name}
    into = {edge.caller: edge.kind for edge in declared if edge.callee == service.name}
    leaving = {edge.callee: edge for edge in picture.signals if edge.caller == service.name}
    coming = {edge.caller: edge for edge in picture.signals if edge.callee == service.name}
    yield from _side(picture, "Calls and needs", out, leaving, width)
    yield from _side(picture, "Called and needed by", into, coming, width)
    for title, kind in (("Publishes", "publishes"), ("Subscribes to", "subscribes")):
        subjects = [name for name, its in out.items() if its == kind and picture.service(name) is None]
        if subjects:
            yield []
            yield [Span(title, Tone.TITLE)]
            named = " ".join(name.removeprefix(_EVENT) for name in subjects)
            for text in wrap_words(clean(named), width - _SHAPE):
                yield [Span("  " + text, Tone.TEXT)]


def _side(
    picture: Picture,
    title: str,
    kinds: Mapping[str, str],
    signals: Mapping[str, EdgeSignalsView],
    width: int,
) -> Iterator[list[Span]]:
    known = [name for name in kinds if picture.service(name) is not None]
    known += [name for name, edge in signals.items() if name not in kinds and edge.observed]
    if not known:
        return
    yield []
    measured = any(name in signals and _has_figures(signals[name]) for name in known)
    room = min(width, _WIDEST) - _SHAPE - _RATE - sum(size for _, size in _FIGURES)
    head = [Span(pad(title, room + _SHAPE) if measured else title, Tone.TITLE)]
    if measured:
        head += [Span(pad("RPS", _RATE, right=True), Tone.FAINT)]
        head += [Span(pad(text, size, right=True), Tone.FAINT) for text, size in _FIGURES]
    yield head
    for name in known:
        yield from _neighbour(picture, name, kinds.get(name, ""), signals.get(name), room)


def _neighbour(
    picture: Picture, name: str, kind: str, edge: EdgeSignalsView | None, room: int
) -> Iterator[list[Span]]:
    other = picture.service(name)
    state = state_of(other) if other else None
    said = "" if kind in {"calls", ""} else f"  {kind.replace('_', ' ')}"
    if edge is not None and edge.observed and edge.protocol != "http":
        said += f"  {clean(edge.protocol)}"
    space = (
        room if edge is not None and _has_figures(edge) else room + _RATE + sum(size for _, size in _FIGURES)
    )
    called = cut_name(clean(name), max(4, space - width_of(said)))
    spans = [
        Span(f"{state.shape} " if state else "  ", state.tone if state else Tone.MUTED),
        Span(called, Tone.TEXT),
        Span(said, Tone.FAINT),
    ]
    if edge is None:
        yield spans
        return
    used = width_of(called) + width_of(said)
    figures = [Span(" " * max(0, room - used)), *_figures(edge)] if _has_figures(edge) else []
    yield [*spans, *figures]
    notes = _notes(edge, declared=bool(kind))
    if notes:
        yield [Span("    "), *notes]


def _has_figures(edge: EdgeSignalsView) -> bool:
    """Connections are no requests."""
    return edge.observed and edge.unit != CONNECTIONS


def _figures(edge: EdgeSignalsView) -> list[Span]:
    quiet = Tone.TEXT if edge.rps else Tone.FAINT
    spans = [Span(pad(units.rate(edge.rps), _RATE, right=True), quiet)]
    share = min(1.0, edge.eps / edge.rps) if edge.rps else 0.0
    texts = (units.share(share) if edge.rps else "", latency_text(edge.p99_ms))
    tones = (error_tone(share), quiet)
    for text, tone, (_, size) in zip(texts, tones, _FIGURES, strict=True):
        spans.append(Span(pad(text, size, right=True), tone))
    return spans


def _notes(edge: EdgeSignalsView, *, declared: bool) -> list[Span]:
    """What is unusual about the edge, each with a word: no colour tells it alone."""
    notes = []
    if edge.denied:
        notes.append(Span(f"denied by {clean(edge.denied)}  ", Tone.BAD))
    if edge.faults:
        notes.append(Span(f"⚡ {clean(', '.join(edge.faults))}  ", Tone.ALERT))
    if edge.circuit:
        notes.append(Span(f"circuit {clean(edge.circuit)}  ", Tone.WARN))
    if edge.held:
        notes.append(Span(f"{units.plural(edge.held, 'call')} held  ", Tone.BUSY))
    if not (declared or edge.declared):
        notes.append(Span("not declared  ", Tone.WARN))
    if edge.foreign:
        notes.append(Span(f"data of {clean(edge.foreign)}  ", Tone.WARN))
    return notes
