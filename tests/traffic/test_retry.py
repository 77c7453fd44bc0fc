"""What is repeated, and when."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshdev.traffic.retry import Failure, RetryRule


@pytest.mark.parametrize(
    ("on", "method", "failure", "repeated"),
    [
        ("connect", "GET", "connect", True),
        ("connect", "POST", "connect", True),
        ("connect", "GET", "reset", False),
        ("reset", "GET", "reset", True),
        ("reset", "POST", "reset", False),
        ("timeout", "PUT", "timeout", True),
        ("5xx", "GET", 500, True),
        ("5xx", "DELETE", 599, True),
        ("5xx", "GET", 404, False),
        ("5xx", "GET", "reset", False),
        ("5xx", "POST", 503, False),
        ("4xx", "GET", 429, True),
        ("429", "GET", 429, True),
        ("429", "GET", 430, False),
        ("gateway-error", "GET", 502, True),
        ("gateway-error", "GET", 500, False),
        ("a word to come", "GET", 500, False),
    ],
)
def test_what_is_repeated(on: str, method: str, failure: Failure, *, repeated: bool) -> None:
    """The table of the module."""
    assert RetryRule(1, frozenset({on})).repeats(method, failure, 1) is repeated


def test_attempts_are_those_after_the_first() -> None:
    """Two more, then no more; none at all when it is off."""
    rule = RetryRule(2, frozenset({"reset"}))
    assert [rule.repeats("GET", "reset", made) for made in (1, 2, 3)] == [True, True, False]
    assert not RetryRule().repeats("GET", "connect", 1)


def test_methods_can_be_named() -> None:
    """Who knows that a POST may be repeated says so."""
    rule = RetryRule(1, frozenset({"reset"}), methods=frozenset({"POST"}))
    assert [rule.repeats(method, "reset", 1) for method in ("POST", "GET")] == [True, False]


@pytest.mark.parametrize(
    ("on", "method", "waits"),
    [(("5xx",), "GET", True), (("connect", "reset"), "GET", False), (("5xx",), "POST", False)],
)
def test_answers_are_looked_at_only_when_they_matter(
    on: tuple[str, ...], method: str, *, waits: bool
) -> None:
    """Otherwise the first byte of an answer settles it."""
    assert RetryRule(1, frozenset(on)).repeats_answers(method) is waits


@given(st.integers(1, 30), st.floats(0, 1, exclude_max=True))
def test_waits_double_and_are_drawn(made: int, draw: float) -> None:
    """Between half and the whole of what doubling gives, five seconds at most."""
    full = min(5.0, 0.025 * 2 ** (made - 1))
    assert full / 2 <= RetryRule(backoff=0.025).delay(made, draw) <= full
