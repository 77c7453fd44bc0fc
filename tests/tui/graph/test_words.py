"""Words around the graph."""

from dataclasses import replace

from meshdev.tui.graph.cursor import Cursor
from meshdev.tui.graph.scene import Choice, Events, scene_of
from meshdev.tui.graph.words import empty_graph, status, troubled
from meshdev.tui.model import Link, Picture
from support_dashboard import picture
from support_graph import busy_shop, troubled_shop


def test_the_status_names_what_was_changed() -> None:
    """Nothing at the beginning."""
    assert status(Choice(), 0, "", 0) == []
    choice = Choice(events=Events.NODES, databases=True, teams=True, wanted="web")
    said = "".join(span.text for span in status(choice, 2, "tiny", 3))
    assert said == "filter web  3 hidden  focus 2 hops  by team  events as nodes  databases  tiny"


def test_an_empty_graph_says_why() -> None:
    """And what to do."""
    assert "Connecting" in empty_graph(Picture(), Choice())
    assert "no system yet" in empty_graph(replace(Picture(), link=Link.CONNECTED), Choice())
    assert "has no services" in empty_graph(picture(()), Choice())
    assert "Nothing matches" in empty_graph(busy_shop(), Choice(wanted="x"))
    assert "Nothing calls anything" in empty_graph(busy_shop(), Choice())


def test_trouble_is_first_what_is_broken_and_then_what_fails() -> None:
    """In the topology's order."""
    places = troubled(scene_of(troubled_shop(), Choice()))
    assert [place.node for place in places if place.node] == ["payments", "inventory", "shipping"]
    assert Cursor(edge=("orders", "payments")) in places
    assert Cursor(edge=("shipping", "payments")) in places
    assert troubled(scene_of(busy_shop(), Choice())) == []
