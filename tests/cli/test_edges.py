"""`meshdev edges`, against a stand-in."""

import json

import click

from meshdev.cli.edges import render
from meshdev.wire.control import EdgeSignalsView, RouteView
from support_cli import Cli, stand_in
from support_control import edge

PROMISED = {
    "caller", "callee", "protocol", "declared", "observed", "requests", "errors", "in_flight", "rps",
    "p50_ms", "p90_ms", "p99_ms", "bytes_in", "bytes_out", "policies", "faults",
}  # fmt: skip
UNUSED: dict[str, object] = {
    "observed": False, "requests": 0, "rps": 0.0, "p50_ms": None, "p90_ms": None, "p99_ms": None
}  # fmt: skip


def edges() -> list[EdgeSignalsView]:
    """One of each sort."""
    routes = [
        RouteView(route="GET /orders", requests=3, errors=0, p50_ms=1.0, p99_ms=2.0),
        RouteView(route="POST /orders", requests=1197, errors=4, p50_ms=1.5, p99_ms=2000.0),
    ]
    return [
        edge(errors=4, in_flight=2, routes=routes),
        edge("orders", "brokers.events", protocol="nats", endpoint="nats", p50_ms=None, p90_ms=None, p99_ms=None),
        edge("orders", "payments", endpoint="admin", held=3, policies=["timeout"], faults=["latency"],
             errors_by_kind={"fault": 2, "refused": 1}, circuit="open", acts={"retry": 2}),
        edge("front", "mail", declared=False, **UNUSED),
    ]  # fmt: skip


def test_a_row_an_edge_within_eighty_columns() -> None:
    """Who calls whom, how often, how badly, how fast; what is special stands behind."""
    lines = render(edges(), routes=False, unicode=True)
    troubles = "circuit open, faults: latency, 2 errors injected, 3 held, timeout, 2 x retry"
    assert [click.unstyle(line) for line in lines] == [
        "EDGE                     RATE  REQUESTS  ERRORS    P50   P90   P99  NOTE",
        "front → orders           12/s      1200       4  1.2ms  12ms  1.2s  2 in flight",
        "orders → brokers.events  12/s      1200       0                     nats",
        "orders → payments:admin  12/s      1200       0  1.2ms  12ms  1.2s  " + troubles,
        "front → mail                     unused                             undeclared",
    ]
    assert "\x1b[31m4" in lines[1]
    assert "\x1b[33mundeclared" in lines[4]


def test_a_foreign_edge_is_told() -> None:
    """Whose the data is."""
    (_, line) = render([edge("reports", "databases.shop", foreign="orders")], routes=False, unicode=True)
    assert "\x1b[33mforeign: data of orders" in line


def test_routes_stand_below_their_edge() -> None:
    """The busiest first, in the same columns."""
    lines = render(edges()[:1], routes=True, unicode=False)
    assert [line.split()[:3] for line in lines[1:]] == [
        ["front", "->", "orders"],
        ["POST", "/orders", "1197"],
        ["GET", "/orders", "3"],
    ]


def test_no_edges_is_said() -> None:
    """An empty table would leave one wondering."""
    assert render([], routes=False, unicode=True) == [
        "no edges: nothing calls or uses anything, and no port is published"
    ]


def test_json_has_the_promised_fields(cli: Cli) -> None:
    """The list that programs rely on."""
    with stand_in(cli) as daemon:
        daemon.stand_in.signals = edges()
        ran = cli("edges", "--json")
        table = cli("edges")
    found = json.loads(ran.out)
    assert [(one["caller"], one["callee"]) for one in found] == [
        ("front", "orders"),
        ("orders", "brokers.events"),
        ("orders", "payments"),
        ("front", "mail"),
    ]
    assert set(found[0]) >= PROMISED
    assert "front → orders" in table.out
