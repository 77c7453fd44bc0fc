"""The histogram is within 2 %, and adding two is the same as counting everything in one."""

from math import ceil

from hypothesis import given
from hypothesis import strategies as st

from meshdev.telemetry.histogram import Histogram, bucket, middle

VALUES = st.lists(st.integers(0, 1 << 40), min_size=1, max_size=200)


@given(st.integers(0, 1 << 50))
def test_a_bucket_stands_for_its_values_within_two_percent(value: int) -> None:
    """The relative error of one value is bounded."""
    assert abs(middle(bucket(value)) - value) <= 0.02 * value


@given(st.integers(0, 1 << 50))
def test_buckets_are_in_the_order_of_values(value: int) -> None:
    """A larger value is never in a smaller bucket, and the next bucket is reached without a gap."""
    assert 0 <= bucket(value + 1) - bucket(value) <= 1


@given(VALUES, st.floats(0.01, 1.0))
def test_quantiles_are_within_two_percent(values: list[int], q: float) -> None:
    """Against the exact quantile of the sorted values."""
    histogram = Histogram()
    for value in values:
        histogram.record(value)
    exact = sorted(values)[max(1, ceil(q * len(values))) - 1]
    assert abs(histogram.quantile(q) - exact) <= 0.02 * exact


@given(VALUES, VALUES)
def test_adding_is_counting_everything_in_one(first: list[int], second: list[int]) -> None:
    """Order and partition do not matter."""
    parts = [Histogram(), Histogram(), Histogram()]
    for value in first:
        parts[0].record(value)
        parts[2].record(value)
    for value in second:
        parts[1].record(value)
        parts[2].record(value)
    parts[0].add(parts[1].counts)
    assert parts[0] == parts[2]
    assert parts[0].total == len(first) + len(second)


def test_nothing_counted_is_zero() -> None:
    """An empty histogram has an answer."""
    assert Histogram().quantile(0.99) == 0.0


def test_a_clock_that_went_back_counts_as_zero() -> None:
    """Negative values are not lost."""
    histogram = Histogram()
    histogram.record(-5)
    assert histogram.counts == {0: 1}
