"""Texts as scanners tell them."""

import pytest

from meshdev.traffic.protocols.operation import MOST_DETAIL, Kind, Outcome
from meshdev.traffic.protocols.sql.outcome import outcome_of
from meshdev.traffic.protocols.sql.shape import Dialect
from meshdev.traffic.protocols.sql.text import MOST_PREPARED, MOST_TEXT, Said, Statement, keep, read

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"


def names(text: str) -> list[str]:
    """The kinds of the statements in it."""
    return [one.name for one in read(text.encode(), Dialect.POSTGRES).statements]


def test_several_statements() -> None:
    """They are parted, empty ones left out; a semicolon in a name or a body parts nothing."""
    assert names("BEGIN; ;SELECT 1;\nCOMMIT;") == ["BEGIN", "SELECT", "COMMIT"]
    assert names('SELECT * FROM "a;b"; SELECT 1') == ["SELECT", "SELECT"]
    assert names("SELECT 1; CREATE FUNCTION f() BEGIN ATOMIC SELECT 1; SELECT 2; END") == [
        "SELECT",
        "CREATE FUNCTION",
    ]
    assert names("-- nothing") == []


def test_a_trace_rides_in_a_comment() -> None:
    """As sqlcommenter writes it; not out of a string, and not a malformed one."""
    comment = f"/*action='x',traceparent='00-{TRACE}-{PARENT}-01',tracestate='a%3D1'*/"
    assert read(f"SELECT 1 {comment}".encode(), Dialect.MYSQL)[1:] == (TRACE, PARENT)
    assert read(f"{comment.replace(chr(39), '%27')} SELECT 1".encode(), Dialect.POSTGRES)[1:] == (
        TRACE,
        PARENT,
    )
    assert read(b"SELECT 1 /*traceparent='00-0-0-01'*/", Dialect.POSTGRES) == Said(
        read(b"SELECT 2", Dialect.POSTGRES)[0]
    )


def test_notifications() -> None:
    """They publish; the channel is told, the payload never."""
    statement = Statement("NOTIFY", "orders", "SELECT pg_notify(?)", Kind.PUBLISH)
    assert read(b"SELECT pg_notify('orders', 'secret')", Dialect.POSTGRES).statements == (statement,)
    assert read(b"NOTIFY orders, 'secret'", Dialect.POSTGRES).statements[0].kind is Kind.PUBLISH
    assert read(b"LISTEN orders", Dialect.POSTGRES).statements[0].kind is Kind.SUBSCRIBE
    assert read(b"SELECT pg_notify($1, $2)", Dialect.POSTGRES).statements[0].kind is Kind.CALL


def test_what_lives_for_a_moment_has_no_name() -> None:
    """Savepoints and cursors have a new name each time."""
    assert read(b"SAVEPOINT s139_x1", Dialect.POSTGRES).statements == (
        Statement("SAVEPOINT", "", "SAVEPOINT"),
    )
    assert read(b'FETCH FORWARD 10 FROM "cur7"', Dialect.POSTGRES).statements == (
        Statement("FETCH", "", "FETCH"),
    )


def test_long_texts() -> None:
    """What is told is short, and so is what is looked at."""
    said = read(b"SELECT " + b"a, " * 100_000 + b"b FROM t", Dialect.POSTGRES)
    assert said.statements[0].target == ""
    assert len(said.statements[0].detail) == MOST_DETAIL
    assert read(b"INSERT INTO t VALUES ('" + b"x" * 2 * MOST_TEXT, Dialect.MYSQL).statements[0].target == "t"


def test_prepared_statements_are_bounded() -> None:
    """The oldest are forgotten."""
    prepared: dict[int, Said] = {}
    for number in range(MOST_PREPARED + 2):
        keep(prepared, number, Said(()))
    assert len(prepared) == MOST_PREPARED
    assert 1 not in prepared


@pytest.mark.parametrize(
    ("state", "number", "outcome"),
    [
        ("23505", 0, Outcome.REFUSED),
        ("42P01", 0, Outcome.REFUSED),
        ("40001", 0, Outcome.REFUSED),
        ("28P01", 0, Outcome.REFUSED),
        ("P0001", 0, Outcome.REFUSED),
        ("53300", 0, Outcome.FAILED),
        ("57014", 0, Outcome.FAILED),
        ("XX000", 0, Outcome.FAILED),
        ("08004", 1040, Outcome.FAILED),
        ("HY000", 1364, Outcome.REFUSED),
        ("HY000", 1205, Outcome.FAILED),
        ("", 0, Outcome.REFUSED),
    ],
)
def test_who_is_to_be_blamed(state: str, number: int, outcome: Outcome) -> None:
    """By the class of the SQLSTATE, and by MySQL's number."""
    assert outcome_of(state, number) is outcome
