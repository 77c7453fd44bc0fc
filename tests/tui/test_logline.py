"""Structured log lines folded for reading."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshdev.tui.logline import can_unfold, fold, shown
from meshdev.tui.tone import Tone
from support_dashboard import obeyed


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('{"level":"info","msg":"paid","order":7}', "INFO  paid  order=7"),
        ('{"severity":"WARNING","message":"slow","took":"2 s"}', 'WARN  slow  took="2 s"'),
        ('{"level":50,"msg":"pino","pid":1}', "ERROR pino  pid=1"),
        ('level=warn msg="took long" ms=7', "WARN  took long  ms=7"),
        ("a=1 msg=x", "x  a=1"),
        ('{"event":"no level","a":[1,2]}', "no level  a=[1,2]"),
        ('{"ts":1,"level":"debug","msg":"x","ok":true,"none":null}', "DEBUG x  ok=true  none=null"),
        ('{"level":"error","traceback":"T\\nE","msg":"boom","id":1}', "ERROR boom  id=1  ⋯ 2 lines"),
    ],
)
def test_a_structured_line_is_folded(line: str, expected: str) -> None:
    """Level, message, then the other fields."""
    assert expected == shown(line, folded=True)


@pytest.mark.parametrize(
    "line",
    [
        "plain",
        "{broken",
        "{}",
        '{"a":1}',
        "[1]",
        '{"msg":1}',
        '{"msg":"x"} tail',
        "{" * 5000,
        "x a=1 msg=b",
        "a=1 b=2",
        "msg=x",
    ],
)
def test_anything_else_stays_as_it_is(line: str) -> None:
    """No message, no object, no JSON: shown as written."""
    assert fold(line) is None
    assert line == shown(line, folded=True)


TRACE = 'Traceback (most recent call last):\n  File "a.py", line 1\nKeyError: 1'


def test_a_trace_is_folded_to_what_it_is_about() -> None:
    """And unfolded to all of it; it stays one entry when structured lines are shown raw."""
    assert shown(TRACE, folded=True) == shown(TRACE, folded=False) == "KeyError: 1  ⋯ 3 lines"
    assert shown(TRACE, folded=False, unfolded=True) == TRACE
    assert can_unfold(TRACE, folded=False)
    line = json.dumps({"msg": "failed", "exc_info": TRACE})
    assert shown(line, folded=True) == "failed  ⋯ 3 lines"
    unfolded = shown(line, folded=True, unfolded=True)
    assert unfolded.split("\n") == ["failed", *(f"  {part}" for part in TRACE.split("\n"))]
    assert [can_unfold(text, folded=True) for text in (line, "plain", '{"msg":"x"}')] == [True, False, False]
    assert not can_unfold(line, folded=False)


def test_raw_means_raw() -> None:
    """The switch shows what was written."""
    line = '{"level":"info","msg":"paid"}'
    assert line == shown(line, folded=False)


def test_levels_have_tones() -> None:
    """An error stands out, and by more than its colour: the word says it."""
    spans = fold('{"level":"error","msg":"boom"}')
    assert spans is not None
    assert (spans[0].tone, spans[1].tone) == (Tone.BAD, Tone.STRONG)


@given(
    st.dictionaries(
        st.text(max_size=8), st.recursive(st.none() | st.text() | st.integers(), st.lists), max_size=6
    )
)
def test_whatever_a_program_logs_can_be_shown(fields: dict[str, object]) -> None:
    """Never an exception, never a control character."""
    line = json.dumps({"msg": "x", **fields})
    assert not obeyed(shown(line, folded=True))
