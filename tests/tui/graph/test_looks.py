"""How things look: never by colour alone."""

import pytest

from meshdev.tui.graph.flow import flow_of
from meshdev.tui.graph.looks import EdgeLook, edge_look, fitting, node_look, node_looks
from meshdev.tui.graph.scene import Choice, Edge, Node, scene_of
from meshdev.tui.tone import Span, Tone
from meshdev.wire.control import EdgeSignalsView
from support_dashboard import NOW, service, signals
from support_graph import busy_shop, flowing, troubled_shop


def look(view: EdgeSignalsView, busiest: float = 100.0) -> EdgeLook:
    """The look of a declared call with these signals."""
    return edge_look(Edge("a", "b", frozenset({"calls"}), signals=(view,)), flow_of([view]), busiest)


@pytest.mark.parametrize(
    ("view", "tone", "head"),
    [
        (signals("a", "b", observed=False), Tone.FAINT, "►"),
        (signals("a", "b"), Tone.MUTED, "►"),
        (flowing("a", "b", 3.0, 9.0), Tone.OK, "►"),
        (flowing("a", "b", 3.0, 9.0, eps=1.0), Tone.BAD, "►"),
        (flowing("a", "b", 3.0, 9.0, eps=0.001), Tone.WARN, "►"),
        (flowing("a", "b", 3.0, 9.0, declared=False), Tone.WARN, "?"),
        (flowing("a", "b", 3.0, 9.0, foreign="c"), Tone.WARN, "‡"),
        (flowing("a", "b", 3.0, 9.0, foreign="c", declared=False), Tone.WARN, "?"),
        (flowing("a", "b", 3.0, 9.0, denied="rule"), Tone.BAD, "✕"),
        (flowing("a", "b", 3.0, 9.0, circuit="open"), Tone.BAD, "⊘"),
        (flowing("a", "b", 3.0, 9.0, faults=["slow"]), Tone.BAD, "↯"),
        (flowing("a", "b", 3.0, 9.0, circuit="half-open"), Tone.WARN, "►"),
    ],
)
def test_an_edge_tells_how_it_is_by_tone_and_by_mark(view: EdgeSignalsView, tone: Tone, head: str) -> None:
    """Grey until used, green while it flows, red where it fails."""
    found = look(view)
    assert (tone, head) == (found.tone, found.head)


def test_the_busiest_edges_are_heavy() -> None:
    """In proportion to the busiest of all."""
    assert look(flowing("a", "b", 50.0, 9.0), busiest=100.0).weight == 2
    assert look(flowing("a", "b", 5.0, 9.0), busiest=100.0).weight == 1


def test_events_are_dashed_and_mere_order_is_dotted() -> None:
    """A call beside them makes the line solid."""

    def of(*kinds: str) -> tuple[bool, bool]:
        found = edge_look(Edge("a", "b", frozenset(kinds)), flow_of([]), 0.0)
        return found.dashed, found.dotted

    assert of("events") == (True, False)
    assert of("publishes") == (True, False)
    assert of("depends_on") == (False, True)
    assert of("calls", "events", "depends_on") == (False, False)


def test_a_service_that_somebody_else_plays_is_marked() -> None:
    """Before its name, which may be cut; what is left of the box tells how it is, as ever."""
    played = service("payments", stand_in="recording:checkout")
    found = node_look(Node("payments", "payments", "service", (played,)), flow_of([]), NOW, labelled=True)
    assert "".join(span.text for span in found.lines[0]) == "● ◫ payments"


def test_words_that_do_not_fit_are_left_out_from_the_first_on() -> None:
    """A latency never stands where the rate is looked for."""
    words = [Span("12.5k/s"), Span("3ms")]
    assert fitting(words, 8) == []
    assert "".join(span.text for span in fitting(words, 9)) == " 12.5k/s "
    assert "".join(span.text for span in fitting(words, 20)) == " 12.5k/s 3ms "


def test_a_node_says_its_state_by_shape_and_word() -> None:
    """Below its name; a healthy one says what it costs, or what it gets."""
    looks = node_looks(scene_of(troubled_shop(), Choice()), NOW)
    assert "".join(span.text for span in looks["payments"].lines[0]) == "✕ payments"
    assert "".join(span.text for span in looks["payments"].lines[1]) == "gave up 8s"
    assert Tone.BAD is looks["payments"].frame
    assert "".join(span.text for span in looks["storefront"].lines[1]) == "0.4%  48M"
    unlabelled = node_looks(scene_of(busy_shop(), Choice()), NOW, labelled=False)
    assert "".join(span.text for span in unlabelled["storefront"].lines[1]) == "12/s 184ms"
    assert unlabelled["orders"].lines[0][-1].text == " ×2"  # noqa: RUF001 -- as it is drawn


def test_a_team_looks_like_its_worst_member() -> None:
    """Nothing broken hides in it."""
    team = Node("team:x", "x (2)", "team", (service("a"), service("b", phase="gave-up", health="unknown")))
    assert Tone.BAD is node_look(team, flow_of([]), NOW, labelled=True).frame


@pytest.mark.parametrize(("kind", "shape"), [("event", "◇"), ("database", "⛁"), ("outside", "□")])
def test_what_is_no_service_has_a_shape_of_its_own(kind: str, shape: str) -> None:
    """It has no state."""
    assert f"{shape} " == node_look(Node("n", "n", kind), flow_of([]), NOW, labelled=True).lines[0][0].text
