"""The drawing on the screen."""

import threading
from dataclasses import replace

import msgspec
import pytest

from meshdev.topology.drawing import Drawing
from meshdev.tui.graph.cursor import Cursor
from meshdev.tui.graph.density import Density, fitted
from meshdev.tui.graph.scene import Scene
from meshdev.tui.screens.graph import GraphScreen
from meshdev.tui.widgets import graph_view
from meshdev.tui.widgets.graph_view import GraphView
from support_dashboard import Visit, Visiting
from support_graph import big, busy_shop, troubled_shop


def view(seen: Visit) -> GraphView:
    """The widget in front."""
    screen = seen.app.screen
    assert isinstance(screen, GraphScreen)
    return screen.view


async def test_a_new_figure_draws_only_the_lines_that_it_is_on(visit: Visiting) -> None:
    """The drawing stays the same object, and so do the other strips."""
    shown = busy_shop()
    async with visit(shown, size=(200, 50)) as seen:
        await seen.press("2")
        before, strips = view(seen).drawing, dict(view(seen)._strips)
        changed = [
            msgspec.structs.replace(edge, p99_ms=999.0) if edge.callee == "payments" else edge
            for edge in shown.signals
        ]
        await seen.show(replace(shown, signals=tuple(changed)))
        assert "999ms" in seen.text()
        assert view(seen).drawing is before
        after = view(seen)._strips
        kept = [y for y in strips if after.get(y) is strips[y]]
        drawn = set(strips) - set(kept)
        assert drawn <= set(view(seen)._sheet.rows_of(Cursor(edge=("orders", "payments"))))
        assert kept


async def test_the_mouse_puts_the_cursor_on_boxes_and_lines(visit: Visiting) -> None:
    """A double click opens the details."""
    async with visit(busy_shop(), size=(200, 50)) as seen:
        await seen.press("2")
        widget = view(seen)
        left, top = widget._margins
        box = widget.drawing.boxes["catalog"]
        await seen.pilot.click(widget, offset=(left + box.x + 2, top + box.y + 1))
        assert widget.cursor == Cursor("catalog")
        x, y = next(route.head for route in widget.drawing.routes if route.callee == "payments")
        await seen.pilot.click(widget, offset=(left + x, top + y))
        assert widget.cursor == Cursor(edge=("orders", "payments"))
        await seen.pilot.click(widget, offset=(left + x, top + y), times=2)
        await seen.settle()
        assert "POST /orders/{id}" in seen.text()
        await seen.pilot.click(widget, offset=(0, 0))
        assert widget.cursor == Cursor(edge=("orders", "payments"))


@pytest.mark.parametrize("size", [(80, 24), (60, 16)])
async def test_what_is_under_the_cursor_is_in_sight(visit: Visiting, size: tuple[int, int]) -> None:
    """Wherever it walks to."""
    async with visit(troubled_shop(), size=size) as seen:
        await seen.press("2")
        for _ in range(12):
            await seen.press("right")
            widget = view(seen)
            for name in widget.cursor.ends[-1:]:
                box = widget.drawing.boxes[name]
                x = box.x + widget._margins[0] - widget.scroll_offset.x
                assert x < widget.size.width
            if widget.cursor.node:
                assert widget.cursor.node[:4] in seen.text()
        assert view(seen).cursor.node == "brokers.events"
        await seen.press("home")
        assert view(seen).cursor == Cursor("shoppers")
        assert view(seen).scroll_offset.x == 0


async def test_the_wheel_and_pages_scroll_what_does_not_fit(visit: Visiting) -> None:
    """The cursor stays where it is."""
    async with visit(big(40, 60), size=(80, 24)) as seen:
        await seen.press("2")
        cursor = view(seen).cursor
        await seen.press("pagedown")
        assert view(seen).scroll_offset.y > 0
        await seen.press("pageup")
        assert view(seen).scroll_offset.y == 0
        assert view(seen).cursor == cursor


async def test_another_theme_recolours(visit: Visiting) -> None:
    """No strip of the old one is left."""
    async with visit(busy_shop(), size=(120, 40)) as seen:
        await seen.press("2")
        before = seen.svg()
        await seen.press("ctrl+l")
        assert seen.svg() != before


async def test_many_nodes_are_laid_out_beside_what_goes_on(
    visit: Visiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until that is done the screen says so and hears keys; of what changes meanwhile the last counts."""
    go_on = threading.Event()
    asked: list[int] = []

    def slow(scene: Scene, width: int, height: int, chosen: Density | None) -> tuple[Density, Drawing]:
        asked.append(len(scene.nodes))
        go_on.wait(10.0)
        return fitted(scene, width, height, chosen)

    monkeypatch.setattr(graph_view, "fitted", slow)
    async with visit(big(70, 120)) as seen:
        await seen.press("2")
        await seen.pilot.press("M")
        await seen.pilot.pause()
        assert "Drawing 70 nodes …" in seen.text()
        for count in (71, 72):
            seen.backend.show(big(count, 120))
            while len(seen.app.picture.services) != count:
                await seen.pilot.pause()
                seen.app._draw()
        await seen.pilot.press("f")
        assert "focus" in seen.text()
        go_on.set()
        await seen.until(lambda: len(view(seen).drawing.boxes) == 72)
        assert asked == [70, 72]
        assert view(seen).cursor != Cursor()
