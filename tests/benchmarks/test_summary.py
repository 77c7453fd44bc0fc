"""Medians, ratios, and how figures are written."""

import pytest
from benchmarks.summary import Summary, ratio, shown, summarise


def test_median_and_range() -> None:
    """The median is robust against one bad round; nothing in, nothing out."""
    assert summarise([3.0, 1.0, 100.0]) == Summary(3.0, 1.0, 100.0, 3)
    assert summarise([]) is None


def test_ratio_needs_both() -> None:
    """Times as much as ours; none when one is missing or ours is nothing."""
    one, two = Summary(1.0, 1.0, 1.0, 1), Summary(2.0, 2.0, 2.0, 1)
    assert ratio(two, one) == 2.0
    assert (ratio(None, one), ratio(two, None), ratio(two, Summary(0.0, 0.0, 0.0, 1))) == (None, None, None)


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0"), (3.0, "3"), (0.12345, "0.123"), (12.345, "12.3"), (1234.5, "1,234")]
)
def test_shown(value: float, text: str) -> None:
    """No more digits than mean something."""
    assert shown(value) == text
