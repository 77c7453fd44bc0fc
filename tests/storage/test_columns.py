"""What stands in the columns of structured lines is found there."""

import pytest

from meshdev.storage.columns import Columns
from meshdev.storage.entries import Sift
from meshdev.storage.layout import Source
from meshdev.storage.line import Batch
from meshdev.telemetry.logline_filter import parse_log_filter

PAID = '{"level":"info","msg":"paid","order":7}'
SLOW = '{"level":"warning","msg":"slow","order":8,"took":"2 s"}'
LATE = "level=err msg=late order=9 ts=1"


def found(wanted: str) -> list[str]:
    """Which of the three lines pass."""
    text = f"{PAID}\n{SLOW}\n{LATE}\nplain order 7\n"
    batch = Batch("orders", Source("orders-0", 1, "stdout"), 1.0, text.encode())
    return [entry.text for entry in Sift(parse_log_filter(wanted)).entries([batch])]


@pytest.mark.parametrize(
    ("wanted", "lines"),
    [
        ("order=7", [PAID]),
        ("/order=[78]/", [PAID, SLOW]),
        ('"WARN  slow"', [SLOW]),
        ('took="2', [SLOW]),
        ("/^ERROR late/", [LATE]),
        ('"order":7', [PAID]),
        ("!order=7", [SLOW, LATE, "plain order 7"]),
        ("order=10", []),
    ],
)
def test_a_text_is_found_as_it_is_shown_and_as_it_was_written(wanted: str, lines: list[str]) -> None:
    """Numbers without their quotes, levels by their usual names; what is turned round misses both."""
    assert found(wanted) == lines


def test_a_line_without_the_words_is_not_taken_apart() -> None:
    """That is what makes searching fast."""
    assert Columns("order=7").of(PAID) == "INFO  paid  order=7"
    assert Columns("invoice=7").of(PAID) == ""
    assert not Columns("invoice=7").may_hold(PAID.encode())
    assert not Columns("order").may_hold(b"order 7")
