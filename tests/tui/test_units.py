"""Quantities: the examples in the docstrings are true, and none is wider than its column."""

import doctest

from hypothesis import given
from hypothesis import strategies as st

from meshdev.tui import browser, cells, themes, units


def test_the_documented_examples_are_true() -> None:
    """Runs the doctests of the pure modules."""
    for module in (units, cells, browser, themes):
        assert doctest.testmod(module).failed == 0


@given(st.floats(min_value=-10, max_value=99 * 86400 * 10))
def test_an_age_fits_its_column(seconds: float) -> None:
    """Five cells."""
    assert len(units.age(seconds)) <= 5


@given(st.floats(min_value=0, max_value=2**49))
def test_a_size_fits_its_column(amount: float) -> None:
    """Four cells."""
    assert len(units.size(amount)) <= 4


@given(st.floats(min_value=0, max_value=6400))
def test_a_share_fits_its_column(value: float) -> None:
    """Five cells, with 64 cores."""
    assert len(units.percent(value)) <= 5
