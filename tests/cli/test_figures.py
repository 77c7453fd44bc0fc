"""Numbers that fit a cell."""

import pytest

from meshdev.cli.figures import count, milliseconds, rate


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (9999, "9999"), (12_345, "12k"), (999_400, "999k"), (3_400_000, "3.4M"), (2 * 10**9, "2.0G")],
)
def test_counts(number: int, text: str) -> None:
    """Large ones lose digits, not their meaning."""
    assert count(number) == text


@pytest.mark.parametrize(
    ("number", "text"), [(0.0, "0"), (0.44, "0.4/s"), (12.3, "12/s"), (12_345.0, "12k/s")]
)
def test_rates(number: float, text: str) -> None:
    """A second's worth."""
    assert rate(number) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [(None, ""), (0.34, "0.3ms"), (12.3, "12ms"), (999.4, "999ms"), (999.6, "1.0s"), (34_000.0, "34s")],
)
def test_latencies(number: float | None, text: str) -> None:
    """In the unit that fits."""
    assert milliseconds(number) == text
