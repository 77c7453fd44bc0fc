"""Databases as they are shown: what the topology says of them, and what was seen on their edges."""

from pathlib import Path

from meshdev.daemon.database_views import database_views
from meshdev.daemon.edge_book import EdgeBook
from meshdev.daemon.edge_policy import policy_of
from meshdev.daemon.edges import edges_of
from meshdev.daemon.journal import Journal
from meshdev.mesh.signals import EdgeSignals
from meshdev.telemetry.histogram import bucket
from meshdev.topology.load import load
from meshdev.topology.model import System
from meshdev.wire.database_views import DatabaseUserView, DatabaseView
from meshdev.wire.mesh import EdgeCounters, EdgeKey, RouteCounters, StatementCounters
from support_system import system

TOML = """
[databases.shop]
engine = "postgres"
command = "true"
owner = "orders"
exclusive = {exclusive}
ports = ["5432"]

[databases.notes]
engine = "sqlite"
owner = "orders"

[services.orders]
command = "true"
uses = ["databases.shop", "databases.notes"]

[services.reports]
command = "true"
uses = ["databases.shop", "databases.notes"]
edges = {{ "databases.shop" = {{ allow = true }} }}
"""
ORDERS = EdgeKey("orders", "databases.shop", "postgres")
REPORTS = EdgeKey("reports", "databases.shop", "postgres")
SLOW = bucket(900_000)


def loaded(folder: Path, *, exclusive: bool = False) -> System:
    """The system."""
    return system(folder, TOML.format(exclusive=str(exclusive).lower()))


def seen() -> EdgeSignals:
    """Three inserts, one of them refused, and a slow select."""
    signals = EdgeSignals()
    insert = StatementCounters("INSERT", "stock", "INSERT INTO stock VALUES (?)", (0, 0, 2, 0, 1, 0), {5: 3})
    select = StatementCounters("SELECT", "stock", "SELECT * FROM stock", (0, 0, 0, 0, 0, 1), {SLOW: 1})
    routes = (RouteCounters("INSERT stock", (0, 0, 2, 0, 1, 0), {5: 3}),)
    signals.add(EdgeCounters(1, opened=2, active=2, routes=routes, spoken="postgres", statements=(insert,)))
    signals.add(EdgeCounters(1, active=2, spoken="postgres", statements=(select,)))
    return signals


def views(loaded: System, signals: dict[EdgeKey, EdgeSignals]) -> dict[str, DatabaseView]:
    """All databases by name."""
    edges = edges_of(loaded)
    book = EdgeBook(
        signals=lambda: signals,
        edges=lambda: {key: (edge, 1) for key, edge in edges.items()},
        journal=Journal(),
        rules=lambda key: policy_of(loaded, edges[key]),
    )
    return {view.name: view for view in database_views(loaded, book.views(1.0), signals)}


def test_who_uses_it(tmp_path: Path) -> None:
    """Whoever is no owner is foreign; the outside is told once it was there."""
    shop = views(loaded(tmp_path), {ORDERS: seen()})["databases.shop"]
    assert (shop.engine, shop.owner, shop.runs, shop.protocol, shop.read) == (
        "postgres",
        "orders",
        "process",
        "postgres",
        True,
    )
    orders, reports = shop.users
    assert (orders.service, orders.foreign, orders.connections, orders.requests) == ("orders", False, 2, 3)
    assert (reports.service, reports.foreign, reports.denied) == ("reports", True, "")
    outside = {EdgeKey("outside", "databases.shop", "postgres"): seen()}
    users = {user.service: user.foreign for user in views(loaded(tmp_path), outside)["databases.shop"].users}
    assert users == {"orders": False, "reports": True, "outside": False}


def test_statements_that_took_longest_come_first(tmp_path: Path) -> None:
    """By fingerprint and service, over all that the workers told."""
    select, insert = views(loaded(tmp_path), {ORDERS: seen()})["databases.shop"].statements
    assert (select.service, select.text, select.count, select.errors) == (
        "orders",
        "SELECT * FROM stock",
        1,
        1,
    )
    assert select.total_ms > 800
    assert select.p99_ms is not None
    assert (insert.text, insert.count, insert.refused, insert.errors) == (
        "INSERT INTO stock VALUES (?)",
        3,
        1,
        0,
    )


def test_a_file_has_users_and_nothing_passes_an_edge(tmp_path: Path) -> None:
    """They are those of the topology."""
    notes = views(loaded(tmp_path), {})["databases.notes"]
    assert (notes.runs, notes.read, notes.statements) == ("file", False, [])
    assert notes.path.endswith("notes.sqlite3")
    assert notes.users == [
        DatabaseUserView(service="orders"),
        DatabaseUserView(service="reports", foreign=True),
    ]


def test_services_of_a_compose_file(tmp_path: Path) -> None:
    """Whoever speaks SQL is a database; owner and exclusive stand under x-meshdev."""
    (tmp_path / "compose.yml").write_text(
        """
        services:
          db:
            image: postgres:16
            x-meshdev: { owner: orders, exclusive: true }
          orders:
            image: orders
            environment: { DATABASE_URL: "postgres://u:p@db/shop" }
          reports:
            image: reports
            environment: { DATABASE_URL: "postgres://u:p@db/shop" }
        """
    )
    found = load(tmp_path / "compose.yml", environ={"PATH": "/usr/bin:/bin"})
    (database,) = views(found, {}).values()
    assert (database.name, database.owner, database.protocol, database.runs) == (
        "db",
        "orders",
        "postgres",
        "container",
    )
    denied = {user.service: user.denied for user in database.users}
    assert denied == {"orders": "", "reports": "db belongs to orders, and is exclusive"}


def test_an_exclusive_one_is_closed_to_all_but_its_owner(tmp_path: Path) -> None:
    """Whatever the caller's own rules are; published ports stay open."""
    found = loaded(tmp_path, exclusive=True)
    denied = {key.caller: policy_of(found, edge).denied for key, edge in edges_of(found).items()}
    reason = "databases.shop belongs to orders, and is exclusive"
    assert denied == {"orders": "", "reports": reason, "outside": ""}
    assert [user.denied for user in views(found, {})["databases.shop"].users] == ["", reason]
    assert not any(policy_of(it, edge).denied for it in [loaded(tmp_path)] for edge in edges_of(it).values())


CACHE = """
[databases.cache]
engine = "valkey"
command = "true"
[services.orders]
command = "true"
uses = ["databases.cache"]
"""


def test_of_what_has_no_statements_the_commands_are_told_apart(tmp_path: Path) -> None:
    """A cache: by command and the key's pattern; what is more than is told apart has no text."""
    signals = EdgeSignals()
    routes = (
        RouteCounters("GET session:{id}", (0, 0, 9, 0, 1, 0), {SLOW: 10}),
        RouteCounters("PING", (0, 0, 2, 0, 0, 0), {5: 2}),
        RouteCounters("{other}", (0, 0, 1, 0, 0, 0), {4: 1}),
    )
    signals.add(EdgeCounters(1, opened=1, active=1, routes=routes, spoken="redis"))
    key = EdgeKey("orders", "databases.cache", "redis")
    cache = views(system(tmp_path, CACHE), {key: signals})["databases.cache"]
    assert cache.read
    told = [(one.name, one.target, one.text, one.count, one.refused) for one in cache.statements]
    assert told == [
        ("GET", "session:{id}", "GET session:{id}", 10, 1),
        ("PING", "", "PING", 2, 0),
        ("*", "", "", 1, 0),
    ]
