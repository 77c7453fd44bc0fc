"""The circuit's table, and what holds whatever happens."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshdev.traffic.breaker import Breaker, Circuit

OK, FAILED, UNKNOWN = False, True, None


def call(it: Breaker, now: float, verdict: bool | None) -> bool:  # noqa: FBT001 - the table's column
    """Make a call if it passes; whether it did."""
    admitted = it.admit(now)
    if admitted is not None:
        it.end(admitted, failed=verdict, now=now)
    return admitted is not None


@pytest.mark.parametrize(
    ("verdicts", "state"),
    [
        ([FAILED, FAILED], Circuit.CLOSED),
        ([FAILED, FAILED, FAILED], Circuit.OPEN),
        ([FAILED, FAILED, OK, FAILED, FAILED], Circuit.CLOSED),
        ([FAILED, UNKNOWN, FAILED, FAILED], Circuit.OPEN),
    ],
)
def test_failures_in_a_row_open_it(verdicts: list[bool | None], state: Circuit) -> None:
    """A success in between begins the count anew, a call without a verdict does not."""
    it = Breaker(consecutive_errors=3)
    for verdict in verdicts:
        assert call(it, 0.0, verdict)
    assert it.state is state


@pytest.mark.parametrize(
    ("verdicts", "state"),
    [
        ([FAILED] * 4, Circuit.CLOSED),
        ([FAILED] * 5, Circuit.OPEN),
        ([OK] * 5 + [FAILED] * 5, Circuit.CLOSED),
        ([OK] * 5 + [FAILED] * 6, Circuit.OPEN),
    ],
)
def test_a_share_of_failures_opens_it(verdicts: list[bool | None], state: Circuit) -> None:
    """Above the rate, once there were calls enough to speak of one."""
    it = Breaker(error_rate=0.5)
    for verdict in verdicts:
        call(it, 0.0, verdict)
    assert it.state is state


def test_old_failures_are_forgotten() -> None:
    """Only the window counts."""
    it = Breaker(error_rate=0.5, window=10.0)
    for step in range(40):
        assert call(it, step * 3.0, FAILED)
    assert it.state is Circuit.CLOSED


def test_one_tries_when_it_was_open_long_enough() -> None:
    """The others are refused; its success closes the circuit, its failure opens it for as long again."""
    it = Breaker(consecutive_errors=1, open_for=5.0)
    call(it, 0.0, FAILED)
    assert it.admit(4.9) is None
    assert it.retry_after(4.0) == 1.0
    trying = it.admit(5.0)
    assert trying is not None
    assert (it.state, it.admit(5.0)) == (Circuit.HALF_OPEN, None)
    it.end(trying, failed=True, now=6.0)
    assert (it.state, it.opened, it.admit(10.9)) == (Circuit.OPEN, 2, None)
    assert call(it, 11.0, OK)
    assert (it.state, it.retry_after(11.0)) == (Circuit.CLOSED, 0.0)


def test_a_try_without_a_verdict_lets_another_try() -> None:
    """Its caller left; nobody waits for ever."""
    it = Breaker(consecutive_errors=1, open_for=5.0)
    call(it, 0.0, FAILED)
    assert call(it, 5.0, UNKNOWN)
    assert call(it, 5.0, OK)
    assert it.state is Circuit.CLOSED


def test_calls_from_before_do_not_decide() -> None:
    """What began before the circuit opened says nothing about now."""
    it = Breaker(consecutive_errors=1, open_for=5.0)
    early, earlier = it.admit(0.0), it.admit(0.0)
    assert early is not None
    assert earlier is not None
    call(it, 0.0, FAILED)
    it.end(early, failed=False, now=1.0)
    assert it.admit(1.0) is None
    assert it.admit(5.0) is not None
    it.end(earlier, failed=False, now=5.0)
    assert (it.state, it.admit(5.0)) == (Circuit.HALF_OPEN, None)


@given(
    st.sampled_from(
        [Breaker(consecutive_errors=2, open_for=3.0), Breaker(error_rate=0.3, window=5.0, open_for=3.0)]
    ),
    st.lists(st.tuples(st.floats(0, 2), st.sampled_from([OK, FAILED, UNKNOWN]), st.booleans()), max_size=80),
)
def test_it_always_closes_again(rule: Breaker, steps: list[tuple[float, bool | None, bool]]) -> None:
    """Whatever happened, one good call after `open_for` closes it, and half-open lets one pass at a time."""
    it = Breaker(rule.consecutive_errors, rule.error_rate, rule.window, rule.open_for)
    now, under_way = 0.0, []
    for passed, verdict, ends in steps:
        now += passed
        admitted = it.admit(now)
        if admitted is not None:
            under_way.append((admitted, verdict))
        if it.state is Circuit.HALF_OPEN:
            assert it.admit(now) is None
        if ends and under_way:
            ended, known = under_way.pop(0)
            it.end(ended, failed=known, now=now)
    for ended, _ in under_way:
        it.end(ended, failed=None, now=now)
    assert call(it, now + rule.open_for, OK)
    assert it.state is Circuit.CLOSED
