"""`meshdev databases`, against a stand-in."""

import json

import click

from meshdev.cli.databases import detail, render
from meshdev.wire.database_views import DatabaseUserView, DatabaseView, StatementView
from support_cli import Cli, stand_in


def databases() -> list[DatabaseView]:
    """One that lives and has a stranger, a file, one that nobody reads."""
    users = [
        DatabaseUserView(
            service="orders", connections=4, requests=1200, errors=1, rps=12.0, p50_ms=0.4, p99_ms=9.5
        ),
        DatabaseUserView(service="reports", foreign=True, denied="it is exclusive"),
    ]
    statements = [
        StatementView(
            service="orders",
            name="SELECT",
            target="stock",
            text="SELECT * FROM stock WHERE\nsku = ?",
            count=1100,
            p50_ms=0.4,
            p99_ms=9.5,
            total_ms=700.0,
        ),
        StatementView(
            service="orders", name="INSERT", target="stock", text="x" * 300, count=9, refused=2, errors=1
        ),
    ]
    return [
        DatabaseView(
            name="databases.shop",
            engine="postgres",
            owner="orders",
            exclusive=True,
            runs="process",
            protocol="postgres",
            read=True,
            users=users,
            statements=statements,
        ),
        DatabaseView(
            name="databases.notes",
            engine="sqlite",
            owner="orders",
            runs="file",
            path="/x/notes.sqlite3",
            users=[DatabaseUserView(service="orders")],
        ),
        DatabaseView(name="databases.lake", engine="oracle", runs="remote"),
    ]


def test_a_row_a_database() -> None:
    """Whose it is, who uses it, how much; what is special stands behind."""
    head, shop, notes, lake = (click.unstyle(line) for line in render(databases()))
    assert head == "DATABASE  ENGINE    OWNER   USED BY          CONNS  RATE  STATEMENTS  ERRORS    P99  NOTE"
    assert shop.startswith(
        "shop      postgres  orders  orders, reports      4  12/s        1200       1  9.5ms  "
    )
    assert shop.endswith("exclusive, foreign: reports")
    assert notes.split() == ["notes", "sqlite", "orders", "orders", "a", "file"]
    assert lake.split() == ["lake", "oracle", "connections", "only"]
    assert render([]) == ["no databases: the topology has no [databases.NAME]"]


def test_one_database_with_its_users_and_statements() -> None:
    """Line breaks of a statement don't reach the terminal; long ones are cut."""
    lines = [click.unstyle(line) for line in detail(databases()[0], unicode=True)]
    assert lines[:2] == ["postgres process", "owner orders, exclusive"]
    assert "denied: it is exclusive, foreign" in lines[5]
    assert "SELECT * FROM stock WHERE sku = ?" in lines[8]
    assert lines[9].endswith("x…")
    assert "nobody uses it" in detail(databases()[2], unicode=True)


def test_by_name_and_as_json(cli: Cli) -> None:
    """With and without its section; an unknown one is told."""
    with stand_in(cli) as daemon:
        daemon.stand_in.told_databases = databases()
        listed, shown = cli("databases"), cli("databases", "--json")
        one, wrong = cli("databases", "databases.shop", "--json"), cli("databases", "lakes")
    assert "databases." not in listed.out
    assert [it["owner"] for it in json.loads(shown.out)] == ["orders", "orders", ""]
    assert json.loads(one.out)["name"] == "databases.shop"
    assert wrong.code == 2
    assert 'did you mean "lake"?' in wrong.err


def test_of_a_file_nothing_is_measured() -> None:
    """So it is not said to be unused."""
    text = "\n".join(detail(databases()[1], unicode=True))
    assert "used by orders" in text
    assert "nothing is measured" in text
    assert "unused" not in text
