"""What the details say about an edge, and the one line below the graph, as spans. Pure."""

from collections.abc import Iterable, Iterator

from meshdev.tui import units
from meshdev.tui.cells import clean, cut, pad, width_of, wrap_words
from meshdev.tui.facts import Lines
from meshdev.tui.graph.bars import heat, of_each, sparkline
from meshdev.tui.graph.flow import Flow, flow_of, flow_of_edge
from meshdev.tui.graph.looks import tone_of
from meshdev.tui.graph.scene import Carried, Edge
from meshdev.tui.model import Picture
from meshdev.tui.states import state_of, state_of_instance
from meshdev.tui.tone import Span, Tone
from meshdev.wire.control import HTTP, LATENCY_BOUNDS_MS, EdgeSignalsView

_LABEL = 10
_MINUTE = 60
_ROUTES = 12


def edge_facts(picture: Picture, edge: Edge, width: int) -> Lines:
    """Everything that is known about an edge, in at most ``width`` cells a line."""
    lines: Lines = [_title(picture, edge, width), [Span(_made_of(edge), Tone.MUTED)]]
    for signals in edge.signals:
        lines.append([])
        if len(edge.signals) > 1:
            whose = f"{signals.caller} → {signals.callee} {signals.endpoint}".strip()
            lines.append([Span(cut(clean(whose), width), Tone.TITLE)])
        lines += _signals(signals, width)
    if not edge.signals and not any(event.messages for event in edge.events):
        lines += [[], [Span("Nothing of this passes through the mesh.", Tone.MUTED)]]
    lines += _events(edge, width)
    lines += _instances(picture, edge, width)
    return lines


def _title(picture: Picture, edge: Edge, width: int) -> list[Span]:
    room = max(4, (width - 7) // 2)
    spans: list[Span] = []
    for name in edge.pair:
        service = picture.service(name)
        if spans:
            spans.append(Span(" → ", Tone.MUTED))
        if service is not None:
            state = state_of(service)
            spans.append(Span(f"{state.shape} ", state.tone))
        spans.append(Span(cut(clean(name), room), Tone.STRONG))
    return spans


def _made_of(edge: Edge) -> str:
    words = {
        "depends_on": "waits for it at its start",
        "events": "gets its events",
        "undeclared": "not declared",
    }
    return ", ".join(words.get(kind, kind) for kind in sorted(edge.kinds))


def _signals(signals: EdgeSignalsView, width: int) -> Iterator[list[Span]]:
    flow = flow_of([signals])
    if flow.denied:
        yield from _row("Denied", flow.denied, width, Tone.BAD, "✕ ")
    if flow.circuit:
        yield from _row(
            "Circuit", flow.circuit, width, Tone.BAD if flow.circuit == "open" else Tone.WARN, "⊘ "
        )
    for fault in signals.faults:
        yield from _row("Fault", fault, width, Tone.BAD, "↯ ")
    if flow.undeclared:
        yield from _row("Declared", "no: it isn't in the topology file", width, Tone.WARN, "? ")
    if flow.foreign:
        yield from _row("Foreign", f"the data is that of {flow.foreign}", width, Tone.WARN, "‡ ")
    if not signals.observed:
        yield [Span("Never used.", Tone.MUTED)]
    else:
        yield from _figures(signals, flow)
        yield from _minute(signals, width)
        yield from _latency(signals, width)
        yield from _routes(signals, width)
    for policy in signals.policies:
        yield from _row("Policy", policy, width, Tone.TEXT)
    for act, number in signals.acts.items():
        yield from _row("Acted", f"{clean(act)} {units.count(number)}", width, Tone.TEXT)
    for kind, number in signals.errors_by_kind.items():
        yield from _row("Failed", f"{clean(kind)} {units.count(number)}", width, Tone.BAD)


def _figures(signals: EdgeSignalsView, flow: Flow) -> Iterator[list[Span]]:
    yield [
        _label("Now"),
        Span(f"{units.rate(flow.rps)}/s", Tone.STRONG),
        *([Span(f"  ✕ {units.share(flow.share)} fail", Tone.BAD)] if flow.share else []),
        *([Span(f"  {signals.in_flight} under way", Tone.MUTED)] if signals.in_flight else []),
        *([Span(f"  {signals.held} held", Tone.WARN)] if signals.held else []),
    ]
    failed = f", {units.count(signals.errors)} failed" if signals.errors else ""
    yield [_label("So far"), Span(f"{units.count(signals.requests)} {flow.unit}{failed}")]
    yield [
        _label("Bytes"),
        Span(f"{units.size(signals.bytes_in)}B asked, {units.size(signals.bytes_out)}B answered"),
    ]
    if signals.p50_ms is not None:
        yield [
            _label("Took"),
            *_percentile("p50 ", signals.p50_ms),
            *_percentile("  p90 ", signals.p90_ms),
            *_percentile("  p99 ", signals.p99_ms),
        ]


def _percentile(name: str, milliseconds: float | None) -> list[Span]:
    return [] if milliseconds is None else [Span(name, Tone.MUTED), Span(units.latency(milliseconds))]


def _minute(signals: EdgeSignalsView, width: int) -> Iterator[list[Span]]:
    if not any(signals.series):
        return
    room = min(_MINUTE, width - _LABEL - 6)
    top = max(signals.series)
    yield []
    yield [
        _label("A minute"),
        Span(sparkline(signals.series, room), Tone.OK),
        Span(f" {units.rate(top)}/s", Tone.MUTED),
    ]
    if any(signals.error_series):
        yield [_label("failed"), Span(sparkline(signals.error_series, room, float(top)), Tone.BAD)]


def _latency(signals: EdgeSignalsView, width: int) -> Iterator[list[Span]]:
    counts = of_each(signals.latency_buckets)
    if not any(counts):
        return
    cell = max(1, min(4, (width - _LABEL) // len(counts)))
    yield []
    yield [_label("Latency"), Span(heat(counts, cell), Tone.ACCENT)]
    scale = ""
    for number, bound in enumerate(LATENCY_BOUNDS_MS):
        text = units.latency(bound).replace(".0", "")
        if len(scale) <= number * cell and number * cell + len(text) <= len(counts) * cell:
            scale = scale.ljust(number * cell) + text + " "
    yield [_label(""), Span(scale, Tone.FAINT)]


def _routes(signals: EdgeSignalsView, width: int) -> Iterator[list[Span]]:
    if not signals.routes:
        return
    room = max(8, width - 22)
    yield []
    what = "Route" if signals.protocol == HTTP else "Operation"
    yield [Span(pad(what, room) + "   calls    err    p99", Tone.TITLE)]
    for route in sorted(signals.routes, key=lambda route: -route.requests)[:_ROUTES]:
        share = route.errors / route.requests if route.requests else 0.0
        p99 = "" if route.p99_ms is None else units.latency(route.p99_ms)
        yield [
            Span(pad(clean(route.route), room), Tone.TEXT),
            Span(pad(_short(route.requests), 8, right=True), Tone.MUTED),
            Span(pad(units.share(share) if share else "", 7, right=True), Tone.BAD),
            Span(pad(p99, 7, right=True), Tone.MUTED),
        ]
    if len(signals.routes) > _ROUTES:
        yield [Span(f"and {len(signals.routes) - _ROUTES} more", Tone.MUTED)]
    if signals.policies or signals.acts or signals.errors_by_kind:
        yield []


def _short(number: int) -> str:
    return str(number) if number < 100_000 else units.rate(number)  # noqa: PLR2004 -- five digits


def _events(edge: Edge, width: int) -> Iterator[list[Span]]:
    if edge.events:
        yield []
        yield [Span(units.plural(len(edge.events), "event"), Tone.TITLE)]
        for event in sorted(edge.events, key=lambda event: -event.mps):
            name, figures = clean(event.name), _carried(event)
            needed = 2 + width_of(name) + sum(width_of(span.text) for span in figures)
            beside, below = (figures, []) if needed <= width else ([], figures)
            yield [Span("◇ ", Tone.MUTED), Span(cut(name, width - 2)), *beside]
            if below:
                yield below


def _carried(event: Carried) -> list[Span]:
    spans = []
    if event.messages:
        spans.append(Span(f"  {units.rate(event.mps)}/s, {units.count(event.messages)} so far", Tone.MUTED))
    if event.lag:
        spans.append(Span(f"  {units.count(event.lag)} behind", Tone.WARN))
    if not event.declared:
        spans.append(Span("  ? not declared", Tone.WARN))
    return spans


def _instances(picture: Picture, edge: Edge, width: int) -> Iterator[list[Span]]:
    service = picture.service(edge.callee)
    if service is None or not service.instances:
        return
    yield []
    yield [Span(f"Answered by {len(service.instances)}", Tone.TITLE)]
    for instance in service.instances:
        state = state_of_instance(instance)
        where = f"  port {instance.port}" if instance.port else ""
        yield [
            Span(f"{state.shape} ", state.tone),
            Span(cut(clean(instance.id), max(4, width - 26)), Tone.TEXT),
            Span(f"  {state.word}", state.tone),
            Span(where, Tone.MUTED),
        ]


def _label(text: str) -> Span:
    return Span(pad(text, _LABEL), Tone.MUTED)


def _row(label: str, text: str, width: int, tone: Tone, mark: str = "") -> Iterator[list[Span]]:
    for number, part in enumerate(wrap_words(clean(mark + text), max(8, width - _LABEL))):
        yield [_label(label if number == 0 else ""), Span(part, tone)]


def edge_line(edge: Edge) -> list[Span]:
    """An edge on one line."""
    flow = flow_of_edge(edge)
    caller, callee = (clean(name) for name in edge.pair)
    spans = [Span(caller, Tone.STRONG), Span(" → ", Tone.MUTED), Span(callee, Tone.STRONG), Span("  ")]
    if flow.denied:
        spans.append(Span(f"✕ denied: {clean(flow.denied)}  ", Tone.BAD))
    if flow.circuit:
        spans.append(Span(f"⊘ circuit {flow.circuit}  ", Tone.BAD))
    if flow.faults:
        spans.append(Span(f"↯ {clean(', '.join(flow.faults))}  ", Tone.BAD))
    if flow.undeclared:
        spans.append(Span("? not declared  ", Tone.WARN))
    if flow.foreign:
        spans.append(Span(f"‡ data of {clean(flow.foreign)}  ", Tone.WARN))
    spans += flow_spans(flow)
    if edge.events:
        spans.append(Span(f"  {units.plural(len(edge.events), 'event')}", Tone.MUTED))
    if not edge.signals:
        spans.append(Span(f"  {_made_of(edge)}" if not edge.events else "", Tone.MUTED))
    return spans


def flow_spans(flow: Flow) -> list[Span]:
    """Rate, errors and latency in words."""
    if not flow.used:
        return []
    tone = tone_of(flow) if flow.share else Tone.MUTED
    spans = [Span(units.rate(flow.rps)), Span(f" {flow.unit}/s", Tone.MUTED)]
    if flow.read:
        spans += [Span("  "), Span(f"{units.share(flow.share)} errors", tone)]
    for name, value in (("p50", flow.p50_ms), ("p99", flow.p99_ms)):
        if value is not None:
            spans += [Span(f"  {name} ", Tone.MUTED), Span(units.latency(value))]
    return spans


def total(edges: Iterable[Edge]) -> Flow:
    """What several edges carry together."""
    return flow_of(signals for edge in edges for signals in edge.signals)
