"""What the details and the line below the graph say."""

from collections.abc import Sequence

import msgspec
import pytest

from meshdev.tui.cells import width_of
from meshdev.tui.graph.edge_facts import edge_facts, edge_line
from meshdev.tui.graph.node_facts import node_facts, node_line
from meshdev.tui.graph.scene import Choice, Edge, scene_of
from meshdev.tui.tone import Span
from meshdev.wire.control import RouteView
from support_dashboard import NOW
from support_graph import big, busy_shop, flowing, starting_shop, troubled_shop


def text(lines: Sequence[Sequence[Span]]) -> str:
    """The lines' characters."""
    return "\n".join("".join(span.text for span in line) for line in lines)


def of(caller: str, callee: str, width: int = 46) -> str:
    """What is said about an edge of the shop in trouble."""
    shown = troubled_shop()
    edge = scene_of(shown, Choice()).edge((caller, callee))
    assert edge is not None
    return text(edge_facts(shown, edge, width))


def test_an_edge_in_trouble_says_everything() -> None:
    """What closes it, what acts, what failed, who answers, how long it took."""
    said = of("orders", "payments")
    for wanted in (
        "⊘ open",
        "76% fail",
        "410 failed",
        "p99 240ms",
        "A minute",
        "Latency",
        "POST /orders/{id}",
        "timeout 500 ms",
        "fast failures 371",
        "503 380",
        "payments-0",
    ):
        assert wanted in said, wanted


@pytest.mark.parametrize(
    ("pair", "wanted"),
    [
        (("orders", "inventory"), "↯ slow inventory: +200 ms"),
        (("storefront", "notifications"), "✕ no rule allows it"),
        (("shipping", "payments"), "isn't in the topology file"),
        (("shipping", "order-history"), "◇ shipment.dispatched"),
        (("shipping", "order-history"), "Nothing of this passes through the mesh"),
        (("orders", "brokers.events"), "2 connections"),
        (("shoppers", "storefront"), "waits for it at its start"),
    ],
)
def test_each_sort_of_edge_says_what_it_is(pair: tuple[str, str], wanted: str) -> None:
    """In words."""
    assert wanted in of(*pair)


def test_an_unused_edge_says_so() -> None:
    """Nothing else is known."""
    shown = starting_shop()
    edge = scene_of(shown, Choice()).edge(("orders", "payments"))
    assert edge is not None
    assert "Never used." in text(edge_facts(shown, edge, 46))


@pytest.mark.parametrize("width", [30, 46, 76])
def test_no_line_is_wider_than_the_panel(width: int) -> None:
    """In every width, for every edge and node, long and wide names included."""
    for shown in (troubled_shop(), big(40, 60, long=True)):
        scene = scene_of(shown, Choice())
        found = [line for edge in scene.edges for line in edge_facts(shown, edge, width)]
        found += [line for node in scene.nodes for line in node_facts(shown, scene, node, NOW, width)]
        wide = ["".join(span.text for span in line) for line in found]
        assert [line for line in wide if width_of(line) > max(width, 46)] == []


def test_the_line_below_names_the_trouble_first() -> None:
    """Of an edge and of a node."""
    scene = scene_of(troubled_shop(), Choice())
    edge, node = scene.edge(("orders", "payments")), scene.node("shipping")
    assert edge is not None
    assert node is not None
    assert text([edge_line(edge)]).startswith("orders → payments  ⊘ circuit open  2.9 requests/s  76% errors")
    assert text([node_line(scene, node, NOW)]).startswith("↻ shipping  backoff 1s: restarts in 3.2 s")


def test_a_node_tells_its_edges_and_itself() -> None:
    """Whom it calls, who calls it, and what the Services screen says too."""
    shown = busy_shop()
    scene = scene_of(shown, Choice())
    node = scene.node("orders")
    assert node is not None
    said = text(node_facts(shown, scene, node, NOW, 46))
    for wanted in ("Calls", "payments", "2.9/s", "Called by", "storefront", "Instances 2", "Last probe"):
        assert wanted in said


def test_a_team_tells_its_members() -> None:
    """With what is wrong with each."""
    shown = troubled_shop()
    scene = scene_of(shown, Choice(teams=True))
    node = scene.node("team:sales")
    assert node is not None
    said = text(node_facts(shown, scene, node, NOW, 46))
    assert "✕ payments  gave up" in said
    assert "● carts" in said


def test_events_say_how_many_and_how_far_behind() -> None:
    """Beside their name where there is room, else below it."""
    shown = busy_shop()
    edge = scene_of(shown, Choice()).edge(("shipping", "order-history"))
    assert edge is not None
    wide, narrow = (text(edge_facts(shown, edge, width)) for width in (80, 40))
    assert "◇ shipment.dispatched  3.0/s, 700 so far  12 behind\n" in wide
    assert "◇ shipment.dispatched\n  3.0/s, 700 so far  12 behind\n" in narrow
    assert "Nothing of this passes" not in wide


def test_bytes_are_those_that_the_caller_sent_and_those_that_came_back() -> None:
    """``bytes_in`` came from the caller (`wire.control`)."""
    view = msgspec.structs.replace(flowing("a", "b", 3.0, 9.0), bytes_in=4096, bytes_out=70)
    edge = Edge("a", "b", frozenset({"calls"}), signals=(view,))
    assert "4.0KB asked, 70B answered" in text(edge_facts(busy_shop(), edge, 60))


@pytest.mark.parametrize(("protocol", "title"), [("http", "Route"), ("nats", "Operation")])
def test_what_passes_is_called_by_what_it_is(protocol: str, title: str) -> None:
    """Routes are HTTP's."""
    route = RouteView(route="PUB order.placed", requests=3, errors=0, p50_ms=None, p99_ms=None)
    view = msgspec.structs.replace(flowing("a", "b", 3.0, 9.0), protocol=protocol, routes=[route])
    edge = Edge("a", "b", frozenset({"uses"}), signals=(view,))
    assert f"{title}  " in text(edge_facts(busy_shop(), edge, 60))
