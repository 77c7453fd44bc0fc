"""Whether the steady state holds, since when not, and when again."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshdev.chaos.judge import Answer, Evidence, gate, judge, recovered
from meshdev.topology.experiment import Check, HttpCheck, SignalCheck
from support_experiments import FRONT, sample, samples, steady


def judged(check: SignalCheck, evidence: Evidence, window: float = 5.0) -> tuple[bool, float | None]:
    """Over ten seconds."""
    (found,) = judge([check], evidence, 0.0, 10.0, window)
    return found.holds, found.broke


def test_all_is_well() -> None:
    """Quick answers without an error hold every bound."""
    evidence = Evidence(samples(steady(0, 10)))
    assert judged(
        SignalCheck("outside", "front", errors=0.0, p50=0.02, p90=0.02, p99=0.02, rps=9), evidence
    ) == (
        True,
        None,
    )


@pytest.mark.parametrize(
    ("check", "broke"),
    [
        (SignalCheck("outside", "front", errors=0.01), 4.0),
        (SignalCheck("outside", "front", p99=0.5), 4.0),
        (SignalCheck("outside", "front", p50=0.5), None),  # two of ten seconds are no median of five
        (SignalCheck("outside", "front", rps=9), None),
        (SignalCheck("outside", "front", rps=11), 0.0),
        (SignalCheck("outside", "front", errors=0.01, route="POST /"), None),  # nobody calls that
        (SignalCheck("outside", "front", errors=0.01, tolerance=1.0), None),
    ],
)
def test_the_first_bad_second_is_found(check: SignalCheck, broke: float | None) -> None:
    """From 4 to 6 every call is slow and fails; windows that slide find the second in which that begins."""
    calls = [*steady(0, 4), *steady(4, 6, ms=2000, failed=True), *steady(6, 10)]
    holds, found = judged(check, Evidence(samples(calls)))
    assert holds is (broke is None)
    assert found == broke or check.tolerance


def test_a_single_failure_among_many_is_borne() -> None:
    """What breaks one second does not break its window."""
    calls = [*steady(0, 10), *steady(0, 10), sample(5.05, failed=True)]
    assert judged(FRONT, Evidence(samples(calls))) == (True, None)


def test_a_call_belongs_to_when_it_began() -> None:
    """Answers come late and in any order; what counts is the call."""
    late = [*steady(6, 10), *steady(0, 6, ms=900)]
    assert judged(FRONT, Evidence(samples(late))) == (False, 0.0)


def test_probes_and_their_tolerance() -> None:
    """A probe may fail at the share of moments that is borne."""
    answers = [Answer(float(at), 0, at != 3, "answered 503") for at in range(10)]
    strict, lenient = HttpCheck("http://x/"), HttpCheck("http://x/", tolerance=0.1)
    (hard,) = judge([strict], Evidence(answers=answers), 0, 10, 5)
    (soft,) = judge([lenient], Evidence(answers=answers), 0, 10, 5)
    assert (hard.holds, hard.broke, hard.detail, hard.bad, hard.moments) == (
        False,
        3.0,
        "answered 503",
        1,
        10,
    )
    assert soft.holds


@given(st.integers(0, 16))
def test_recovery_is_the_end_of_the_last_trouble(halves: int) -> None:
    """Slow for so many half seconds, then quick: that is the time to recover."""
    calls = [*steady(0, halves / 2, ms=900), *steady(halves / 2, 12)]
    assert recovered([FRONT], Evidence(samples(calls)), 0.0, 12.0) == halves / 2


def test_never_back() -> None:
    """What is bad to the end has not recovered."""
    assert recovered([FRONT], Evidence(samples(steady(0, 10, ms=900))), 0.0, 10.0) is None


def test_a_gate_wants_to_see_something() -> None:
    """An edge that nobody calls, and a probe that never answers, prove nothing."""
    unseen = Evidence(samples([]), [])
    checks: list[Check] = [FRONT, HttpCheck("http://x/", every=1.0, timeout=2.0)]
    assert [it.holds for it in gate(checks, unseen, 0, 5, 5)] == [False, False]
    assert [it.holds for it in judge(checks, unseen, 0, 2, 5)] == [True, True]  # too short for an answer
    seen = Evidence(samples(steady(0, 5)), [Answer(1.0, 1, ok=True)])
    assert [it.holds for it in gate(checks, seen, 0, 5, 5)] == [True, True]


def test_latencies_that_nobody_measures() -> None:
    """A bound on the latency of an edge that is not read as HTTP proves nothing."""
    connections = [replace(one, seconds=None) for one in steady(0, 5)]
    unmeasured = Evidence(samples(connections))
    errors = SignalCheck("outside", "front", errors=0.01)
    assert [it.holds for it in gate([FRONT, errors], unmeasured, 0, 5, 5)] == [False, True]
