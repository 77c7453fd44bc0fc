"""The last single calls that failed on an edge, as lines of its details. Pure."""

from collections.abc import Collection, Iterable
from itertools import islice

from meshdev.telemetry.exchange_filter import failed
from meshdev.tui import units
from meshdev.tui.cells import clean, cut, fit, pad
from meshdev.tui.facts import Lines
from meshdev.tui.flow_cells import pace_of, request_of, status_of
from meshdev.tui.graph.scene import Pair
from meshdev.tui.tone import Span, Tone
from meshdev.wire.control import ExchangeView

MOST = 6
_LOOKED_AT = 5000
_TOOK = 7


def failures_of(pairs: Collection[Pair], newest_first: Iterable[ExchangeView]) -> list[ExchangeView]:
    """The newest of the last calls that failed between one of these pairs, the newest first."""
    looked_at = islice(newest_first, _LOOKED_AT)
    found = (call for call in looked_at if (call.caller, call.callee) in pairs and failed(call))
    return list(islice(found, MOST))


def failure_lines(calls: Iterable[ExchangeView], width: int) -> Lines:
    """When, how, and below it what was asked for, in at most ``width`` cells a line; no lines for no calls."""
    lines: Lines = []
    for call in calls:
        lines.append(list(fit(_head(call, width), width)))
        lines.append([Span("  "), Span(cut(request_of(call), width - 2), Tone.TEXT)])
    return [[], [Span("Last errors", Tone.TITLE)], *lines] if lines else []


def _head(call: ExchangeView, width: int) -> list[Span]:
    status, clock = status_of(call), f"{units.clock(call.at)}  "
    room = max(0, width - len(clock) - len(status.text) - 2 - _TOOK)
    words = clean(call.error) if call.error else f"by {clean(call.by)}" if call.by else ""
    return [
        Span(clock, Tone.FAINT),
        Span(status.text, status.tone),
        Span("  "),
        Span(pad(cut(words, room), room), Tone.BAD),
        Span(pad(units.latency(call.ms), _TOOK, right=True), pace_of(call.ms)),
    ]
