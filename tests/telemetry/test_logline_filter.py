"""What people type to choose log lines."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshdev.errors import UsageError
from meshdev.telemetry.logline import Level
from meshdev.telemetry.logline_filter import LogFilter, Term, parse_log_filter


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("", LogFilter()),
        ("   ", LogFilter()),
        ("service=orders,pay*", LogFilter(services=("orders", "pay*"))),
        ("service!=shoppers", LogFilter(without=("shoppers",))),
        ("!service=shoppers", LogFilter(without=("shoppers",))),
        ("level>=warn", LogFilter(level=Level.WARN)),
        ("level=ERROR", LogFilter(level=Level.ERROR)),
        ("level=all", LogFilter()),
        ("/declin(ed|es)/", LogFilter(terms=(Term("declin(ed|es)", regex=True),))),
        ("!/GET /healthz/", LogFilter(terms=(Term("GET /healthz", regex=True, negated=True),))),
        ("/half", LogFilter(terms=(Term("half", regex=True),))),
        ("/orders/o-1041 /", LogFilter(terms=(Term("orders/o-1041 ", regex=True),))),
        ("paid !GET", LogFilter(terms=(Term("paid"), Term("GET", negated=True)))),
        ('"two words"', LogFilter(terms=(Term("two words"),))),
        ("order=o-1041", LogFilter(terms=(Term("order=o-1041"),))),
        ("trace=4BF9", LogFilter(trace="4bf9")),
        ("since=10m", LogFilter(within=600.0)),
        (
            "service=orders level>=warn /x/ word",
            LogFilter(services=("orders",), level=Level.WARN, terms=(Term("x", regex=True), Term("word"))),
        ),
    ],
)
def test_what_is_typed_is_meant(text: str, meant: LogFilter) -> None:
    """Each kind of term."""
    assert parse_log_filter(text) == meant


@pytest.mark.parametrize(
    "text", ["/(/", "level>=loud", "level!=warn", "since=soon", "/*/", "/a{99999999999}/"]
)
def test_what_cannot_be_meant_is_said(text: str) -> None:
    """With the way out."""
    with pytest.raises(UsageError) as caught:
        parse_log_filter(text)
    assert caught.value.hint


NAMES = st.text(alphabet="abc-*1", min_size=1, max_size=6)
WORDS = st.text(alphabet="abcO /=!.ö", min_size=1, max_size=8).filter(lambda text: text == text.strip())
TERMS = st.builds(Term, WORDS, negated=st.booleans()) | st.builds(
    Term, st.text(alphabet="ab.", min_size=1), st.just(value=True), negated=st.booleans()
)


@given(
    st.builds(
        LogFilter,
        services=st.lists(NAMES, unique=True).map(tuple),
        without=st.lists(NAMES, unique=True).map(tuple),
        level=st.sampled_from(Level),
        terms=st.lists(TERMS, unique=True).map(tuple),
        trace=st.text(alphabet="0123456789abcdef", max_size=32),
        within=st.none() | st.integers(1, 100_000).map(float),
    )
)
def test_a_filter_can_be_written_and_read_again(meant: LogFilter) -> None:
    """Its text means the same."""
    assert parse_log_filter(str(meant)) == meant


@given(st.text(max_size=40) | st.text(alphabet='service=level>!/"\\ (*', max_size=30))
def test_whatever_is_typed_is_meant_or_refused(text: str) -> None:
    """Never another exception."""
    try:
        meant = parse_log_filter(text)
    except UsageError:
        return
    for term in meant.terms:
        assert isinstance(term.pattern(), re.Pattern)


def test_services_and_instances_are_chosen_by_name() -> None:
    """``orders-1`` means the node orders, and of it one instance."""
    one = parse_log_filter("service=orders-1,pay*")
    assert [one.wants_node(node) for node in ("orders", "payments", "carts")] == [True, True, False]
    assert one.wants_instance("orders", "orders-1")
    assert not one.wants_instance("orders", "orders-0")
    assert one.wants_instance("payments", "payments-0")
    others = parse_log_filter("service!=shoppers,orders-1")
    assert [others.wants_node(node) for node in ("shoppers", "orders")] == [False, True]
    assert not others.wants_instance("orders", "orders-1")
