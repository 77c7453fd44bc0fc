"""A trace as a waterfall: a line a call, indented below who called it, with a bar on a common scale of time. Pure.

A heavy bar is a call's own time, a light one the time in which it waited for a call of its own. ``◆`` marks the
critical path; ``✕`` a failed call; ``~`` one that hangs where it does by time alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from meshdev.telemetry.exchange_filter import failed
from meshdev.telemetry.traces import Hop, Join, Trace, end_of
from meshdev.tui import units
from meshdev.tui.cells import clean, cut, pad, width_of
from meshdev.tui.flow_cells import acts_of, edge_of, pace_of, status_of, took
from meshdev.tui.tone import Span, Tone

_MOST_INDENT = 12
_STATUS, _MOST_STATUS, _TOOK, _GAP = 6, 24, 6, 2
_LEAST_CHART = 16
_LEAST_NAME, _MOST_NAME = 20, 64
_OWN, _WAITS = "━", "─"


@dataclass(frozen=True, slots=True)
class Frame:
    """How the lines of a trace are laid out over so many cells."""

    name: int
    chart: int
    status: int = 6

    @classmethod
    def over(cls, width: int, trace: Trace) -> "Frame":
        """What fits: the chart gets the better half."""
        longest = max(width_of(status_of(hop.call).text) for hop in trace.hops)
        status = min(max(_STATUS, longest), _MOST_STATUS, max(_STATUS, width // 6))
        rest = max(0, width - 2 - status - _TOOK - 3 * _GAP)
        name = min(_MOST_NAME, max(_LEAST_NAME, rest * 45 // 100))
        return cls(min(name, rest), rest - name if rest - name >= _LEAST_CHART else 0, status)


def axis_of(trace: Trace, frame: Frame) -> list[Span]:
    """The line above the calls: column titles and the scale of time."""
    spans = [
        Span("  " + pad("CALL", frame.name), Tone.MUTED),
        Span("  " + pad("STATUS", frame.status) + "  " + pad("TOOK", _TOOK, right=True) + "  ", Tone.MUTED),
    ]
    if frame.chart:
        total = trace.summary.ms
        end = units.latency(total)
        middle = units.latency(total / 2)
        if frame.chart >= 30:  # noqa: PLR2004 -- room for three marks
            half = frame.chart // 2
            text = pad("0", half) + pad(middle, frame.chart - half - len(end)) + end
        else:
            text = pad("0", frame.chart - len(end)) + end
        spans.append(Span(text, Tone.FAINT))
    return spans


def line_of(trace: Trace, hop: Hop, frame: Frame, above: str) -> list[Span]:
    """One call; ``above`` is the service that the line hangs below."""
    call = hop.call
    status = status_of(call)
    bad = failed(call)
    indent = cut(_indent(hop), frame.name)
    sender, receiver = call.ends
    who = clean(receiver) if hop.depth and sender == above else edge_of(call)
    room = max(0, frame.name - width_of(indent))
    who = cut(who, room)
    acts = acts_of(call)
    what = f" {clean(call.method)} {clean(call.target)}"
    marks = f" {acts}" if acts else ""
    what = cut(what, max(0, room - width_of(who) - width_of(marks)))
    used = width_of(who) + width_of(what) + width_of(marks)
    return [
        Span("◆ " if hop.critical else "  ", Tone.ACCENT),
        Span(indent, Tone.FAINT),
        Span(who, Tone.BAD if bad else Tone.STRONG),
        Span(what, Tone.MUTED),
        Span(marks, Tone.WARN),
        Span(" " * max(0, room - used) + "  "),
        Span(pad(status.text, frame.status), status.tone),
        Span("  " + pad(took(call), _TOOK, right=True) + "  ", pace_of(call.ms)),
        *bar_spans(trace, hop, frame.chart),
    ]


def bar_spans(trace: Trace, hop: Hop, cells: int) -> list[Span]:
    """The call's bar on the trace's scale, ``cells`` wide."""
    if not cells:
        return []
    start, length = trace.summary.start, max(trace.summary.end - trace.summary.start, 1e-6)
    scale = cells / length
    call = hop.call
    left = min(cells - 1, int((call.at - start) * scale))
    right = min(cells, max(left + 1, round((end_of(call) - start) * scale)))
    tone = Tone.ALERT if failed(call) else Tone.ACCENT if hop.critical else Tone.MUTED
    waits = bytearray(right - left)
    for begin, end in hop.waits:
        first = round((begin - start) * scale) - left
        last = round((end - start) * scale) - left
        for cell in range(max(0, first), min(len(waits), last)):
            waits[cell] = 1
    if all(waits):
        waits[0] = 0  # a call is never nothing but waiting
    text = "".join(_WAITS if waiting else _OWN for waiting in waits)
    return [Span(" " * left), Span(text, tone), Span(" " * (cells - right))]


def summary_of(trace: Trace) -> list[Span]:
    """The trace on one line."""
    summary = trace.summary
    own = max(trace.hops, key=lambda hop: hop.own_ms)
    spans = [
        Span(units.clock(summary.start), Tone.MUTED),
        Span(f"  {units.latency(summary.ms)}", Tone.STRONG),
        Span(
            f"  {units.plural(summary.spans, 'call')}, {units.plural(summary.services, 'service')}",
            Tone.MUTED,
        ),
    ]
    if summary.errors:
        spans.append(Span(f"  ✕ {units.count(summary.errors)} failed", Tone.ALERT))
    if summary.spans > 1:
        share = own.own_ms / summary.ms if summary.ms else 0.0
        spans.append(Span(f"  {units.share(min(1.0, share))} in {clean(own.call.callee)} itself", Tone.MUTED))
    return spans


def notes_of(trace: Trace, losers: Mapping[str, int]) -> list[list[Span]]:
    """What is wrong with the tree itself; ``losers`` are services that seem not to pass ``traceparent`` on."""
    notes = []
    for name, count in sorted(losers.items()):
        what = f"{units.plural(count, 'call')} of {clean(name)} began meanwhile without traceparent"
        notes.append([Span(f"▲ {what}: it seems not to pass it on", Tone.WARN)])
    if trace.roots > 1:
        text = f"▲ {units.count(trace.roots)} parts: the calls that join them were not seen"
        notes.append([Span(text, Tone.WARN)])
    if trace.guessed:
        text = f"~ {units.plural(trace.guessed, 'call')} joined by time: the parent's span is a service's own"
        notes.append([Span(text, Tone.MUTED)])
    return notes


def aboves(hops: Sequence[Hop]) -> list[str]:
    """For each line the service that it hangs below."""
    path: list[str] = []
    found = []
    for hop in hops:
        del path[hop.depth :]
        found.append(path[-1] if path else "")
        path.append(hop.call.ends[1])
    return found


def _indent(hop: Hop) -> str:
    if not hop.depth:
        return ""
    mark = "~ " if hop.join is Join.TIME else "└ "
    if hop.depth > _MOST_INDENT:
        return f"{hop.depth:>{2 * _MOST_INDENT - 3}} {mark}"
    return "  " * (hop.depth - 1) + mark
