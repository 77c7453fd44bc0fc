"""A database is where the environment says, and a transaction is all or nothing."""

import sqlite3
from pathlib import Path

import pytest

from shopkit.database import connect, location, transaction

SCHEMA = (
    "create table if not exists things (name text primary key); create index if not exists i on things (name)"
)


def test_the_environment_says_where(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a URL; without one, below the working directory."""
    monkeypatch.setenv("DATABASE_URL", "sqlite:////tmp/somewhere/orders.sqlite3")
    assert location("orders") == Path("/tmp/somewhere/orders.sqlite3")  # noqa: S108 only a name
    monkeypatch.delenv("DATABASE_URL")
    assert location("orders") == Path(".data/orders.sqlite3")


def test_another_sort_of_database_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the variable and what it held."""
    monkeypatch.setenv("DATABASE_URL", "postgres://x")
    with pytest.raises(SystemExit, match=r"DATABASE_URL.*postgres://x"):
        location("orders")


def test_a_failed_transaction_leaves_nothing(tmp_path: Path) -> None:
    """What came before the failure is undone."""
    database = connect(tmp_path / "new" / "d.sqlite3", SCHEMA)

    def twice() -> None:
        with transaction(database):
            database.execute("insert into things values ('a')")
            database.execute("insert into things values ('a')")

    with pytest.raises(sqlite3.IntegrityError):
        twice()
    assert database.execute("select count(*) from things").fetchone()[0] == 0
    database.close()


def test_two_incarnations_share_the_file(tmp_path: Path) -> None:
    """The second opens what the first made, and each sees the other's writes."""
    first = connect(tmp_path / "d.sqlite3", SCHEMA)
    second = connect(tmp_path / "d.sqlite3", SCHEMA)
    with transaction(first):
        first.execute("insert into things values ('a')")
    with transaction(second):
        assert second.execute("select name from things").fetchone()["name"] == "a"
    assert second.execute("pragma synchronous").fetchone()[0] == 2
    first.close()
    second.close()
