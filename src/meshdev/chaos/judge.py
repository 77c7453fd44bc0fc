"""Whether the steady state holds: in a stretch of time, since when it does not, and when it does again. Pure.

Signals are judged over windows that slide by a second within the phase that they belong to, so a single failed call
breaks nothing that its window can bear. Probes are judged by their answers. A check with a tolerance may fail at that
share of its moments.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from meshdev.chaos.samples import Samples, Signals, signals_of
from meshdev.chaos.words import check_words, milliseconds, percent
from meshdev.topology.experiment import Check, ExecCheck, HttpCheck, SignalCheck

STEP = 1.0
FINE = 0.5
SETTLE = 2.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What one probe of the steady state said; ``check`` is its number."""

    at: float
    check: int
    ok: bool
    detail: str = ""


@dataclass(slots=True)
class Evidence:
    """All that a run has seen."""

    samples: Samples = field(default_factory=Samples)
    answers: list[Answer] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Judgement:
    """One check over one phase; ``broke`` is the first moment at which it did not hold."""

    check: str
    holds: bool
    detail: str
    broke: float | None = None
    moments: int = 0
    bad: int = 0


def judge(
    checks: Sequence[Check], evidence: Evidence, begin: float, end: float, window: float
) -> list[Judgement]:
    """Each check over ``[begin, end)``."""
    return [
        _signals(check, evidence.samples, begin, end, window)
        if isinstance(check, SignalCheck)
        else _probe(index, check, evidence, begin, end)
        for index, check in enumerate(checks)
    ]


def gate(
    checks: Sequence[Check], evidence: Evidence, begin: float, end: float, window: float
) -> list[Judgement]:
    """The same, before anything is done: what nobody has called, or asked, does not hold either."""
    found = []
    for check, it in zip(checks, judge(checks, evidence, begin, end, window), strict=True):
        missing = _unseen(check, evidence.samples, begin, end) if isinstance(check, SignalCheck) else ""
        found.append(replace(it, holds=False, detail=missing) if missing else it)
    return found


def _unseen(check: SignalCheck, samples: Samples, begin: float, end: float) -> str:
    """Why signals cannot be judged by what was seen; empty if they can."""
    calls = samples.between(check.edge, begin, end, check.route)
    if not calls:
        return "nobody called: is there a load?"
    timed = check.p50 is not None or check.p90 is not None or check.p99 is not None
    if timed and all(call.seconds is None for call in calls):
        return "what passes has no latencies: it is not read, or nobody answers it"
    return ""


def recovered(
    checks: Sequence[Check], evidence: Evidence, begin: float, until: float, *, fine: float = FINE
) -> float | None:
    """Seconds from ``begin`` until the steady state holds again and for as long as it was watched; None if never.

    It must have been seen to hold for `SETTLE` seconds (or for all the time there was).
    """
    best = None
    steps = int((until - begin) / fine)
    for step in range(steps, -1, -1):
        start = begin + step * fine
        if until - start < min(SETTLE, until - begin) - fine / 2:
            continue
        if not all(it.holds for it in judge(checks, evidence, start, until, max(until - start, fine))):
            break
        best = step * fine
    return best


def faults_of_signals(check: SignalCheck, found: Signals) -> str:
    """What of ``check`` does not hold, in words; empty when all does."""
    wrong = []
    if check.errors is not None and found.calls and found.error_share > check.errors:
        wrong.append(f"errors {percent(found.error_share)}")
    for name, bound, value in (
        ("p50", check.p50, found.p50),
        ("p90", check.p90, found.p90),
        ("p99", check.p99, found.p99),
    ):
        if bound is not None and value is not None and value > bound:
            wrong.append(f"{name} {milliseconds(value)}")
    if check.rps is not None and found.rps < check.rps:
        wrong.append(f"{found.rps:.3g} rps")
    return ", ".join(wrong)


def _signals(check: SignalCheck, samples: Samples, begin: float, end: float, window: float) -> Judgement:
    moments, bad, broke, detail = 0, 0, None, ""
    start = begin
    while True:
        stop = min(end, start + window)
        found = signals_of(samples.between(check.edge, start, stop, check.route), stop - start)
        wrong = faults_of_signals(check, found)
        moments += 1
        if wrong:
            bad += 1
            if broke is None:
                broke, detail = _first_bad(check, samples, start, stop), wrong
        if stop >= end:
            break
        start += STEP
    holds = bad <= check.tolerance * moments
    if not detail:
        whole = signals_of(samples.between(check.edge, begin, end, check.route), end - begin)
        detail = _told(whole)
    return Judgement(check_words(check), holds, detail, broke, moments, bad)


def _first_bad(check: SignalCheck, samples: Samples, start: float, stop: float) -> float:
    """The first second of a window that is bad by itself, else where the window begins."""
    at = start
    while at < stop:
        length = min(STEP, stop - at)
        if faults_of_signals(
            check, signals_of(samples.between(check.edge, at, at + length, check.route), length)
        ):
            return at
        at += STEP
    return start


def _told(found: Signals) -> str:
    if not found.calls:
        return "no calls"
    p99 = "" if found.p99 is None else f", p99 {milliseconds(found.p99)}"
    return f"errors {percent(found.error_share)}{p99}, {found.rps:.3g} rps"


def _probe(
    index: int, check: HttpCheck | ExecCheck, evidence: Evidence, begin: float, end: float
) -> Judgement:
    answers = [it for it in evidence.answers if it.check == index and begin <= it.at < end]
    wrong = [it for it in answers if not it.ok]
    if not answers and end - begin > check.every + check.timeout:
        return Judgement(
            check_words(check), holds=False, detail="there was no answer", broke=begin, moments=1, bad=1
        )
    holds = len(wrong) <= check.tolerance * len(answers)
    detail = wrong[0].detail if wrong else f"{len(answers)} of {len(answers)} answers as they should be"
    return Judgement(
        check_words(check), holds, detail, wrong[0].at if wrong else None, len(answers), len(wrong)
    )
