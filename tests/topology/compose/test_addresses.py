"""Addresses in texts: whom a value of an environment leads to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshdev.topology.compose.addresses import Found, addresses_in
from support_topology import CALM

NAMES = {name: name for name in ("api", "db", "db-2", "cache", "kafka", "my_svc", "a.b")}


def found(value: str, key: str = "", **siblings: str) -> list[tuple[str, int | None]]:
    """Names and ports."""
    return [(it.name, it.port) for it in addresses_in(value, NAMES, key=key, siblings=siblings)]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("http://api:8080/path?x=1", [("api", 8080)]),
        ("http://api", [("api", 80)]),
        ("https://api/x", [("api", 443)]),
        ("HTTP://API:1234", [("api", 1234)]),
        ("postgres://user:pa$$@db/app", [("db", 5432)]),
        ("postgresql+asyncpg://u:p@db:6000/app", [("db", 6000)]),
        ("jdbc:postgresql://db:5432/app", [("db", 5432)]),
        ("mongodb://u:p@db:27017,db-2:27018/x", [("db", 27017), ("db-2", 27018)]),
        ("amqp://guest:guest@kafka//", [("kafka", 5672)]),
        ("redis://:secret@cache:6379/0", [("cache", 6379)]),
        ("nats://api:4222,nats://db:4222", [("api", 4222), ("db", 4222)]),
        ("kafka:9092,kafka:29092", [("kafka", 9092), ("kafka", 29092)]),
        ("root:pass@tcp(db:3306)/app", [("db", 3306)]),
        ("host=db port=5433 user=x", [("db", 5433)]),
        ("Server=db,1433;Database=x", [("db", 1433)]),
        ("Data Source=tcp:db,1433;", [("db", 1433)]),
        ("Host=db;Port=5432;Username=x", [("db", 5432)]),
        ("wait-for-it db:5432 -- run", [("db", 5432)]),
        ("run --redis-host cache", [("cache", None)]),
        ("run --host=db --port 5", [("db", None)]),
        ("psql -h db -U x", [("db", None)]),
        ("run --api=http://api:1 --db db:2222", [("api", 1), ("db", 2222)]),
        ("http://my_svc:80", [("my_svc", 80)]),
        ("http://a.b:80", [("a.b", 80)]),
        ("db", []),
        ("the db is nice", []),
        ("https://example.test/db:5432/api", []),
        ("http://db.example.test:80", []),
        ("mydb:5432", []),
        ("db-3:5432", []),
        ("postgres:16", []),
        ("db:latest", []),
        ("user@db", [("db", None)]),
        ("1:2:3", []),
        ("", []),
    ],
)
def test_what_a_text_leads_to(value: str, expected: list[tuple[str, int | None]]) -> None:
    """URLs, pairs, connection strings, options; not what merely looks like a name."""
    assert expected == found(value)


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("DB_HOST", "db", [("db", 5433)]),
        ("DATABASE_HOSTNAME", "db", [("db", None)]),
        ("REDIS_SERVER", "cache", [("cache", None)]),
        ("HOSTS", "db, db-2", [("db", None), ("db-2", None)]),
        ("API_URL", "api", [("api", None)]),
        ("PGHOST", "db", [("db", 6543)]),
        ("DbHost", "db", [("db", None)]),
        ("NAME", "db", []),
        ("DB_NAME", "db", []),
        ("POSTGRES_DB", "db", []),
    ],
)
def test_a_bare_name_where_the_variable_says_so(
    key: str, value: str, expected: list[tuple[str, int | None]]
) -> None:
    """A host beside its port; a database's name is no host."""
    assert expected == found(value, key, DB_PORT="5433", PGPORT="6543")


def test_the_scheme_comes_along() -> None:
    """So that a protocol can be guessed."""
    assert [Found("db", 5432, "postgres")] == addresses_in("postgres://db", NAMES, siblings={})


@CALM
@given(st.text(max_size=60), st.text(max_size=10))
def test_any_text_gives_an_answer(value: str, key: str) -> None:
    """Whatever stands in an environment: only known names come out."""
    assert {it.name for it in addresses_in(value, NAMES, key=key, siblings={})} <= NAMES.keys()
