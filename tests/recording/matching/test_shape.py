"""What values look like."""

import pytest

from meshdev.recording.matching.shape import Scalar, Shape, epoch, instant, near, shape_of

STARTED = 1_790_000_000.5  # 2026-09-21T14:13:20.5Z
TABLE: list[tuple[Scalar, Shape]] = [
    ("7d44d04b-1a3a-4e5c-9bc8-57a1f6c4a4f1", Shape.UUID),
    ("req-7D44D04B-1A3A-4E5C-9BC8-57A1F6C4A4F1", Shape.UUID),
    ("01ARZ3NDEKTSV4RRFFQ69G5FAV", Shape.ULID),
    ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", Shape.JWT),
    ("eyJ" + "a" * 200 + ".eyJzdWIiOiIxIn0.c2lnbmF0dXJl", Shape.JWT),
    ("9f86d081884c7d659a2feaa0c55ad015", Shape.HEX),
    ("V1StGXR8_Z5jdHi6B-myT", Shape.TOKEN),
    ("MTIzNDU2NzhhYmNkZWZnaA==", Shape.TOKEN),
    ("a8f3k2", Shape.SHORT),
    ("1f3a2b1c", Shape.SHORT),
    ("2026-09-21T14:13:20Z", Shape.ISO),
    ("2026-09-21 14:13:20.123456+02:00", Shape.ISO),
    ("20260921T141320Z", Shape.ISO),
    ("Mon, 21 Sep 2026 14:13:20 GMT", Shape.HTTP_DATE),
    (1_790_000_000, Shape.EPOCH),
    (1_790_000_000_123, Shape.EPOCH),
    ("1790000000123", Shape.EPOCH),
    (1_790_000_000.123, Shape.EPOCH),
    (48_213, Shape.NUMBER),
    ("483920117", Shape.NUMBER),
    (0.8273645182736, Shape.FRACTION),
    ("0.8273645182736", Shape.FRACTION),
    ("2026-09-21", Shape.PLAIN),
    ("order-confirmation-2024", Shape.PLAIN),
    ("sku-12345678-blue", Shape.PLAIN),
    ("please leave it at the door", Shape.PLAIN),
    ("internationalisation", Shape.PLAIN),
    ("item1", Shape.PLAIN),
    ("v2", Shape.PLAIN),
    ("٣٤٥٦٧٨٩", Shape.PLAIN),
    ("anna@example.org", Shape.PLAIN),
    ("", Shape.PLAIN),
    (17, Shape.PLAIN),
    (12.5, Shape.PLAIN),
    (True, Shape.PLAIN),
    (None, Shape.PLAIN),
]


@pytest.mark.parametrize(("value", "shape"), TABLE, ids=[repr(value)[:30] for value, _ in TABLE])
def test_shapes(value: Scalar, shape: Shape) -> None:
    """Random, a time, a number, or meant by somebody."""
    assert shape is shape_of(value)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("2026-09-21T14:13:20Z", 1_790_000_000.0),
        ("2026-09-21T16:13:20+02:00", 1_790_000_000.0),
        ("2026-09-21T14:13:20", 1_790_000_000.0),
        ("Mon, 21 Sep 2026 14:13:20 GMT", 1_790_000_000.0),
        ("Mon, 99 Sep 2026 14:13:20 GMT", None),
        ("Mon, 21 Xyz 2026 14:13:20 GMT", None),
        (1_790_000_000_000, 1_790_000_000.0),
        ("1790000000", 1_790_000_000.0),
        ("1790000000.5", 1_790_000_000.5),
        ("12", None),
        ("soon", None),
        (None, None),
        (True, None),
    ],
)
def test_instants(value: Scalar, seconds: float | None) -> None:
    """All notations of one moment give the same seconds."""
    assert seconds == instant(value)


@pytest.mark.parametrize(
    ("value", "is_near"),
    [
        ("2026-09-21T14:13:19.9Z", True),
        ("2026-09-21T14:20:00Z", True),
        ("2026-09-21T16:13:20", True),  # a clock of somewhere, without its zone
        ("2026-09-21T15:13:21Z", True),  # in an hour
        ("2026-09-21T15:31:07Z", False),
        ("2026-09-21T00:00:00Z", False),
        ("2020-01-01T00:00:00Z", False),
        (1_790_000_003, True),
        (1_780_000_003, False),
        ("no time", False),
    ],
)
def test_near_the_call(value: Scalar, is_near: bool) -> None:  # noqa: FBT001
    """Now, and now and a round while; midnight was written by somebody."""
    assert is_near is near(value, STARTED)


def test_without_a_time_of_the_call_nothing_is_near() -> None:
    """Exchanges from elsewhere may not say when they were."""
    assert not near(1, 0.0)


def test_what_is_no_epoch() -> None:
    """Too small, too large, below zero."""
    assert [epoch(17), epoch(9_999_999_999), epoch(-1_790_000_000), epoch(1e30)] == [None, None, None, None]
