"""Exponential backoff: delays double, end at the most, and are shortened by the drawn part."""

from hypothesis import given
from hypothesis import strategies as st

from meshdev.kernel.backoff import Backoff


def test_delays_double_up_to_the_most() -> None:
    """From the first to the most, and no further."""
    backoff = Backoff(first=1.0, most=5.0, jitter=0.0)
    assert [backoff.delay(attempt, 0.5) for attempt in range(1, 6)] == [1.0, 2.0, 4.0, 5.0, 5.0]


@given(attempt=st.integers(1, 10**9), draw=st.floats(0, 1, exclude_max=True))
def test_a_delay_is_never_longer_than_the_most_nor_shorter_than_its_jitter_allows(
    attempt: int, draw: float
) -> None:
    """However often it was tried and whatever is drawn."""
    backoff = Backoff(first=0.1, most=30.0, jitter=0.2)
    full = backoff.delay(attempt, 0.0)
    assert full <= 30.0
    assert full * 0.8 <= backoff.delay(attempt, draw) <= full
