"""Records that were there before are left out when a follower begins again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshdev.runners.container.follower import since
from meshdev.runners.container.stamps import Stamps


def stamp(number: int) -> bytes:
    """A stamp as the engine writes it, zeros at the end left out."""
    fraction = f"{number:09d}".rstrip("0")
    return f"2026-11-28T03:00:00{'.' if fraction else ''}{fraction}Z".encode()


@given(st.lists(st.integers(0, 3), min_size=1, max_size=12), st.lists(st.integers(0, 12), max_size=5))
def test_every_record_comes_once(steps: list[int], breaks: list[int]) -> None:
    """Several records may have one stamp; the connection may break after any of them, again and again."""
    at = 0
    records = []
    for number, step in enumerate(steps):
        at += step
        records.append(stamp(at) + b" line %d\n" % number)
    stamps = Stamps()
    heard: list[bytes] = []
    had = 0
    for many in [*breaks, len(records)]:
        stamps.again()
        last = stamps.last
        # The engine begins with the first record of the last stamp that was seen.
        first = next((i for i, record in enumerate(records) if record.partition(b" ")[0] == last), 0)
        upto = max(had, min(first + many, len(records)))
        had = upto
        heard += [text for record in records[first:upto] if (text := stamps.fresh(record)) is not None]
    assert heard == [record.partition(b" ")[2] for record in records]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01T00:00:01.5Z", "1.500000000"),
        ("1970-01-01T00:00:01.000000123Z", "1.000000123"),
        ("1970-01-01T00:00:02Z", "2.000000000"),
        ("1970-01-01T01:00:02.25+01:00", "2.250000000"),
        ("1970-01-01T01:00:02+01:00", "2.000000000"),
    ],
)
def test_a_stamp_as_it_is_asked_for(text: str, expected: str) -> None:
    """Seconds since the epoch, to the nanosecond."""
    assert since(text) == expected
