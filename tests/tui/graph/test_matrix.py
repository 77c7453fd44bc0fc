"""The matrix of callers and callees."""

from meshdev.tui.graph.flow import Flow
from meshdev.tui.graph.matrix import Matrix, first, mark_of, matrix_of, shade, stepped
from meshdev.tui.graph.scene import Choice, scene_of
from meshdev.tui.tone import Tone
from support_graph import troubled_shop


def shop() -> Matrix:
    """The shop in trouble."""
    scene = scene_of(troubled_shop(), Choice())
    return matrix_of(scene, {node.name: node.label for node in scene.nodes})


def test_only_who_calls_is_a_row_and_only_who_is_called_a_column() -> None:
    """In the topology's order."""
    matrix = shop()
    assert "payments" not in matrix.rows
    assert "shoppers" not in matrix.columns
    assert "payments" in matrix.columns
    assert [name for name in matrix.rows if name in {"carts", "storefront"}] == ["storefront", "carts"]


def test_marks_tell_trouble_by_shape() -> None:
    """And rates by shade."""
    matrix = shop()
    assert matrix.marks["orders", "payments"].text == "⊘⊘"
    assert matrix.marks["orders", "inventory"].text == "↯↯"
    assert matrix.marks["storefront", "notifications"].text == "✕✕"
    assert matrix.marks["orders", "order-history"].text == "╌╌"
    assert Tone.OK is matrix.marks["storefront", "carts"].tone
    assert (mark_of(Flow(), events=False).text, mark_of(Flow(used=True), events=False).text) == ("··", "░░")


def test_each_order_of_magnitude_is_a_shade() -> None:
    """Up to the last one."""
    assert "".join(shade(rps) for rps in (0.01, 0.1, 0.9, 1.0, 10.0, 1e6)) == "░▒▒▓██"


def test_the_cursor_keeps_within() -> None:
    """It walks over cells without an edge too."""
    matrix = shop()
    start = first(matrix)
    assert start in matrix.marks
    assert start == stepped(matrix, None, 1, 1)
    assert (matrix.rows[0], matrix.columns[0]) == stepped(matrix, start, -99, -99)
    assert (matrix.rows[-1], matrix.columns[-1]) == stepped(matrix, start, 99, 99)
    assert stepped(Matrix(), None, 1, 0) is None
    assert first(Matrix()) is None
