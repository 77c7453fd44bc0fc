"""Walking along nodes and edges."""

from meshdev.topology.drawing import Drawing
from meshdev.tui.graph.cursor import Cursor, Way, at, begin, incoming, kept, moved
from meshdev.tui.graph.density import LARGE, fitted
from meshdev.tui.graph.scene import Choice, scene_of
from support_graph import big, busy_shop


def shop() -> Drawing:
    """The shop, drawn large."""
    return fitted(scene_of(busy_shop(), Choice()), 200, 60, LARGE)[1]


def walk(drawing: Drawing, cursor: Cursor, ways: str) -> Cursor:
    """Where some steps lead (``r``, ``l``, ``u``, ``d``)."""
    for letter in ways:
        cursor = moved(cursor, {"r": Way.RIGHT, "l": Way.LEFT, "u": Way.UP, "d": Way.DOWN}[letter], drawing)
    return cursor


def test_right_goes_onto_the_edge_and_then_to_its_callee() -> None:
    """And left the same way back."""
    drawing = shop()
    start = begin(drawing)
    assert Cursor("shoppers") == start
    assert Cursor(edge=("shoppers", "storefront")) == walk(drawing, start, "r")
    assert Cursor("storefront") == walk(drawing, start, "rr")
    assert Cursor("shoppers") == walk(drawing, start, "rrll")
    assert Cursor(edge=("shoppers", "storefront"), inward=True) == walk(drawing, start, "rrl")


def test_up_and_down_go_through_the_edges_of_the_node_that_was_left() -> None:
    """Outgoing ones after right, incoming ones after left; it ends at the last."""
    drawing = shop()
    onto = walk(drawing, Cursor("orders"), "r")
    assert onto.edge is not None
    seen = {onto.edge}
    for ways in ("u" * 9, "d" * 9):
        for number in range(len(ways)):
            edge = walk(drawing, onto, ways[:number]).edge
            assert edge is not None
            seen.add(edge)
    assert {route.callee for route in drawing.routes if route.caller == "orders"} == {
        pair[1] for pair in seen
    }
    into = walk(drawing, Cursor("brokers.events"), "l")
    ends = {walk(drawing, into, "u" * 9 + "d" * number).edge for number in range(6)}
    assert len(incoming(drawing, "brokers.events")) == len(ends)


def test_up_and_down_on_a_node_go_along_the_layer_and_on_to_what_is_near() -> None:
    """Every node is within reach of the arrow keys."""
    drawing = shop()
    reached: set[str] = set()
    waiting = [begin(drawing)]
    known = set(waiting)
    while waiting:
        cursor = waiting.pop()
        reached.update(cursor.ends)
        for way in Way:
            following = moved(cursor, way, drawing)
            if following not in known:
                known.add(following)
                waiting.append(following)
    assert set(drawing.boxes) == reached
    assert {(route.caller, route.callee) for route in drawing.routes} <= {cursor.edge for cursor in known}


def test_nodes_without_edges_are_reached_too() -> None:
    """By going where there is something."""
    drawing = fitted(scene_of(big(20, 0), Choice()), 200, 60)[1]
    reached = {begin(drawing)}
    for _ in range(40):
        reached |= {moved(cursor, way, drawing) for cursor in reached for way in Way}
    assert set(drawing.boxes) == {cursor.node for cursor in reached}


def test_the_cursor_stays_on_what_is_still_there() -> None:
    """An edge that is gone leaves it on one of its ends, a node that is gone at the beginning."""
    drawing = shop()
    assert Cursor("orders") == kept(Cursor("orders"), drawing)
    assert Cursor("orders") == kept(Cursor(edge=("orders", "gone")), drawing)
    assert begin(drawing) == kept(Cursor("gone"), drawing)
    assert Cursor() == kept(Cursor("gone"), Drawing())
    assert Cursor() == moved(Cursor(), Way.RIGHT, Drawing())


def test_a_cell_tells_what_is_in_it() -> None:
    """A box, a line, or nothing."""
    drawing = shop()
    box = drawing.boxes["orders"]
    assert Cursor("orders") == at(drawing, box.x + 1, box.y + 1)
    for route in drawing.routes:
        assert Cursor(edge=(route.caller, route.callee)) == at(drawing, *route.head)
    assert at(drawing, 0, 0) is None
