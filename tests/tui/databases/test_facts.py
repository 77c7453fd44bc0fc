"""The details of the Data screen."""

import shlex

import pytest

from meshdev.telemetry.exchange_filter import parse_filter
from meshdev.tui.cells import width_of
from meshdev.tui.databases.cells import filter_of
from meshdev.tui.databases.facts import database_facts, statement_facts, why_none
from meshdev.wire.database_views import DatabaseUserView, DatabaseView, StatementView
from support_databases import STATEMENTS, databases


@pytest.mark.parametrize("width", [20, 40, 60, 120])
@pytest.mark.parametrize("number", range(4))
def test_lines_fit_where_there_is_room_for_figures(number: int, width: int) -> None:
    """Whatever the database."""
    lines = [*database_facts(databases()[number], width), *statement_facts(STATEMENTS[1], width)]
    assert max(sum(width_of(span.text) for span in line) for line in lines) <= max(width, 45)


def test_whoever_is_kept_out_is_told_why() -> None:
    """And whose the data is."""
    text = " ".join(span.text for line in database_facts(databases()[1], 80) for span in line)
    assert "nobody else may use it" in text
    assert "databases.ledger belongs to payments, and is exclusive" in text


@pytest.mark.parametrize(
    ("database", "words"),
    [
        (DatabaseView(name="a", runs="file", users=[DatabaseUserView(service="b")]), "A file"),
        (DatabaseView(name="a", read=True), "Nobody uses it"),
        (DatabaseView(name="a", users=[DatabaseUserView(service="b", denied="rule")]), "kept out"),
        (DatabaseView(name="a", users=[DatabaseUserView(service="b")]), "not read"),
        (DatabaseView(name="a", users=[DatabaseUserView(service="b")], read=True), "No statement was seen"),
    ],
)
def test_why_there_are_no_statements(database: DatabaseView, words: str) -> None:
    """An empty list says why it is."""
    assert words in why_none(database)


def test_a_login_is_told_by_its_name() -> None:
    """What is no statement has the protocol's word for it in front."""
    login = StatementView(service="orders", name="CONNECT", target="", text="user shop", count=1)
    assert statement_facts(login, 40)[1][0].text == "CONNECT user shop"


def test_the_calls_of_a_statement_are_found_by_a_filter() -> None:
    """A statement by its text, a command by what it was done to, and what has neither by its name."""
    found = DatabaseView(name="databases.a")

    def passing(name: str, target: str, text: str) -> list[str]:
        filter_text = filter_of(
            found, StatementView(service="b", name=name, target=target, text=text, count=1)
        )
        parse_filter(filter_text)
        return shlex.split(filter_text)

    asked = passing(name="SELECT", target="t", text="SELECT 'x' FROM t WHERE a = ?")
    assert asked == [
        "callee=databases.a",
        "caller=b",
        "method=SELECT",
        "detail~SELECT 'x' FROM t WHERE a = ?",
    ]
    assert passing(name="GET", target="k:{id}", text="GET k:{id}")[3:] == ["path~k:{id}"]
    assert passing(name="PING", target="", text="PING")[2:] == ["method=PING"]
    assert passing(name="*", target="", text="")[2:] == []
