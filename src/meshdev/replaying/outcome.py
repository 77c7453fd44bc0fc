"""What came of requests that were sent again: pure, and plain data."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from meshdev.kernel.quantity import format_count, format_duration
from meshdev.recording.comparison import Report


class Latencies(Struct, frozen=True):
    """Milliseconds: recorded and now."""

    count: int
    recorded_p50: float
    recorded_p99: float
    p50: float
    p99: float


class Outcome(Struct, frozen=True, kw_only=True):
    """``report`` is of the answers that could be compared; ``errors`` are requests without an answer, by reason.

    ``refused`` counts 401 and 403 where the recording has placeholders for secrets: the live service wants real ones.
    ``lag`` is how far behind its schedule the latest request left, seconds.
    """

    recording: str
    target: str
    against: str = ""
    sent: int = 0
    report: Report = Report(0, 0)
    latencies: Latencies | None = None
    errors: dict[str, int] = {}
    left_out: dict[str, int] = {}
    refused: int = 0
    lag: float = 0.0
    seconds: float = 0.0

    @property
    def same(self) -> bool:
        """Whether everything was as recorded."""
        return not self.report.different and not self.errors


def latencies(pairs: Sequence[tuple[float, float]]) -> Latencies | None:
    """Of (recorded, now) in seconds; None when there are none."""
    if not pairs:
        return None
    before, now = sorted(pair[0] for pair in pairs), sorted(pair[1] for pair in pairs)
    return Latencies(len(pairs), _at(before, 0.5), _at(before, 0.99), _at(now, 0.5), _at(now, 0.99))


def _at(ordered: Sequence[float], share: float) -> float:
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000, 3)


def lines(outcome: Outcome) -> Iterable[str]:
    """The same for people."""
    where = f"{outcome.target} against {outcome.against}" if outcome.against else outcome.target
    sent, took = format_count(outcome.sent, "request"), format_duration(outcome.seconds)
    yield f"{outcome.recording}: {sent} to {where} in {took}"
    yield str(outcome.report)
    found = outcome.latencies
    if found is not None:
        yield (
            f"latency: p50 {found.p50:.1f} ms (recorded {found.recorded_p50:.1f}), "
            f"p99 {found.p99:.1f} ms (recorded {found.recorded_p99:.1f})"
        )
    for reason, count in outcome.errors.items():
        yield f"{count} without an answer: {reason}"
    for reason, count in outcome.left_out.items():
        yield f"left out: {count} {reason}"
    if outcome.refused:
        yield (
            f"{outcome.refused} were refused (401, 403): the recording has placeholders for secrets; "
            "give real ones with --header 'authorization: Bearer …'"
        )
    if outcome.lag > 0.1:  # noqa: PLR2004 - as one would notice
        yield f"the sender was up to {format_duration(outcome.lag)} behind its schedule"
