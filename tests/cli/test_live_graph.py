"""`meshdev graph --live`: the running system in every format."""

import json

import click
import pytest

from meshdev.cli.live_graph import as_dot, as_mermaid, as_text
from meshdev.wire.control import EdgeView, GraphView
from support_cli import Cli, stand_in
from support_control import edge, instance, service

GRAPH = GraphView(
    nodes=[
        service("front", instances=[instance("front", 0), instance("front", 1)]),
        service("orders", health="unhealthy"),
        service("mail", phase="stopped", health="unknown", instances=[]),
    ],
    edges=[
        EdgeView(caller="front", callee="orders", kind="calls"),
        EdgeView(caller="front", callee="orders", kind="depends_on"),
        EdgeView(caller="front", callee="mail", kind="calls"),
        EdgeView(caller="orders", callee="event:placed", kind="publishes"),
        EdgeView(caller="event:placed", callee="mail", kind="subscribes"),
        EdgeView(caller="orders", callee="databases.orders", kind="uses"),
    ],
    signals=[
        edge("outside", "front"),
        edge(errors=3),
        edge("front", "mail", observed=False, requests=0, rps=0.0, p99_ms=None, endpoint="admin"),
        edge("orders", "front", declared=False, faults=["latency"]),
    ],
)


def test_a_foreign_edge_is_amber() -> None:
    """It says whose the data is."""
    graph = GraphView(nodes=[], edges=[], signals=[edge("reports", "databases.shop", foreign="orders")])
    assert "\x1b[33m" in as_text(graph)
    assert "foreign: data of orders" in as_text(graph)
    assert 'color="#c80"' in as_dot(graph)


def test_text_has_health_and_signals() -> None:
    """Each node with its state; below it what it calls, how often, how badly, how fast."""
    assert click.unstyle(as_text(GRAPH)).splitlines() == [
        "front  ● healthy  2 instances",
        "  → orders  12/s, 3 of 1200 failed, p99 1.2s",
        "  → mail    admin, unused",
        "  after orders",
        "orders  ▲ unhealthy",
        "  → front  12/s, p99 1.2s, undeclared, latency",
        "  publishes placed",
        "  calls databases.orders",
        "mail  ○ stopped",
        "  subscribes placed",
        "outside",
        "  → front  12/s, p99 1.2s",
    ]


def test_mermaid_paints_by_health_and_errors() -> None:
    """Every arrow has its number in the order of lines, which is what linkStyle counts."""
    lines = as_mermaid(GRAPH).splitlines()
    assert '  n0["front<br/>healthy"]' in lines
    assert "  style n1 fill:#fdd" in lines
    assert '  n0 -->|"12/s, 3 of 1200 failed, p99 1.2s"| n1' in lines
    assert "  linkStyle 1 stroke:#d33" in lines
    assert '  n0 -.->|"after"| n1' in lines


def test_dot_paints_the_same_way() -> None:
    """Labels are quoted, colours the same."""
    lines = as_dot(GRAPH).splitlines()
    assert '  n1 [label="orders\\nunhealthy", fillcolor="#fdd"];' in lines
    assert '  n1 -> n0 [label="12/s, p99 1.2s, undeclared, latency", color="#c80"];' in lines
    assert lines[-1] == "}"


def test_a_stand_in_is_marked() -> None:
    """In text, Mermaid and DOT."""
    graph = GraphView(nodes=[service("orders", stand_in="recording:checkout")], edges=[])
    assert click.unstyle(as_text(graph)) == "orders  ● healthy  ◫ recording:checkout\n"
    assert '  n0["orders<br/>healthy<br/>◫ recording:checkout"]' in as_mermaid(graph).splitlines()
    assert 'label="orders\\nhealthy\\n◫ recording:checkout"' in as_dot(graph)


@pytest.mark.parametrize("form", ["text", "mermaid", "dot", "json"])
def test_the_command_draws_what_runs(cli: Cli, form: str) -> None:
    """From the daemon, not from the file."""
    with stand_in(cli, service("orders")) as daemon:
        daemon.stand_in.signals = [edge()]
        ran = cli("graph", "--live", "--format", form)
    assert (ran.code, "orders" in ran.out) == (0, True)
    if form == "json":
        assert json.loads(ran.out)["signals"][0]["rps"] == 12.34
