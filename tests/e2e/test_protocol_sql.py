"""SQL databases as edges, as a user has them: `meshdev up` with a real server, clients that connect by their edges."""

import json
import shlex
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pymysql
import pytest

import support_mariadb
import support_postgres
from support_product import Product, eventually

pytestmark = pytest.mark.e2e

TOPOLOGY = """
[system]
name = "sql"

[databases.shop]
engine = "{engine}"
command = {command}
owner = "orders"
{rules}

[services.orders]
command = "sleep 600"
protocol = "none"
uses = ["databases.shop"]

[services.reports]
command = "sleep 600"
protocol = "none"
uses = ["databases.shop"]
"""


@contextmanager
def running(product: Product, engine: str, command: str, rules: str = "") -> Iterator[None]:
    """The system is up."""
    product.write(TOPOLOGY.format(engine=engine, command=json.dumps(command), rules=rules))
    product.run("up", "-d", timeout=90)
    try:
        yield
    finally:
        product.run("down")


def edge(product: Product, caller: str) -> dict[str, Any]:
    """What ``edges --json`` says of the caller's edge to the database."""
    views = json.loads(product.run("edges", "--json").stdout)
    return next(view for view in views if view["caller"] == caller)


def database(product: Product) -> dict[str, Any]:
    """What ``databases shop --json`` says."""
    found: dict[str, Any] = json.loads(product.run("databases", "shop", "--json").stdout)
    return found


def test_postgres(product: Product) -> None:
    """Statements are told by kind and table, with codes and latencies; whoever is foreign is marked; faults act."""
    with (
        support_postgres.cluster() as argv,
        running(product, "postgres", f'exec {shlex.join(argv)} -p "$PORT"'),
    ):
        mine = edge(product, "orders")
        dsn = "postgresql://shop@127.0.0.1:{}/postgres?sslmode=disable"
        with psycopg.connect(dsn.format(mine["port"]), autocommit=True) as client:
            client.execute("CREATE TABLE stock (sku text PRIMARY KEY, count int)")
            for number in range(20):
                client.execute("INSERT INTO stock VALUES (%s, %s)", (f"sku-{number}", number))
            with pytest.raises(psycopg.errors.UniqueViolation):
                client.execute("INSERT INTO stock VALUES ('sku-1', 1)")
            assert client.execute("SELECT count(*) FROM stock").fetchone() == (20,)
        with psycopg.connect(dsn.format(edge(product, "reports")["port"]), autocommit=True) as client:
            assert client.execute("SELECT sum(count) FROM stock").fetchone() == (190,)

        mine = edge(product, "orders")
        assert (mine["protocol"], mine["guessed"], mine["foreign"]) == ("postgres", False, "")
        routes = {route["route"]: route for route in mine["routes"]}
        assert routes["INSERT stock"]["requests"] == 21
        assert routes["SELECT stock"]["p99_ms"] > 0
        assert edge(product, "reports")["foreign"] == "orders"
        assert "foreign: data of orders" in product.run("edges").stdout

        calls = [
            json.loads(line) for line in product.run("traffic", "--json", "-n", "200").stdout.splitlines()
        ]
        refused = [call for call in calls if call["code"] == "23505"]
        assert [(call["method"], call["target"], call["status"]) for call in refused] == [
            ("INSERT", "stock", 400)
        ]
        assert refused[0]["detail"] == "INSERT INTO stock VALUES (?)"
        assert 'route="SELECT stock"' in product.run("metrics").stdout

        shown = database(product)
        assert (shown["owner"], shown["engine"], shown["protocol"], shown["runs"]) == (
            "orders",
            "postgres",
            "postgres",
            "process",
        )
        assert {user["service"]: user["foreign"] for user in shown["users"]} == {
            "orders": False,
            "reports": True,
        }
        insert = next(one for one in shown["statements"] if one["name"] == "INSERT")
        assert (insert["service"], insert["text"]) == ("orders", "INSERT INTO stock VALUES (?)")
        assert (insert["count"], insert["refused"], insert["errors"]) == (21, 1, 0)
        assert "INSERT INTO stock VALUES (?)" in product.run("databases", "shop").stdout
        assert "foreign: reports" in product.run("databases").stdout

        _slow(product, dsn.format(mine["port"]))
        _conflicts(product, dsn.format(mine["port"]))
        assert "cannot be read" not in product.run("logs", "--all", check=None).stdout


def _slow(product: Product, dsn: str) -> None:
    """A slow line is in the statements' latencies, which name it."""
    product.run("fault", "add", "orders -> databases.shop", "latency=150ms", "--name", "slow")
    with psycopg.connect(dsn, autocommit=True) as client:
        began = time.monotonic()
        assert client.execute("SELECT count(*) FROM stock").fetchone() == (20,)
        assert time.monotonic() - began > 0.1
    lines = product.run("traffic", "--json", "-n", "200", "--filter", "fault=slow").stdout.splitlines()
    (call,) = [call for call in map(json.loads, lines) if call["method"] == "SELECT"]
    assert (call["ms"] >= 150, call["status"], call["faults"]) == (True, 200, ["slow/latency"])


def _conflicts(product: Product, dsn: str) -> None:
    """A share of the statements fails; transactions that it hits are not there, all others are; it is told."""
    product.run("fault", "clear")
    conflicts = ["sql-error=40001@50%", "--match", "statement=UPDATE", "--match", "table=stock"]
    product.run("fault", "add", "orders -> databases.shop", *conflicts, "--seed", "7", "--name", "conflicts")
    with psycopg.connect(dsn) as client:
        refused = sum(not _counted_down(client) for _ in range(20))
        left = client.execute("SELECT count FROM stock WHERE sku = 'sku-19'").fetchone()
    assert left == (19 - (20 - refused),)
    assert 0 < refused < 20
    lines = product.run("traffic", "--json", "-n", "200", "--filter", "fault=conflicts").stdout.splitlines()
    assert {(call["method"], call["code"], call["by"]) for call in map(json.loads, lines)} == {
        ("UPDATE", "40001", "meshdev")
    }
    assert len(lines) == refused
    (shown,) = json.loads(product.run("fault", "list", "--json").stdout)
    assert shown["parts"][0]["match"] == {"statement": ["UPDATE"], "table": "stock"}
    eventually(lambda: edge(product, "orders")["fault_hits"]["conflicts/sql-error"] == refused)


def _counted_down(client: "psycopg.Connection[Any]") -> bool:
    """One transaction, which is committed unless there is a conflict."""
    try:
        with client.transaction():
            client.execute("UPDATE stock SET count = count - 1 WHERE sku = 'sku-19'")
    except psycopg.errors.SerializationFailure:
        return False
    return True


def test_mysql_guessed_on_a_plain_edge(product: Product) -> None:
    """An edge that is declared as TCP is recognised by the server's greeting."""
    with (
        support_mariadb.cluster() as argv,
        running(product, "mysql", f'exec {shlex.join(argv)} --port="$PORT"', 'protocol = "tcp"'),
    ):
        server = support_mariadb.MariaDb(edge(product, "orders")["port"])
        eventually(lambda: _answers(server), timeout=30)
        with server.connected(server.port) as client, client.cursor() as cursor:
            cursor.execute("CREATE TABLE stock (sku varchar(20) PRIMARY KEY, count int)")
            cursor.execute("INSERT INTO stock VALUES ('a', 1), ('b', 2)")
            with pytest.raises(pymysql.err.IntegrityError):
                cursor.execute("INSERT INTO stock VALUES ('a', 1)")
            cursor.execute("SELECT * FROM stock WHERE count > %s", (0,))
            assert len(cursor.fetchall()) == 2
        mine = edge(product, "orders")
        assert (mine["protocol"], mine["guessed"]) == ("mysql", True)
        assert {"CREATE TABLE stock", "INSERT stock", "SELECT stock"} <= {
            it["route"] for it in mine["routes"]
        }
        texts = {(it["text"], it["refused"]) for it in database(product)["statements"]}
        assert ("INSERT INTO stock VALUES (?)", 1) in texts


def test_an_exclusive_database(product: Product) -> None:
    """Nobody but its owner gets in; others are told why."""
    with (
        support_postgres.cluster() as argv,
        running(product, "postgres", f'exec {shlex.join(argv)} -p "$PORT"', "exclusive = true"),
    ):
        dsn = "postgresql://shop@127.0.0.1:{}/postgres?sslmode=disable"
        with psycopg.connect(dsn.format(edge(product, "orders")["port"])) as client:
            assert client.execute("SELECT 1").fetchone() == (1,)
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(dsn.format(edge(product, "reports")["port"]))
        reason = "databases.shop belongs to orders, and is exclusive"
        assert edge(product, "reports")["denied"] == reason
        assert edge(product, "reports")["errors_by_kind"] == {"denied": 1}
        users = {user["service"]: user["denied"] for user in database(product)["users"]}
        assert users == {"orders": "", "reports": reason}


def _answers(server: support_mariadb.MariaDb) -> bool:
    try:
        server.connected(server.port).close()
    except pymysql.err.OperationalError:
        return False
    return True


def test_a_database_that_runs_elsewhere(product: Product) -> None:
    """Its URL leads over the edge, with its user, name and options."""
    with support_postgres.postgres() as server:
        product.write(
            f"""
            [databases.shop]
            url = "{server.dsn()}"
            [services.orders]
            command = "sleep 600"
            protocol = "none"
            uses = ["databases.shop"]
            """
        )
        product.run("up", "-d", timeout=90)
        try:
            url = json.loads(product.run("env", "orders", "--json").stdout)["environment"]["SHOP_URL"]
            assert url == server.dsn(edge(product, "orders")["port"])
            with psycopg.connect(url) as client:
                assert client.execute("SELECT 7").fetchone() == (7,)
            routes = [route["route"] for route in edge(product, "orders")["routes"]]
            assert routes[:1] == ["CONNECT shop"]
            assert "SELECT" in routes
        finally:
            product.run("down")
