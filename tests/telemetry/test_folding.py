"""Structured lines taken apart for reading."""

import json

from hypothesis import given
from hypothesis import strategies as st

from meshdev.telemetry.folding import LONGEST, Folded, fold


def test_the_parts_of_a_line() -> None:
    """Level, message, fields, identifiers last; times are left out, stack traces stand apart."""
    line = {
        "ts": 1,
        "level": "WARNING",
        "trace_id": "4bf9",
        "order": 7,
        "note": "two words",
        "msg": "paid",
        "exc_info": "T\nE",
    }
    assert fold(json.dumps(line)) == Folded(
        "WARN", "paid", [("order", "7"), ("note", '"two words"'), ("trace_id", "4bf9")], ["T", "E"]
    )


def test_what_is_not_structured_is_not_folded() -> None:
    """Nor what is too long to be read in columns."""
    for line in ("plain", "{}", '{"a":1}', "a=1 b=2", json.dumps({"msg": "x" * LONGEST})):
        assert fold(line) is None


@given(st.text())
def test_any_text_may_come(text: str) -> None:
    """Without an exception."""
    assert str(fold(text) or "") is not None
