"""The heat matrix on the screen."""

from meshdev.tui.screens.graph import GraphScreen
from meshdev.tui.widgets.matrix_view import MatrixView
from support_dashboard import Visit, Visiting
from support_graph import big, busy_shop


def table(seen: Visit) -> MatrixView:
    """The widget in front."""
    screen = seen.app.screen
    assert isinstance(screen, GraphScreen)
    return screen.table


async def test_many_nodes_are_a_matrix_at_once(visit: Visiting) -> None:
    """The cursor walks over it, and names stay in sight while the rest scrolls."""
    async with visit(big(200, 1000), size=(100, 30)) as seen:
        await seen.press("2")
        assert seen.app.screen.focused is table(seen)
        start = table(seen).cursor
        assert start is not None
        await seen.hurry(*["down"] * 40, *["right"] * 60)
        cursor = table(seen).cursor
        assert cursor is not None
        assert cursor != start
        assert cursor[0] in seen.text()
        assert f"{cursor[0]} → {cursor[1]}" in seen.text()
        await seen.press("pageup", "home")
        assert table(seen).cursor == start
        assert table(seen).scroll_offset.x <= 2 * table(seen)._matrix.columns.index(start[1])


async def test_the_mouse_puts_the_cursor_on_a_cell(visit: Visiting) -> None:
    """A double click opens the details; names are no cells."""
    async with visit(busy_shop(), size=(120, 40)) as seen:
        await seen.press("2", "M")
        widget = table(seen)
        row = widget._matrix.rows.index("orders")
        column = widget._matrix.columns.index("payments")
        offset = (widget._left + column * widget._step, widget._top + row)
        await seen.pilot.click(widget, offset=offset)
        assert widget.cursor == ("orders", "payments")
        await seen.pilot.click(widget, offset=(1, 1))
        assert widget.cursor == ("orders", "payments")
        await seen.pilot.click(widget, offset=offset, times=2)
        await seen.settle()
        assert "POST /orders/{id}" in seen.text()


async def test_figures_change_without_a_new_layout(visit: Visiting) -> None:
    """Only rows that differ."""
    async with visit(big(60, 90), size=(120, 40)) as seen:
        await seen.press("2")
        before = seen.text()
        await seen.show(big(60, 90))
        assert seen.text() == before
