"""Durations, sizes and percentages."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshdev.kernel.quantity import (
    QuantityError,
    format_count,
    format_duration,
    format_size,
    parse_duration,
    parse_percent,
    parse_size,
)
from support_topology import CALM


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("500ms", 0.5),
        ("1.5s", 1.5),
        ("2m", 120.0),
        ("1h30m", 5400.0),
        ("1d", 86400.0),
        ("250us", 0.00025),
        ("250µs", 0.00025),
        ("0", 0.0),
        (" 3s ", 3.0),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    """A duration is the sum of its parts."""
    assert seconds == pytest.approx(parse_duration(text))


@pytest.mark.parametrize("text", ["", "5", "s", "1 s", "-1s", "1s2", "1,5s", "abc", "1e3s", "1.s", "٣s"])
def test_what_is_no_duration(text: str) -> None:
    """A duration without a unit, or with anything else in it, is refused with what is accepted."""
    with pytest.raises(QuantityError, match="accepted: a duration with its unit") as caught:
        parse_duration(text)
    assert text == caught.value.text


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("64k", 65536),
        ("512MB", 512 * 1024**2),
        ("1GiB", 1024**3),
        ("1.5g", 1536 * 1024**2),
        ("100", 100),
        ("100 B", 100),
        ("2t", 2 * 1024**4),
    ],
)
def test_sizes(text: str, count: int) -> None:
    """Sizes count in steps of 1024, as in Compose."""
    assert count == parse_size(text)


@pytest.mark.parametrize("text", ["", "k", "1x", "1ib", "-1k", "1 k b", "1kk"])
def test_what_is_no_size(text: str) -> None:
    """Anything else is refused with what is accepted."""
    with pytest.raises(QuantityError, match="accepted: a size"):
        parse_size(text)


@pytest.mark.parametrize(("text", "share"), [("20%", 0.2), ("0.5%", 0.005), ("100 %", 1.0), ("0%", 0.0)])
def test_percentages(text: str, share: float) -> None:
    """A percentage is a share."""
    assert share == pytest.approx(parse_percent(text))


@pytest.mark.parametrize("text", ["", "20", "101%", "-1%", "%"])
def test_what_is_no_percentage(text: str) -> None:
    """Anything else is refused with what is accepted."""
    with pytest.raises(QuantityError, match="accepted: a percentage"):
        parse_percent(text)


@CALM
@given(st.integers(0, 10**9))
def test_what_is_formatted_parses_back(millis: int) -> None:
    """A formatted duration stands for the same time, to the millisecond."""
    assert millis == round(parse_duration(format_duration(millis / 1000)) * 1000)


@CALM
@given(st.integers(0, 2**50))
def test_formatted_sizes_are_near(count: int) -> None:
    """A formatted size is within a rounded decimal of what it stands for."""
    assert count == pytest.approx(parse_size(format_size(count)), rel=0.06, abs=1)


def test_formats() -> None:
    """The usual ways to write some durations and sizes."""
    assert [format_duration(s) for s in (0, 0.5, 1.5, 120, 5400)] == ["0s", "500ms", "1.5s", "2m", "1h30m"]
    assert [format_size(n) for n in (100, 512 * 1024**2, 1536 * 1024**2, 2 * 1024**4)] == [
        "100B",
        "512MiB",
        "1.5GiB",
        "2TiB",
    ]


@CALM
@given(st.text(max_size=12))
def test_any_text_is_a_quantity_or_refused(text: str) -> None:
    """Nothing but QuantityError is ever raised."""
    for parse in (parse_duration, parse_size, parse_percent):
        with contextlib.suppress(QuantityError):
            assert parse(text) >= 0


def test_counts() -> None:
    """One is one."""
    assert [format_count(number, "call") for number in (0, 1, 2)] == ["0 calls", "1 call", "2 calls"]
