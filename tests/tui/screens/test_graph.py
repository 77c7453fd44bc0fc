"""Every key of the Graph screen."""

from dataclasses import replace

import pytest

from meshdev.tui.graph.cursor import Cursor
from meshdev.tui.graph.density import DENSITIES
from meshdev.tui.graph.scene import Events
from meshdev.tui.screens.graph import GraphScreen
from meshdev.tui.screens.logs import LogsScreen
from meshdev.tui.screens.traffic import TrafficScreen
from support_dashboard import Visit, Visiting, picture
from support_graph import big, busy_shop, quiet_shop, starting_shop, troubled_shop
from support_traffic import call


def graph(seen: Visit) -> GraphScreen:
    """The screen in front."""
    screen = seen.app.screen
    assert isinstance(screen, GraphScreen)
    return screen


@pytest.mark.parametrize("keys", [("right", "right", "left", "left"), ("l", "l", "h", "h")])
async def test_arrows_walk_and_the_line_below_says_where(visit: Visiting, keys: tuple[str, ...]) -> None:
    """Node, edge, node, and back."""
    async with visit(busy_shop()) as seen:
        await seen.press("2")
        said = []
        for key in keys:
            await seen.press(key)
            said.append(graph(seen).cursor)
        edge = ("shoppers", "storefront")
        assert said == [
            Cursor(edge=edge),
            Cursor("storefront"),
            Cursor(edge=edge, inward=True),
            Cursor("shoppers"),
        ]
        await seen.press("right")
        assert "shoppers → storefront  12 requests/s" in seen.text()


async def test_up_and_down_walk_too(visit: Visiting) -> None:
    """In a layer."""
    async with visit(busy_shop()) as seen:
        await seen.press("2")
        graph(seen).view.go(Cursor("carts"))
        await seen.press("down", "up", "j", "k")
        assert graph(seen).cursor == Cursor("carts")
        await seen.press("up")
        assert graph(seen).cursor == Cursor("shipping")


@pytest.mark.parametrize("key", ["enter", "d"])
@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)])
async def test_details_open_follow_the_cursor_and_close(
    visit: Visiting, key: str, size: tuple[int, int]
) -> None:
    """Beside the drawing or below it; Escape closes them as well."""
    async with visit(busy_shop(), size=size) as seen:
        await seen.press("2", "right", key)
        assert "So far" in seen.text()
        assert "8,680 requests" in seen.text()
        await seen.press("right")
        assert "Calls" in seen.text()
        await seen.press(key)
        assert "Calls  " not in seen.text()
        await seen.press(key, "escape")
        assert not graph(seen).has_class("-open")


async def test_tab_goes_to_the_details_and_back(visit: Visiting) -> None:
    """To scroll them."""
    async with visit(busy_shop(), size=(80, 24)) as seen:
        await seen.press("2", "right", "enter", "tab")
        assert graph(seen).focused is graph(seen).details
        await seen.press("down", "down")
        assert graph(seen).details.scroll_offset.y > 0
        await seen.press("escape")
        assert graph(seen).focused is graph(seen).view


async def test_focus_dims_what_is_far_and_moves_along(visit: Visiting) -> None:
    """A hop more with +, less with -, none with f or Escape."""
    async with visit(busy_shop()) as seen:
        await seen.press("2", "f")
        assert graph(seen)._bright() == frozenset({"shoppers", "storefront"})
        assert "focus 1 hop" in seen.text()
        await seen.press("+")
        assert "carts" in (graph(seen)._bright() or ())
        await seen.press("-", "-", "right", "right")
        assert "carts" in (graph(seen)._bright() or ())
        assert "payments" not in (graph(seen)._bright() or ())
        await seen.press("f")
        assert graph(seen)._bright() is None
        await seen.press("+")
        assert graph(seen)._bright() is None
        await seen.press("f", "escape")
        assert graph(seen)._bright() is None


async def test_the_filter_leaves_matches_and_their_neighbours(visit: Visiting) -> None:
    """While it is typed; Enter keeps it, Escape drops it."""
    async with visit(busy_shop()) as seen:
        await seen.press("2", "/", *"payments", "enter")
        assert "● payments" in seen.text()
        assert "● orders" in seen.text()
        assert "catalog" not in seen.text()
        assert "filter payments" in seen.text()
        assert "9 hidden" in seen.text()
        assert graph(seen).focused is graph(seen).view
        await seen.press("escape")
        assert "catalog" in seen.text()
        await seen.press("/", *"nothing")
        assert "Nothing matches 'nothing'" in seen.text()
        await seen.press("escape")
        assert "catalog" in seen.text()


async def test_the_matrix_and_back_with_the_cursor_on_the_same_edge(visit: Visiting) -> None:
    """By key, whatever the number of nodes."""
    async with visit(busy_shop()) as seen:
        await seen.press("2", "right", "M")
        assert graph(seen).in_matrix
        assert graph(seen).cursor == Cursor(edge=("shoppers", "storefront"))
        await seen.press("up")
        assert graph(seen).focused is graph(seen).table
        await seen.press("down", "enter")
        assert "So far" in seen.text()
        await seen.press("escape", "M")
        assert not graph(seen).in_matrix
        assert graph(seen).focused is graph(seen).view


async def test_teams_events_databases_are_shown_on_demand(visit: Visiting) -> None:
    """And the line below says what isn't as it was."""
    async with visit(busy_shop(), size=(200, 50)) as seen:
        await seen.press("2", "T")
        assert "sales (3)" in seen.text()
        await seen.press("T", "v")
        assert "◇ order.placed" in seen.text()
        assert graph(seen)._choice.events is Events.NODES
        await seen.press("v")
        assert "3 events" not in seen.text()
        await seen.press("v", "b")
        assert "⛁ orders" in seen.text()
        await seen.press("b")
        assert "⛁" not in seen.text()


async def test_sizes_can_be_chosen(visit: Visiting) -> None:
    """Each in turn, then by what fits again."""
    async with visit(busy_shop()) as seen:
        await seen.press("2")
        for density in DENSITIES:
            await seen.press("z")
            assert graph(seen).view.density is density
        await seen.press("z")
        assert graph(seen).view.density not in DENSITIES


async def test_trouble_is_found_by_key(visit: Visiting) -> None:
    """Nodes first, then edges, round and round; N goes back."""
    async with visit(troubled_shop()) as seen:
        await seen.press("2", "n")
        assert graph(seen).cursor == Cursor("payments")
        await seen.press("n", "n", "n")
        assert graph(seen).cursor.edge is not None
        await seen.press("N", "N", "N", "N")
        last = graph(seen).cursor.edge
        assert last is not None
        await seen.press("n")
        assert graph(seen).cursor == Cursor("payments")
        await seen.press("M", "n")
        assert graph(seen).cursor.edge is not None
    async with visit(busy_shop()) as seen:
        await seen.press("2", "n")
        assert "nothing is in trouble" in seen.text()


@pytest.mark.parametrize(("key", "call"), [("s", "start"), ("x", "stop"), ("r", "restart")])
async def test_services_are_moved_from_here(visit: Visiting, key: str, call: str) -> None:
    """The one under the cursor; on an edge nothing happens."""
    async with visit(busy_shop()) as seen:
        await seen.press("2", key)
        await seen.until(lambda: bool(seen.backend.calls))
        await seen.press("right", key)
        assert seen.backend.calls == [(call, "shoppers")]


async def test_names_are_copied(visit: Visiting) -> None:
    """A node's, or both of an edge as the command line takes them."""
    async with visit(busy_shop()) as seen:
        await seen.press("2", "y")
        assert seen.app.clipboard == "shoppers"
        await seen.press("right", "y")
        assert seen.app.clipboard == "shoppers storefront"


async def test_a_new_topology_is_laid_out_and_the_cursor_stays(visit: Visiting) -> None:
    """On what is still there."""
    async with visit(busy_shop()) as seen:
        await seen.press("2")
        graph(seen).view.go(Cursor("orders"))
        fewer = busy_shop()
        fewer = replace(fewer, services=tuple(one for one in fewer.services if one.name != "payments"))
        edges = tuple(edge for edge in fewer.edges if "payments" not in {edge.caller, edge.callee})
        signals = tuple(edge for edge in fewer.signals if "payments" not in {edge.caller, edge.callee})
        await seen.show(replace(fewer, edges=edges, signals=signals))
        assert graph(seen).cursor == Cursor("orders")
        assert "payments" not in seen.text()


@pytest.mark.parametrize("size", [(20, 6), (1, 1), (40, 10), (240, 70), (300, 90)])
async def test_no_size_breaks_it(visit: Visiting, size: tuple[int, int]) -> None:
    """Nor any key in it."""
    async with visit(troubled_shop(), size=size) as seen:
        await seen.press("2", "right", "enter", "f", "M", "down", "M", "T", "v", "b", "z", "n")
        assert seen.text()
        await seen.pilot.resize_terminal(120, 40)
        await seen.settle()
        assert "circuit" in seen.text() or "broken" in seen.text()


async def test_zero_one_and_two_hundred(visit: Visiting) -> None:
    """Without services, with one, with services that nobody calls, and with many."""
    async with visit(picture((), edges=())) as seen:
        await seen.press("2", "right", "enter", "M", "n", "f")
        assert "shop has no services" in seen.text()
        await seen.show(big(1, 0))
        await seen.press("M")
        assert "service-000" in seen.text()
        await seen.show(quiet_shop())
        assert "● orders" in seen.text()
        await seen.show(big(200, 1000))
        await seen.show(starting_shop())
        assert "orders" in seen.text()


@pytest.mark.parametrize(
    ("keys", "services"),
    [((), ("storefront",)), (("right",), ("storefront", "orders")), (("T",), ("storefront", "catalog"))],
    ids=["node", "edge", "team"],
)
async def test_the_log_lines_of_what_is_under_the_cursor(
    visit: Visiting, keys: tuple[str, ...], services: tuple[str, ...]
) -> None:
    """On the Logs screen: of the node, of both ends of the edge, of the team's members."""
    async with visit(busy_shop()) as seen:
        await seen.press("2")
        graph(seen).view.go(Cursor("storefront"))
        await seen.press(*keys)
        if "T" in keys:
            graph(seen).view.go(Cursor("team:web"))
        elif keys:
            graph(seen).view.go(Cursor(edge=("storefront", "orders")))
        await seen.press("L")
        await seen.until(lambda: isinstance(seen.app.screen, LogsScreen))
        assert isinstance(seen.app.screen, LogsScreen)
        assert seen.app.screen._wanted.services == services


@pytest.mark.parametrize(
    ("cursor", "wanted"),
    [
        (Cursor("payments"), "callee=payments"),
        (Cursor(edge=("orders", "payments")), "caller=orders callee=payments"),
    ],
)
async def test_the_calls_of_what_is_under_the_cursor(visit: Visiting, cursor: Cursor, wanted: str) -> None:
    """On the Traffic screen, by a filter that can be seen and cleared there."""
    async with visit(busy_shop()) as seen:
        await seen.press("2")
        graph(seen).view.go(cursor)
        await seen.press("i")
        await seen.until(lambda: isinstance(seen.app.screen, TrafficScreen))
        assert seen.backend.traffic is not None
        seen.backend.traffic.deliver([call(1, "orders", "payments"), call(2, "orders", "shipping")], 0)
        await seen.settle()
        assert isinstance(seen.app.screen, TrafficScreen)
        assert [each.callee for each in seen.app.screen.listed.calls] == ["payments"]
        await seen.press("/")
        assert wanted in seen.text()


async def test_who_has_no_log_says_so(visit: Visiting) -> None:
    """Nothing is opened."""
    async with visit(busy_shop()) as seen:
        await seen.press("2")
        graph(seen).view.go(Cursor())
        graph(seen).action_lines()
        graph(seen).action_calls()
        assert "nothing is selected that could be called" in seen.text()
        assert isinstance(seen.app.screen, GraphScreen)


async def test_the_details_of_an_edge_show_its_last_errors(visit: Visiting) -> None:
    """Single calls are asked for only while details are open and in front."""

    def heard(seen: Visit) -> bool:
        return seen.backend.traffic is not None and not seen.backend.traffic.closed

    async with visit(busy_shop(), size=(120, 60)) as seen:
        await seen.press("2")
        graph(seen).view.go(Cursor(edge=("orders", "payments")))
        assert not heard(seen)
        await seen.press("d")
        assert heard(seen)
        assert seen.backend.traffic is not None
        seen.backend.traffic.deliver([call(1, "orders", "payments", status=503, target="/charges")], 0)
        await seen.show(busy_shop())
        assert "Last errors" in seen.text()
        assert "GET /charges" in seen.text()
        await seen.press("1")
        assert not heard(seen)
        await seen.press("2")
        assert heard(seen)
        await seen.press("d")
        assert not heard(seen)
