"""Edges, start order, cycles, and the graph as text."""

import dataclasses
import json
from pathlib import Path

import pytest

from meshdev.errors import TopologyError
from meshdev.topology.graph import Arrow, EdgeKind, cycles, edges, longest_chain, start_order
from meshdev.topology.model import Dependency, System
from meshdev.topology.render import FORMATS
from support_topology import complaints, loaded

SHOP = """
[services.a]
command = "true"
team = "one"
calls = ["b"]
uses = ["brokers.e", "databases.d"]
depends_on = { b = "healthy" }
publishes = ["x.made"]
[services.b]
command = "true"
depends_on = ["brokers.e"]
subscribes = ["x.made"]
[databases.d]
[databases.p]
command = "true"
[brokers.e]
command = "true"
"""


def chain(folder: Path, *arrows: str, key: str = "calls") -> System:
    """A system of services named by letters: ``chain(folder, "ab", "bc")``; only calls may go in circles."""
    names = sorted({letter for arrow in arrows for letter in arrow})
    lines = []
    for name in names:
        targets = [arrow[1] for arrow in arrows if arrow[0] == name]
        lines += [f"[services.{name}]", 'command = "true"', f"{key} = {targets}"]
    return loaded(folder, "\n".join(lines))


def test_edges(tmp_path: Path) -> None:
    """Every arrow has its kind."""
    assert edges(loaded(tmp_path, SHOP)) == (
        Arrow("a", "b", EdgeKind.CALLS),
        Arrow("a", "databases.d", EdgeKind.USES),
        Arrow("a", "brokers.e", EdgeKind.USES),
        Arrow("a", "b", EdgeKind.DEPENDS_ON, "healthy"),
        Arrow("a", "event:x.made", EdgeKind.PUBLISHES),
        Arrow("b", "brokers.e", EdgeKind.DEPENDS_ON, "started"),
        Arrow("event:x.made", "b", EdgeKind.SUBSCRIBES),
    )


def test_start_order(tmp_path: Path) -> None:
    """Generations by depends_on; calls need no order."""
    assert start_order(loaded(tmp_path, SHOP)) == (("databases.p", "brokers.e"), ("b",), ("a",))


def test_a_cycle_of_dependencies(tmp_path: Path) -> None:
    """The whole circle is named, and where each of its arrows stands; a second circle is told too."""
    text = """
        [services.a]
        command = "true"
        depends_on = ["b"]
        [services.b]
        command = "true"
        depends_on = ["d", "c"]
        [services.c]
        command = "true"
        depends_on = { a = "healthy" }
        [services.d]
        command = "true"
        [services.e]
        command = "true"
        depends_on = ["f"]
        [services.f]
        command = "true"
        depends_on = ["e"]
        """
    first, second = complaints(tmp_path, text)
    assert first.split("\n  ") == [
        "meshdev.toml:3: depends_on goes in a circle: a -> b -> c -> a",
        "a -> b at meshdev.toml:3; b -> c at meshdev.toml:6; c -> a at meshdev.toml:9",
    ]
    assert second.startswith("meshdev.toml:14: depends_on goes in a circle: e -> f -> e")


def test_no_order_in_a_circle(tmp_path: Path) -> None:
    """A system that was put together by hand is checked as well."""
    system = chain(tmp_path, "ab", key="depends_on")
    b = dataclasses.replace(system.services["b"], depends_on=(Dependency("a"),))
    circular = dataclasses.replace(system, services={**system.services, "b": b})
    with pytest.raises(TopologyError, match="depends_on goes in a circle: a -> b -> a"):
        start_order(circular)


def test_cycles_of_calls(tmp_path: Path) -> None:
    """The shortest circle of each knot."""
    system = chain(tmp_path, "ab", "bc", "ca", "ba", "cd", "ef", "fe")
    assert cycles(system, EdgeKind.CALLS) == (("a", "b"), ("e", "f"))
    assert longest_chain(system) == ()


def test_the_longest_chain(tmp_path: Path) -> None:
    """Which calls follow each other furthest."""
    assert longest_chain(chain(tmp_path, "ab", "bc", "cd", "ad")) == ("a", "b", "c", "d")


def test_text(tmp_path: Path) -> None:
    """For a terminal."""
    assert FORMATS["text"](loaded(tmp_path, SHOP)).splitlines() == [
        "a  (one; http)",
        "  -> b",
        "  => databases.d",
        "  => brokers.e",
        "  after b is healthy",
        "  publishes x.made",
        "b  (http)",
        "  after brokers.e is started",
        "  subscribes x.made",
        "databases.p  (tcp)",
        "brokers.e  (tcp)",
        "databases.d  (file)",
    ]


def test_mermaid(tmp_path: Path) -> None:
    """For a page."""
    assert FORMATS["mermaid"](loaded(tmp_path, SHOP)).splitlines() == [
        "flowchart LR",
        '  n0["a"]',
        '  n1["b"]',
        '  n2[("databases.p")]',
        '  n3[["brokers.e"]]',
        '  n4[("databases.d")]',
        '  n5>"x.made"]',
        "  n0 --> n1",
        "  n0 --> n4",
        "  n0 --> n3",
        "  n0 -.->|after| n1",
        "  n0 -.-> n5",
        "  n1 -.->|after| n3",
        "  n5 -.-> n1",
    ]


def test_dot(tmp_path: Path) -> None:
    """For Graphviz."""
    lines = FORMATS["dot"](loaded(tmp_path, SHOP)).splitlines()
    assert lines[0] == f'digraph "{tmp_path.name}" {{'
    assert '  n4 [label="databases.d", shape=cylinder];' in lines
    assert '  n0 -> n1 [style=dashed, label="after"];' in lines
    assert lines[-1] == "}"


def test_json(tmp_path: Path) -> None:
    """For programs: nodes and edges."""
    graph = json.loads(FORMATS["json"](loaded(tmp_path, SHOP)))
    assert [node["name"] for node in graph["nodes"]] == ["a", "b", "databases.p", "brokers.e", "databases.d"]
    assert graph["nodes"][0] == {
        "name": "a",
        "kind": "service",
        "team": "one",
        "description": "",
        "runs": "process",
        "replicas": 1,
        "endpoints": [{"name": "http", "protocol": "http", "port": None}],
        "ports": [],
    }
    assert graph["edges"][0] == {"caller": "a", "callee": "b", "kind": "calls", "detail": ""}


def test_every_way_to_run_has_a_word(tmp_path: Path) -> None:
    """Nodes of any sort can be drawn."""
    system = loaded(
        tmp_path,
        '[services]\na = { image = "x" }\nb = { stub = { recording = "r" } }\nc = { url = "http://x" }\n',
    )
    nodes = json.loads(FORMATS["json"](system))["nodes"]
    assert [node["runs"] for node in nodes] == ["container", "stub", "remote"]
