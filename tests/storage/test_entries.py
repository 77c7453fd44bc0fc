"""Sifting: what passes a filter, and what is put aside without a look."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from meshdev.storage.entries import Entry, Sift
from meshdev.storage.layout import Source
from meshdev.storage.line import Batch
from meshdev.telemetry.ansi import strip_ansi
from meshdev.telemetry.folding import fold
from meshdev.telemetry.logline import Level, level_of
from meshdev.telemetry.logline_filter import LogFilter, Term, parse_log_filter

SOURCE = Source("orders-0", 1, "stdout")
TRACE = 'Traceback (most recent call last):\n  File "a.py", line 1, in f\nKeyError: 1'


def batch(text: str, node: str = "orders", source: Source = SOURCE, at: float = 1.0) -> Batch:
    """Lines that were read in one moment."""
    return Batch(node, source, at, text.encode() + b"\n")


def sifted(wanted: str, *batches: Batch) -> list[str]:
    """The texts of what passes."""
    return [entry.text for entry in Sift(parse_log_filter(wanted)).entries(batches)]


def test_a_trace_is_one_entry_and_passes_whole() -> None:
    """A word in any of its lines finds all of it; it counts as an error."""
    text = f"INFO before\n{TRACE}\nINFO after"
    assert sifted("", batch(text)) == ["INFO before", TRACE, "INFO after"]
    assert sifted('"line 1"', batch(text)) == [TRACE]
    assert sifted("level>=error", batch(text)) == [TRACE]
    assert sifted("/^KeyError/", batch(text)) == [TRACE]


def test_a_trace_that_comes_in_two_batches_goes_on() -> None:
    """The rest says that it belongs to what was given away; also where it holds nothing that is looked for."""
    head, _, rest = TRACE.partition("\n")
    found = Sift(parse_log_filter("traceback")).entries(
        [batch(f"x\n{head}"), batch(f"{rest}\nINFO next", at=2.0)]
    )
    assert found == [Entry("orders", SOURCE, 1.0, head), Entry("orders", SOURCE, 2.0, rest, more=True)]
    assert found[1].lines == 2


def test_sources_do_not_mix() -> None:
    """Another instance's line in the middle of a trace is its own."""
    head, _, rest = TRACE.partition("\n")
    other = Source("orders-1", 1, "stderr")
    found = Sift(LogFilter()).entries([batch(head), batch("hello", source=other), batch(rest)])
    assert [(entry.source.instance, entry.more) for entry in found] == [
        ("orders-0", False),
        ("orders-1", False),
        ("orders-0", True),
    ]


def test_services_instances_and_moments_are_chosen() -> None:
    """Before anything is decoded."""
    batches = [
        batch("a"),
        batch("b", source=Source("orders-1", 1, "stdout")),
        batch("c", node="carts", at=100.0),
    ]
    assert sifted("service=orders-1", *batches) == ["b"]
    assert sifted("service!=orders", *batches) == ["c"]
    late = Sift(parse_log_filter("since=10s"), now=105.0)
    assert [entry.text for entry in late.entries(batches)] == ["c"]
    assert late.seen == 3


def test_what_stands_indented_below_an_error_is_as_severe() -> None:
    """Unless something else comes between."""
    text = "ERROR statement failed\n    SELECT 1\nINFO next\n    detail"
    assert sifted("level>=warn", batch(text)) == ["ERROR statement failed", "    SELECT 1"]


PIECES = [
    "INFO ok",
    "WARN slow",
    "error: x",
    "E0301 12:00:00.000 m.go:1] y",
    '{"level":50,"msg":"pino"}',
    '{"level":"40"}',
    '{"severity":{"name":"critical"}}',
    "level=warning msg=x",
    "npm ERR! z",
    "[crit] q",
    "ValueError: bad",
    "Unhandled rejection",
    "nothing",
    "  indented",
    "\x1b[31mERR\x1b[0mOR: red",
    "ä FEHLER Error",
    "caf\u00e9 \u212aelvin \u017fharp",
    "carriage\rreturn",
    "end\r",
    "\ta\tb",
    "",
    '{"level":"info","msg":"paid","order":7}',
    '{"level":50,"msg":"pa\\u0069d","order":"7 a"}',
    '{"severity":"critical","message":"slow é","took":1E3}',
    '{"msg":"odd","rate":0.29999999999999998888,"list":[1.5e3,7]}',
    'level=err msg="took long" ms=7',
]
PATTERNS = [
    "error",
    "^e",
    "r$",
    "k",
    "s",
    r"caf\w",
    r"\berr",
    "[A-Z]ro",
    r"(?!x)z",
    "(?i)WARN",
    "é",
    r"\d{2,}",
    "slow|bad",
    "a.b",
    "return$",
    "order=7",
    "ERROR",
    "FATAL",
    "paid  order",
    "INFO  p",
    "long  ms=7$",
    "took=1000",
    "rate=0.3",
    "1500",
    'order="7 a"',
]


@given(
    lines=st.lists(st.sampled_from(PIECES) | st.text(max_size=20), max_size=12),
    text=st.sampled_from(PATTERNS) | st.text(alphabet="ek.*[a-z]()|^$\\wsd", max_size=8),
    regex=st.booleans(),
)
@example(lines=["end\r"], text="d$", regex=True)
@example(lines=["\u212aelvin"], text="kelvin", regex=False)
def test_nothing_that_matches_is_put_aside(lines: list[str], text: str, *, regex: bool) -> None:
    """The quick look at many lines never hides one that a look at each would find."""
    term = Term(text, regex=regex)
    try:
        pattern = term.pattern()
    except Exception:  # noqa: BLE001 -- whatever is no expression
        return
    if not text:
        return
    whole = batch("\n".join(line.replace("\n", " ") for line in lines))
    every = [entry.text for entry in Sift(LogFilter()).entries([whole])]
    expected = [
        entry
        for entry in every
        if pattern.search(strip_ansi(entry)) or pattern.search(str(fold(strip_ansi(entry)) or ""))
    ]
    assert [entry.text for entry in Sift(LogFilter(terms=(term,))).entries([whole])] == expected


@given(
    st.lists(st.sampled_from(PIECES), max_size=12), st.sampled_from([Level.WARN, Level.ERROR, Level.FATAL])
)
def test_no_severe_line_is_put_aside(lines: list[str], level: Level) -> None:
    """Nor one that says its level in any of the usual ways."""
    for line in lines:
        found = Sift(LogFilter(level=level)).entries([batch(line)])
        assert bool(found) is (level_of(line.rstrip("\r").split("\r")[-1]) >= level), line


@pytest.mark.parametrize("text", ["x", "a.b", "(", "^.$"])
def test_a_term_in_the_filter_and_beside_it_mean_the_same(text: str) -> None:
    """Searching narrows as filtering does."""
    lines = batch("x\na.b\nab\n(\n.")
    term = Term(text, regex=re.escape(text) != text and text != "(")
    beside = Sift(LogFilter(), extra=[term]).entries([lines])
    assert beside == Sift(LogFilter(terms=(term,))).entries([lines])
