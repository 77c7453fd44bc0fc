"""From what a run has seen to its verdict."""

import pytest

from meshdev.chaos.judge import Judgement
from meshdev.chaos.outcome import conclude
from meshdev.chaos.report import ExperimentReport, Verdict
from support_experiments import experiment, outcome, sample, steady

CALM = steady(100, 114)
SLOW = [*steady(100, 106), *steady(106, 109, ms=900), *steady(109, 114)]


def verdict(report: ExperimentReport) -> tuple[Verdict, int]:
    """Both."""
    return report.verdict, report.exit_code


def test_it_holds() -> None:
    """Nothing broke, nothing had to recover."""
    report = conclude(outcome(CALM))
    assert verdict(report) == (Verdict.HOLDS, 0)
    assert (report.broke, report.recovery) == (None, 0.0)
    assert [(check.phase, check.holds) for check in report.checks] == [("meanwhile", True), ("after", True)]


def test_it_deviates() -> None:
    """The steady state broke in the timeline's second second."""
    report = conclude(outcome(SLOW))
    assert verdict(report) == (Verdict.DEVIATED, 1)
    assert (report.broke, report.recovery) == (1.0, 0.0)


def test_it_may_break_as_long_as_it_recovers() -> None:
    """With `may_break` what counts is the time to recover."""
    late = [*steady(100, 106), *steady(106, 112, ms=900), *steady(112, 114)]
    tried = experiment(may_break=True)
    assert verdict(conclude(outcome(SLOW, tried=tried))) == (Verdict.HOLDS, 0)
    report = conclude(outcome(late, tried=tried))
    assert (verdict(report), report.recovery) == ((Verdict.HOLDS, 0), 2.0)
    slower = conclude(outcome(late, tried=experiment(may_break=True, recovery=1.0)))
    assert verdict(slower) == (Verdict.DEVIATED, 1)
    never = conclude(outcome(steady(100, 106) + steady(106, 114, ms=900), tried=tried))
    assert (verdict(never), never.recovery) == ((Verdict.DEVIATED, 1), None)


def test_the_gate_comes_first() -> None:
    """What did not hold before says nothing about the faults."""
    run = outcome(SLOW)
    run.gate = [Judgement("front is quick", holds=False, detail="p99 2 s")]
    run.meanwhile = run.after = None
    report = conclude(run)
    assert verdict(report) == (Verdict.GATE_FAILED, 5)
    assert "front is quick (p99 2 s)" in report.summary
    assert report.blast is None


def test_what_could_not_be_done_is_no_deviation() -> None:
    """An action that failed goes before what was seen."""
    run = outcome(SLOW)
    run.done[0].error = "there is no such edge"
    assert verdict(conclude(run)) == (Verdict.ACTION_FAILED, 6)


def test_interrupted() -> None:
    """Whatever was seen by then."""
    run = outcome(SLOW)
    run.interrupted = True
    assert verdict(conclude(run)) == (Verdict.INTERRUPTED, 130)


@pytest.mark.parametrize(("hits", "noted"), [(0, True), (3, False), (None, False)])
def test_a_fault_without_a_hit_is_noted(hits: int | None, noted: bool) -> None:  # noqa: FBT001 -- a table
    """It proves nothing."""
    run = outcome(CALM)
    run.done[0].hits = hits
    assert any("hit nothing" in note for note in conclude(run).notes) is noted


def test_errors_by_cause_and_series() -> None:
    """Failures meanwhile are counted by cause; every second of every edge is in the series."""
    failures = [
        sample(106.5, edge="front -> back", failed=True, struck=True, trace="a"),
        sample(106.5, failed=True, trace="a"),
        sample(107.5, failed=True, trace="b"),
        sample(111.5, failed=True, trace="c"),  # afterwards
    ]
    report = conclude(outcome([*CALM, *failures]))
    assert (report.errors.injected, report.errors.knock_on, report.errors.organic) == (1, 1, 1)
    front = next(series for series in report.series if series.edge == "outside -> front")
    assert (front.at[0], len(front.at), front.rps[6]) == (-5.0, 14, 11.0)
    assert report.load is not None
    assert (report.load.requests, report.load.rps, report.load.p99_ms) == (150, 10.0, 10.0)
