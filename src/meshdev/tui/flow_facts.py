"""What is known of one call, of two side by side, and where it could be made again. Pure.

What a call carried (headers, bodies) is in `recordings.exchange_lines`.
"""

from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import Final

from meshdev.recording.formats.address import taken_apart
from meshdev.recording.model import Exchange, Request
from meshdev.telemetry.exchange_filter import failed
from meshdev.telemetry.traces import answering, assemble, end_of
from meshdev.tui import units
from meshdev.tui.cells import clean, cut, pad, width_of, wrap_words
from meshdev.tui.flow_cells import SHORT_ID, edge_of, moment, pace_of, status_of, took
from meshdev.tui.model import Picture
from meshdev.tui.tone import Span, Tone
from meshdev.wire.control import EdgeSignalsView, ExchangeView
from meshdev.wire.mesh import EdgeError

Lines = list[list[Span]]

_LABEL = 11
_BAR = 40
_LEAST_COLUMN = 12
_MOST_ASSEMBLED = 1000

SAID: Final[dict[str, str]] = {
    EdgeError.REFUSED: "no instance accepted the connection",
    EdgeError.CONNECT_TIMEOUT: "no instance accepted the connection in time",
    EdgeError.UNREACHABLE: "no such host, or no way there",
    EdgeError.TLS: "the callee's certificate is not trusted, or TLS found no common ground",
    EdgeError.NO_UPSTREAM: "the callee does not run",
    EdgeError.HOLD_TIMEOUT: "the call waited for the callee to come up, for too long",
    EdgeError.HOLD_OVERFLOW: "too many calls waited for the callee to come up",
    EdgeError.REFUSED_MESSAGE: "the request was malformed or ambiguous; meshdev refused it",
    EdgeError.CALLER_RESET: "the caller went away before the answer was complete",
    EdgeError.CALLEE_RESET: "the callee closed the connection before its answer was complete",
    EdgeError.TIMEOUT: "the edge's policy allows no longer",
    EdgeError.CIRCUIT_OPEN: "the circuit breaker is open: refused at once",
    EdgeError.OVER_LIMIT: "more calls at once than the edge's policy allows",
    EdgeError.FAULT: "an injected fault cut the connection",
    EdgeError.INJECTED: "an injected fault had it fail",
    EdgeError.DENIED: "a rule of the topology closes this edge",
}


def facts_of(
    call: ExchangeView, trace: Sequence[ExchangeView], picture: Picture, now: float, width: int
) -> Lines:
    """Everything that is known of ``call``; ``trace`` are the calls of its trace, itself among them."""
    status = status_of(call)
    lines: Lines = [
        [Span(cut(f"{clean(call.method)} {clean(call.target)}", width), Tone.STRONG)],
        [
            Span(cut(edge_of(call), max(8, width - 22)), Tone.TEXT),
            Span("  "),
            Span(status.text, status.tone),
            Span("  "),
            Span(took(call), pace_of(call.ms)),
        ],
        [],
    ]
    for label, text, tone in _fields(call):
        lines += _wrapped(label, text, width, tone)
    lines += _timing(call, trace, picture, width)
    ago = f"  {units.age(now - call.at)} ago" if now >= call.at else ""
    lines.append([_label("Began"), Span(moment(call.at)), Span(ago, Tone.MUTED)])
    lines.append(
        [
            _label("Size"),
            Span(f"{units.size(call.bytes_in)}B asked", Tone.TEXT),
            Span(f"  {units.size(call.bytes_out)}B answered", Tone.TEXT),
        ]
    )
    if call.trace:
        lines += _wrapped("Trace", call.trace, width, Tone.TEXT)
    if call.span:
        parent = f"  below {call.parent}" if call.parent else "  begins the trace"
        lines += _wrapped("Span", f"{call.span}{parent}", width, Tone.MUTED)
    lines += _neighbours(call, trace, width)
    return lines


def _fields(call: ExchangeView) -> Iterator[tuple[str, str, Tone]]:
    """What only some calls have: label, text, tone."""
    if call.protocol:
        yield "Protocol", f"{call.protocol} {call.kind}".strip(), Tone.MUTED
    if call.detail:
        yield "Detail", call.detail, Tone.TEXT
    if call.payload:
        yield "Message", " ".join(call.payload.split()), Tone.TEXT
    if call.error:
        said = SAID.get(call.error, "")
        yield "Error", call.error + (f": {said}" if said else ""), Tone.BAD
    if call.faults:
        yield "Fault", "⚡ " + ", ".join(call.faults), Tone.ALERT
    if call.by:
        yield "Answer", f"◇ by {call.by}, not by {call.callee}", Tone.WARN
    if call.retries:
        times = "once" if call.retries == 1 else f"{call.retries} times"
        yield "Retried", f"↻ {times}; this is the last answer", Tone.WARN
    if call.hedged:
        yield "Hedged", "⇉ asked twice, since the first was slow", Tone.WARN
    if call.messages_in is not None or call.messages_out is not None:
        counts = f"{units.count(call.messages_in or 0)} from the caller, {units.count(call.messages_out or 0)} to it"
        yield "Messages", counts, Tone.TEXT
    if call.events is not None:
        yield "Events", units.count(call.events), Tone.TEXT
    if call.instance:
        yield "Instance", call.instance, Tone.TEXT


def _timing(
    call: ExchangeView, trace: Sequence[ExchangeView], picture: Picture, width: int
) -> Iterator[list[Span]]:
    """Where the call lies in its trace, and how it stands to what is usual on its edge."""
    room = min(_BAR, width - _LABEL - 2)
    if len(trace) > 1 and room >= 8:  # noqa: PLR2004 -- less says nothing
        start, end = min(each.at for each in trace), max(map(end_of, trace))
        scale = room / max(end - start, 1e-6)
        left = min(room - 1, int((call.at - start) * scale))
        size = max(1, min(room - left, round(call.ms / 1000.0 * scale)))
        yield [
            _label("In trace"),
            Span("·" * left, Tone.FAINT),
            Span("━" * size, Tone.ALERT if failed(call) else Tone.ACCENT),
            Span("·" * (room - left - size), Tone.FAINT),
        ]
    if not took(call):
        return
    lasted = [_label("Took"), Span(took(call), pace_of(call.ms))]
    edge = signals_of(call, picture)
    if edge is not None and edge.p50_ms is not None and edge.p99_ms is not None:
        usual = f"  p50 {units.latency(edge.p50_ms)}, p99 {units.latency(edge.p99_ms)} on this edge"
        lasted.append(Span(cut(usual, max(0, width - _LABEL - 7)), Tone.MUTED))
    yield lasted


def _neighbours(call: ExchangeView, trace: Sequence[ExchangeView], width: int) -> Iterator[list[Span]]:
    """On whose behalf the call was made, and what it led to."""
    if not 1 < len(trace) <= _MOST_ASSEMBLED:
        return
    hops = assemble(trace).hops
    here = next((place for place, hop in enumerate(hops) if hop.call is call), None)
    if here is None:
        return
    depth = hops[here].depth
    before = [hop.call for hop in hops[:here] if hop.depth == depth - 1]
    after = takewhile(lambda hop: hop.depth > depth, hops[here + 1 :])
    below = [hop.call for hop in after if hop.depth == depth + 1]
    for title, calls in (("On behalf of", before[-1:]), ("Led to", below)):
        if calls:
            yield []
            yield [Span(title, Tone.TITLE)]
        for each in calls:
            status = status_of(each)
            tail = f"  {status.text}  {took(each)}".rstrip()
            text = f"{edge_of(each)}  {clean(each.method)} {clean(each.target)}"
            yield [Span(cut(text, max(8, width - width_of(tail)))), Span(tail, status.tone)]


def detached_line(call: ExchangeView, calls: Sequence[ExchangeView], width: int) -> Lines:
    """Says so, when a service seems not to have passed on the trace on whose behalf it made ``call``."""
    origin = answering(call, calls)
    if origin is None:
        return []
    text = (
        f"{call.caller} was answering {origin.method} {origin.target} then, but did not pass traceparent on"
    )
    return [[Span(part, Tone.WARN)] for part in wrap_words("▲ " + clean(text), width)]


# --- two side by side -----------------------------------------------------------------------------------


def diff_of(first: ExchangeView, second: ExchangeView, width: int) -> Lines:
    """Field by field; a field that differs has a mark."""
    column = max(_LEAST_COLUMN, (width - _LABEL - 4) // 2)
    lines: Lines = [
        [
            Span("  "),
            _label(""),
            Span(pad("◆ marked", column), Tone.ACCENT),
            Span("  "),
            Span("▌ here", Tone.ACCENT),
        ]
    ]
    for label, left, right in _compared(first, second):
        same = left == right
        tone = Tone.MUTED if same else Tone.TEXT
        rows = max(len(lefts := _parts(left, column)), len(rights := _parts(right, column)))
        for row in range(rows):
            lines.append(
                [
                    Span("≠ " if not same and row == 0 else "  ", Tone.WARN),
                    _label(label if row == 0 else ""),
                    Span(pad(lefts[row] if row < len(lefts) else "", column), tone),
                    Span("  "),
                    Span(
                        cut(rights[row], column) if row < len(rights) else "", tone if same else Tone.STRONG
                    ),
                ]
            )
    factor = second.ms / first.ms if first.ms else 0.0
    lines.append([])
    if factor >= 1.05 or 0 < factor <= 0.95:  # noqa: PLR2004 -- else they are alike
        said = f"{factor:.1f} times as long" if factor >= 1 else f"{1 / factor:.1f} times as fast"
        lines.append([Span("  "), Span(f"here: {said}", Tone.TEXT)])
    apart = abs(second.at - first.at)
    said = units.latency(apart * 1000.0) if apart < 60 else units.age(apart)  # noqa: PLR2004 -- a minute
    lines.append(
        [Span(f"  {said} {'later' if second.at >= first.at else 'earlier'} than the marked one", Tone.MUTED)]
    )
    return lines


def _compared(first: ExchangeView, second: ExchangeView) -> Iterator[tuple[str, str, str]]:
    def said(call: ExchangeView) -> dict[str, str]:
        return {
            "Edge": edge_of(call),
            "Method": clean(call.method),
            "Path": clean(call.target),
            "Status": status_of(call).text,
            "Took": took(call),
            "Asked": f"{units.size(call.bytes_in)}B",
            "Answered": f"{units.size(call.bytes_out)}B",
            "Instance": clean(call.instance),
            "Error": clean(call.error),
            "By": clean(call.by),
            "Retries": str(call.retries or ""),
            "Hedged": "yes" if call.hedged else "",
            "Faults": ", ".join(call.faults),
            "Trace": clean(call.trace[:SHORT_ID]),
        }

    left, right = said(first), said(second)
    for label, text in left.items():
        if text or right[label]:
            yield label, text or "-", right[label] or "-"


def _parts(text: str, width: int) -> list[str]:
    return wrap_words(text, width)[:4] or [""]


# --- calling again --------------------------------------------------------------------------------------


def signals_of(call: ExchangeView, picture: Picture) -> EdgeSignalsView | None:
    """The figures of the call's edge; where two endpoints are called, of the one that carried more."""
    edges = [edge for edge in picture.signals if edge.caller == call.caller and edge.callee == call.callee]
    return max(edges, key=lambda edge: (edge.protocol == "http", edge.requests), default=None)


def base_of(call: ExchangeView, picture: Picture) -> str | None:
    """Where the call can be made again over the same edge; None while nobody listens there."""
    found = taken_apart(call.target)
    if found is not None:
        return call.target.removesuffix(found[1])
    edge = signals_of(call, picture)
    return f"{edge.scheme}://127.0.0.1:{edge.port}" if edge is not None and edge.port else None


def bare(call: ExchangeView) -> Exchange:
    """The call without what is not known of it: headers and bodies."""
    took = int(call.ms * 1000)
    return Exchange("1", call.at, took, call.caller, call.callee, Request(call.method, call.target))


def _label(text: str) -> Span:
    return Span(pad(text, _LABEL), Tone.MUTED)


def _wrapped(label: str, text: str, width: int, tone: Tone) -> Iterator[list[Span]]:
    for number, part in enumerate(wrap_words(clean(text), max(8, width - _LABEL))):
        yield [_label(label if number == 0 else ""), Span(part, tone)]
