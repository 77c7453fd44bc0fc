"""What came of a replay, in lines: by route and field, latencies beside the recorded ones. Pure."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from meshdev.kernel.quantity import format_duration
from meshdev.tui import units
from meshdev.tui.cells import clean, cut, wrap_words
from meshdev.tui.tone import Span, Tone

if TYPE_CHECKING:
    from meshdev.replaying.outcome import Outcome

Lines = Iterator[list[Span]]


def report_lines(service: str, outcome: "Outcome", width: int) -> Lines:
    """One service's."""
    shape, tone = ("✓", Tone.OK) if outcome.same else ("✕", Tone.ALERT)
    report = outcome.report
    verdict = "all as recorded" if outcome.same else f"{report.different} of {report.compared} answers differ"
    yield [
        Span(f"{shape} {clean(service)}", tone),
        Span(f"  {verdict}", Tone.STRONG),
        Span(f"  {units.plural(outcome.sent, 'request')} in {format_duration(outcome.seconds)}", Tone.MUTED),
    ]
    found = outcome.latencies
    if found is not None:
        yield [
            Span("  p50 ", Tone.MUTED),
            Span(units.latency(found.p50)),
            Span(f" (recorded {units.latency(found.recorded_p50)})   p99 ", Tone.MUTED),
            Span(units.latency(found.p99)),
            Span(f" (recorded {units.latency(found.recorded_p99)})", Tone.MUTED),
        ]
    for reason, count in outcome.errors.items():
        yield [Span(cut(f"  ✕ {count} without an answer: {clean(reason)}", width), Tone.BAD)]
    for reason, count in outcome.left_out.items():
        yield [Span(cut(f"  left out: {count} {reason}", width), Tone.MUTED)]
    if outcome.refused:
        text = (
            f"▲ {units.plural(outcome.refused, 'request')} refused (401, 403): "
            "the recording has placeholders for secrets; "
            "`meshdev replay … --header 'authorization: Bearer …'` gives real ones"
        )
        for part in wrap_words(text, width - 2):
            yield [Span(f"  {part}", Tone.WARN)]
    yield from _differences(outcome, width)


def _differences(outcome: "Outcome", width: int) -> Lines:
    route = ""
    for line in outcome.report.lines:
        if line.route != route:
            route = line.route
            yield []
            yield [Span(cut(f"  {clean(route)}", width), Tone.TITLE)]
        often = f" {line.count} times" if line.count > 1 else ""
        yield [Span("  ≠ ", Tone.WARN), Span(clean(line.place)), Span(often, Tone.MUTED)]
        for word, value in (("recorded", line.expected), ("now", line.actual)):
            text = "nothing" if value is None else clean(value)
            tone = Tone.MUTED if word == "recorded" else Tone.STRONG
            yield [Span(f"    {word:<9}", Tone.FAINT), Span(cut(text, max(8, width - 13)), tone)]
