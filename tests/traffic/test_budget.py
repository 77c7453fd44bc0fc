"""Retries stay a share of the requests."""

from hypothesis import given
from hypothesis import strategies as st

from meshdev.traffic.budget import LEAST, REFILL_SECONDS, Budget


def test_an_edge_without_traffic_has_three() -> None:
    """And gets them back with time."""
    it = Budget()
    assert [it.take(0.0) for _ in range(4)] == [True, True, True, False]
    assert [it.take(REFILL_SECONDS / 3) for _ in range(2)] == [True, False]


def test_five_requests_pay_for_one_retry() -> None:
    """20 % when nothing else is said."""
    it = Budget(tokens=0.0)
    for _ in range(5):
        it.request()
    assert [it.take(0.0), it.take(0.0)] == [True, False]


def test_a_budget_of_nothing_ends_with_its_first_tokens() -> None:
    """It is not refilled."""
    it = Budget(share=0.0, tokens=0.0)
    it.request()
    assert not it.take(1000.0)


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 0.1)), max_size=400))
def test_retries_never_exceed_their_share(steps: list[tuple[bool, float]]) -> None:
    """Whatever comes when."""
    it = Budget()
    now, requests, retries = 0.0, 0, 0
    for is_request, passed in steps:
        now += passed
        if is_request:
            it.request()
            requests += 1
        elif it.take(now):
            retries += 1
        assert retries <= LEAST + requests * it.share + now * LEAST / REFILL_SECONDS + 1e-6
