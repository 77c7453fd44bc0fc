"""What the Chaos screen says about one fault: what it does, and its effect on the edges, before and now. Pure."""

from collections.abc import Iterator, Sequence

from meshdev.traffic.faults.catalogue import find_kind
from meshdev.traffic.faults.reach import in_vain
from meshdev.tui import units
from meshdev.tui.cells import clean, cut, fit, pad, wrap_words
from meshdev.tui.chaos.acting import PENDING, countdown, left_of, state_of
from meshdev.tui.chaos.cells import arrow, holder_of
from meshdev.tui.chaos.history import KEPT, EdgeName, Figures, History
from meshdev.tui.facts import Lines
from meshdev.tui.graph.bars import sparkline
from meshdev.tui.model import Picture
from meshdev.tui.states import state_of as service_state
from meshdev.tui.tone import Span, Tone
from meshdev.wire.control import CONNECTIONS, EdgeSignalsView
from meshdev.wire.fault_views import FaultPartView, FaultView

_LABEL = 9
_FIGURE = 6
_WIDE = 25
_TWO = 2
_EDGES = 6
_MUCH, _MORE = 1.25, 1.05
_RAMP_CELLS = 12


def fault_facts(
    picture: Picture,
    fault: FaultView,
    history: History,
    now: float,
    width: int,
    *,
    keys: frozenset[str] = frozenset(),
) -> Lines:
    """Everything that is known about a fault, in at most ``width`` cells a line; the effect as high as possible.

    ``keys`` are those that toggle a fault here.
    """
    lines: Lines = [_title(picture, fault, now, width)]
    for part in fault.parts:
        lines += _part(part, width, on=fault.on)
        lines += _vain(picture, fault, part, width)
    if fault.on and fault.ramp and fault.since is not None:
        lines.append(_ramp(fault.ramp, now - fault.since))
    lines += _effects(picture, fault, history, now, width)
    lines += _services(picture, fault, width)
    lines.append([])
    lines += _row("where", arrow(fault.target), width)
    lines += _row("from", _origin(fault), width)
    if fault.key and fault.key not in keys:
        taken = f"{fault.key} is a key of the dashboard: give the fault another one"
        lines += _row("key", taken, width, Tone.WARN)
    if fault.description:
        lines += _row("about", fault.description, width)
    return [list(fit(line, width)) for line in lines]


def _title(picture: Picture, fault: FaultView, now: float, width: int) -> list[Span]:
    state = state_of(fault)
    spans = [
        Span(f"{state.shape} ", state.tone),
        Span(cut(clean(fault.name), max(8, width - 30)), Tone.STRONG),
        Span("  not in force yet" if state is PENDING else f"  {state.word}", state.tone),
    ]
    if fault.on and fault.since is not None:
        spans.append(Span(f" for {units.age(now - fault.since)}", state.tone))
    left = left_of(fault, picture.faults_at, now)
    if left is not None:
        spans.append(Span(f", {countdown(left)} left", Tone.WARN))
    return spans


def _part(part: FaultPartView, width: int, *, on: bool) -> Iterator[list[Span]]:
    hits = f"  {units.plural(part.hits, 'hit')}" if on else ""
    text = cut(clean(part.words), max(8, width - _LABEL - len(hits)))
    yield [_label("does"), Span(text), Span(hits, Tone.ACCENT)]
    if part.direction:
        way = {"upstream": "to the callee", "downstream": "to the caller", "both": "both ways"}
        yield from _row("", f"{part.layer}, {way.get(part.direction, part.direction)}", width, Tone.MUTED)
    if part.match:
        said = ", ".join(f"{key} {_value(value)}" for key, value in part.match.items())
        yield from _row("only", said, width)


def _vain(picture: Picture, fault: FaultView, part: FaultPartView, width: int) -> Iterator[list[Span]]:
    """Of edges that speak something on which it cannot act."""
    kind = find_kind(part.kind)
    if kind is None:
        return
    for edge in picture.signals:
        if str_of(edge) in fault.edges and (
            words := in_vain(kind, f"{edge.caller} → {edge.callee}", edge.protocol)
        ):
            yield from _row("", f"▲ {words}", width, Tone.WARN)


def _value(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _origin(fault: FaultView) -> str:
    if fault.lease:
        return f"{holder_of(fault)}: ends when that does"
    return {"topology": "the topology file", "ad hoc": "added by hand"}.get(fault.origin, fault.origin)


def _ramp(ramp: float, since: float) -> list[Span]:
    part = min(1.0, max(0.0, since / ramp))
    full = round(part * _RAMP_CELLS)
    return [
        _label("grows"),
        Span("▰" * full, Tone.BAD),
        Span("▱" * (_RAMP_CELLS - full), Tone.FAINT),
        Span(f" {part:.0%} of its strength" if part < 1 else " full strength", Tone.MUTED),
    ]


# --- effect -------------------------------------------------------------------------------------------


def _effects(picture: Picture, fault: FaultView, history: History, now: float, width: int) -> Lines:
    edges = [edge for edge in picture.signals if str_of(edge) in fault.edges]
    edges.sort(key=lambda edge: -edge.rps)
    lines: Lines = []
    for edge in edges[:_EDGES]:
        lines += [[], *_effect(picture, edge, fault, history, now, width)]
    missing = len(fault.edges) - min(len(edges), _EDGES)
    if missing:
        lines += [[], [Span(f"and {units.plural(missing, 'edge')} more", Tone.MUTED)]]
    return lines


def str_of(edge: EdgeSignalsView) -> str:
    """The edge as `FaultView.edges` has it."""
    return f"{edge.caller} -> {edge.callee}" + (f":{edge.endpoint}" if edge.endpoint else "")


def _effect(
    picture: Picture, edge: EdgeSignalsView, fault: FaultView, history: History, now: float, width: int
) -> Iterator[list[Span]]:
    name: EdgeName = (edge.caller, edge.callee, edge.endpoint)
    since = fault.since if fault.on else None
    before = history.before(fault, name) if since is not None else None
    lately = history.lately(name, now, since)
    alone = sum((one.caller, one.callee) == name[:2] for one in picture.signals) == 1
    title = cut(clean(f"{edge.caller} → {edge.callee}" if alone else arrow(str_of(edge))), width)
    if not edge.observed:
        yield [Span(title, Tone.TITLE), Span("  never used", Tone.FAINT)]
        return
    if since is None:
        yield [Span(title, Tone.TITLE), *_now_only(edge)]
    else:
        told = "  before → now" if before is not None else "  now (nothing is known of before)"
        yield [Span(title, Tone.TITLE), Span(told, Tone.FAINT)]
        pairs = _compared(before, lately, read=edge.unit != CONNECTIONS)
        each = _TWO if width >= 2 * _WIDE else 1
        for at in range(0, len(pairs), each):
            yield [span for pair in pairs[at : at + each] for span in pair]
    means = history.means(name, now)
    if any(means):
        yield from _minute(means, now, since, width)


def _now_only(edge: EdgeSignalsView) -> list[Span]:
    share = min(1.0, edge.eps / edge.rps) if edge.rps else 0.0
    spans = [Span(f"  {units.rate(edge.rps)}"), Span("/s", Tone.MUTED)]
    if edge.rps:
        spans += [Span(f"  {units.share(share)}", _loud(share)), Span(" errors", Tone.MUTED)]
    if edge.p99_ms is not None:
        spans += [Span("  p99 ", Tone.MUTED), Span(units.latency(edge.p99_ms))]
    return spans


def _compared(before: Figures | None, now: Figures | None, *, read: bool) -> list[list[Span]]:
    """What was and what is, a figure each."""
    old, new = before or Figures(), now or Figures()
    pairs = []
    if read:
        pairs.append(_latencies("p99", old.p99_ms, new.p99_ms))
        pairs.append(_latencies("mean", old.mean_ms, new.mean_ms))
    more = now is not None and new.share > old.share * _MORE
    shares = [units.share(one.share) if one else "" for one in (before, now)]
    pairs.append(_pair("errors", shares, _loud(new.share) if more else Tone.TEXT))
    rates = [f"{units.rate(one.rps)}/s" if one else "" for one in (before, now)]
    pairs.append(_pair("calls" if read else "opened", rates))
    return pairs


def _latencies(label: str, old: float | None, new: float | None) -> list[Span]:
    worse = old is not None and new is not None and new > old * _MUCH
    texts = ["" if value is None else units.latency(value) for value in (old, new)]
    return _pair(label, texts, Tone.ALERT if worse else Tone.TEXT)


def _pair(label: str, texts: Sequence[str], tone: Tone = Tone.TEXT) -> list[Span]:
    old, new = (text or "·" for text in texts)
    arrowed = pad(old, _FIGURE, right=True) + " → "
    return [_label(label), Span(arrowed, Tone.MUTED), Span(pad(new, _FIGURE + 1), tone)]


def _minute(means: Sequence[float], now: float, since: float | None, width: int) -> Iterator[list[Span]]:
    room = min(KEPT, width - _LABEL - 8)
    shown = means[-room:]
    age = int(now - since) if since is not None else KEPT
    at = room - 1 - age
    usual = sorted(value for value in shown if value)
    top = max(shown[-1], 2 * usual[len(usual) // 2]) if usual else 0.0  # a flat line is no mountain
    line = sparkline(shown, room, top)
    head, tail = (
        (line[:at], line[at:]) if 0 <= at < room else (("", line) if since is not None else (line, ""))
    )
    yield [
        _label("mean"),
        Span(head, Tone.OK),
        Span(tail, Tone.BAD),
        Span(f" {units.latency(max(shown))}", Tone.MUTED),
    ]
    if 0 <= at < room:
        mark = "↑ on" if at + 4 <= room else "↑"
        yield [_label(""), Span(" " * at + mark, Tone.BAD)]


def _loud(share: float) -> Tone:
    return Tone.ALERT if share > 0 else Tone.TEXT


def _services(picture: Picture, fault: FaultView, width: int) -> Iterator[list[Span]]:
    if not fault.services:
        return
    yield []
    yield [Span("Services", Tone.TITLE)]
    for name in fault.services:
        service = picture.service(name)
        if service is None:
            yield [Span("? ", Tone.MUTED), Span(cut(clean(name), width - 2))]
            continue
        state = service_state(service)
        yield [
            Span(f"{state.shape} ", state.tone),
            Span(cut(clean(name), max(8, width - 16))),
            Span(f"  {state.word}", state.tone),
        ]


def _label(text: str) -> Span:
    return Span(pad(text, _LABEL), Tone.MUTED)


def _row(label: str, text: str, width: int, tone: Tone = Tone.TEXT) -> Iterator[list[Span]]:
    for number, part in enumerate(wrap_words(clean(text), max(8, width - _LABEL))):
        yield [_label(label if number == 0 else ""), Span(part, tone)]
