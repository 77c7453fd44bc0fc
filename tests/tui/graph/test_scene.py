"""What is on the graph."""

from dataclasses import replace

import pytest

from meshdev.tui.graph.scene import Choice, Events, near, scene_of
from meshdev.tui.model import Picture
from meshdev.wire.control import EdgeView
from meshdev.wire.topic_views import TopicPartyView, TopicView
from support_dashboard import healthy, picture, service, signals
from support_graph import PLACED, SHIPPED, busy_shop, troubled_shop


def test_events_are_folded_into_an_edge_from_publisher_to_subscriber() -> None:
    """With the names of the events, and beside the calls between the same two."""
    scene = scene_of(busy_shop(), Choice())
    edge = scene.edge(("shipping", "notifications"))
    assert edge is not None
    assert [event.name for event in edge.events] == SHIPPED
    assert {"events"} == edge.kinds
    assert not [node for node in scene.nodes if node.kind == "event"]


def test_events_that_nobody_declared_are_there_when_messages_were_seen_at_both_ends() -> None:
    """Several publishers share what was delivered by what each has published."""
    wild = TopicView(
        name="audit",
        publishers=[
            TopicPartyView(service="orders", messages=30),
            TopicPartyView(service="shipping", messages=10),
            TopicPartyView(service="catalog"),
        ],
        subscribers=[
            TopicPartyView(service="payments", messages=20, mps=2.0, lag=4),
            TopicPartyView(service="inventory"),
        ],
    )
    scene = scene_of(replace(healthy(), topics=(wild,)), Choice())
    assert {
        edge.pair: [(event.mps, event.messages, event.lag, event.declared) for event in edge.events]
        for edge in scene.edges
        if edge.events
    } == {
        ("orders", "payments"): [(1.5, 15, 4, False)],
        ("shipping", "payments"): [(0.5, 5, 4, False)],
    }


def test_events_can_be_nodes_or_hidden() -> None:
    """As nodes each has its publishers on one side and its subscribers on the other."""
    nodes = scene_of(busy_shop(), Choice(events=Events.NODES))
    assert nodes.edge(("orders", "event:order.placed")) is not None
    assert nodes.edge(("event:order.placed", "notifications")) is not None
    assert len(PLACED) + len(SHIPPED) == len([node for node in nodes.nodes if node.kind == "event"])
    hidden = scene_of(busy_shop(), Choice(events=Events.HIDDEN))
    assert hidden.edge(("shipping", "notifications")) is None


def test_every_edge_that_is_not_folded_is_there() -> None:
    """With everything shown, the scene's edges are the picture's."""
    shown = busy_shop()
    scene = scene_of(shown, Choice(events=Events.NODES, databases=True))
    assert {(edge.caller, edge.callee) for edge in shown.edges} == {edge.pair for edge in scene.edges}


def test_edges_between_the_same_two_are_one() -> None:
    """Its kinds tell what it is made of, its signals are those of all endpoints."""
    edge = scene_of(busy_shop(), Choice()).edge(("shoppers", "storefront"))
    assert edge is not None
    assert {"calls", "depends_on"} == edge.kinds
    assert len(edge.signals) == 1


def test_what_nobody_declared_is_there_too() -> None:
    """It is the most interesting edge of all."""
    edge = scene_of(troubled_shop(), Choice()).edge(("shipping", "payments"))
    assert edge is not None
    assert "undeclared" in edge.kinds


def test_a_database_of_one_service_is_shown_on_demand_and_a_shared_one_always() -> None:
    """Sharing one is what somebody should see."""
    assert scene_of(busy_shop(), Choice()).node("databases.orders") is None
    shown = scene_of(busy_shop(), Choice(databases=True)).node("databases.orders")
    assert shown is not None
    assert shown.label == "orders"
    thief = EdgeView(caller="carts", callee="databases.orders", kind="uses")
    shared = replace(busy_shop(), edges=(*busy_shop().edges, thief))
    assert scene_of(shared, Choice()).node("databases.orders") is not None


def test_by_team_a_team_is_one_node() -> None:
    """What its members call is what it calls; calls within it are not there."""
    scene = scene_of(busy_shop(), Choice(teams=True))
    team = scene.node("team:sales")
    assert team is not None
    assert {"orders", "payments", "carts"} == {service.name for service in team.services}
    edge = scene.edge(("team:web", "team:sales"))
    assert edge is not None
    assert len(edge.signals) == 2
    assert scene.edge(("team:sales", "team:sales")) is None


def test_a_filter_leaves_what_matches_and_its_neighbours() -> None:
    """The rest is counted."""
    scene = scene_of(busy_shop(), Choice(wanted="payments"))
    assert frozenset({"payments"}) == scene.matching
    assert {"payments", "orders"} == {node.name for node in scene.nodes}
    assert scene.hidden == 9


@pytest.mark.parametrize(
    ("hops", "found"),
    [(0, {"payments"}), (1, {"payments", "orders"}), (2, {"payments", "orders", "storefront", "carts"})],
)
def test_near_goes_along_edges_in_both_directions(hops: int, found: set[str]) -> None:
    """So many hops."""
    assert found <= near(scene_of(busy_shop(), Choice()), ["payments"], hops)


def test_an_outsider_that_only_traffic_tells_of_is_a_node() -> None:
    """Someone calls who is in no file."""
    shown = picture([service("a")], edges=(), signals=(signals("curl", "a", declared=False),))
    node = scene_of(shown, Choice()).node("curl")
    assert node is not None
    assert node.kind == "outside"


def test_figures_do_not_count_for_the_layout() -> None:
    """Only names and pairs do."""
    calm = replace(busy_shop(), signals=())
    assert scene_of(busy_shop(), Choice()).without_figures() == scene_of(calm, Choice()).without_figures()
    assert scene_of(Picture(), Choice()).without_figures() == ((), ())
