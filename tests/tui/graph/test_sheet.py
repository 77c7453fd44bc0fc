"""Rows of the drawing with looks on."""

import pytest

from meshdev.topology.drawing import draw
from meshdev.tui.cells import width_of
from meshdev.tui.graph.cursor import Cursor
from meshdev.tui.graph.density import COMPACT, DENSITIES, LARGE, Density, layout_of
from meshdev.tui.graph.looks import edge_looks, node_looks
from meshdev.tui.graph.scene import Choice, Scene, near, scene_of
from meshdev.tui.graph.sheet import Ground, Paint, Run, Sheet
from meshdev.tui.tone import Tone
from support_dashboard import NOW
from support_graph import big, busy_shop, troubled_shop


def sheet_of(scene: Scene, density: Density = LARGE) -> Sheet:
    """The drawing of a scene."""
    return Sheet(draw(*layout_of(scene, density)), density.most)


def paint_of(scene: Scene, cursor: Cursor | None = None, bright: frozenset[str] | None = None) -> Paint:
    """Everything as it looks."""
    return Paint(node_looks(scene, NOW), edge_looks(scene), cursor or Cursor(), bright)


def rows(sheet: Sheet, paint: Paint) -> list[list[Run]]:
    """The whole drawing."""
    return [sheet.row(y, 0, sheet.drawing.width, paint) for y in range(sheet.drawing.height)]


def text(found: list[list[Run]]) -> str:
    """Its characters."""
    return "\n".join("".join(run.text for run in row) for row in found)


@pytest.mark.parametrize("density", DENSITIES, ids=lambda density: density.name)
@pytest.mark.parametrize("long", [False, True])
def test_every_row_is_exactly_filled(density: Density, long: bool) -> None:  # noqa: FBT001 -- parametrised
    """Wherever it is cut, wide characters included."""
    scene = scene_of(big(40, 70, long=long), Choice())
    sheet, paint = sheet_of(scene, density), paint_of(scene)
    for y in range(-1, sheet.drawing.height + 1):
        for start, end in ((-3, 40), (0, sheet.drawing.width), (17, 18), (31, 77)):
            assert sum(width_of(run.text) for run in sheet.row(y, start, end, paint)) == end - start


def test_names_figures_and_marks_are_there() -> None:
    """Each where it belongs."""
    scene = scene_of(troubled_shop(), Choice())
    said = text(rows(sheet_of(scene), paint_of(scene)))
    for wanted in ("│ ✕ payments", "gave up 8s", "open 76% 2.9/s ⊘│", "212ms ↯│", "denied ✕│", "3 events ►│"):
        assert wanted in said, wanted


def test_the_edge_under_the_cursor_is_one_heavy_line_of_its_own_colour() -> None:
    """From box to box, over whatever crosses it."""
    scene = scene_of(busy_shop(), Choice())
    sheet = sheet_of(scene)
    for edge in scene.edges:
        paint = paint_of(scene, Cursor(edge=edge.pair))
        route = next(one for one in sheet.drawing.routes if (one.caller, one.callee) == edge.pair)
        written = {(x, route.head[1]) for x in range(route.gutter, route.head[0])}
        picked: set[tuple[int, int]] = set()
        for y, row in enumerate(rows(sheet, paint)):
            x = 0
            for run in row:
                width = width_of(run.text)
                if run.tone is Tone.ACCENT:
                    picked.update((cell, y) for cell in range(x, x + width))
                x += width
        assert set(route.cells) - written <= picked <= set(route.cells)


def test_the_node_under_the_cursor_has_a_heavy_frame() -> None:
    """Or another ground, where there are no frames."""
    scene = scene_of(busy_shop(), Choice())
    found = rows(sheet_of(scene), paint_of(scene, Cursor("orders")))
    assert "┃ ● orders" in text(found)
    chips = rows(sheet_of(scene, COMPACT), paint_of(scene, Cursor("orders")))
    assert "orders" in {run.text for row in chips for run in row if run.ground is Ground.CURSOR}


def test_what_is_far_away_is_dim() -> None:
    """Nodes, and edges that don't join two bright ones."""
    scene = scene_of(busy_shop(), Choice())
    bright = near(scene, ["payments"], 1)
    found = rows(sheet_of(scene), paint_of(scene, bright=bright))
    shown = {run.text.strip() for row in found for run in row if not run.dim}
    assert {"payments", "orders"} <= shown
    assert not {"catalog", "storefront", "shipping"} & shown


def test_only_the_rows_of_a_thing_are_its_rows() -> None:
    """So that only they are drawn again."""
    scene = scene_of(busy_shop(), Choice())
    sheet = sheet_of(scene)
    box = sheet.drawing.boxes["orders"]
    assert list(sheet.rows_of(Cursor("orders"))) == list(range(box.y, box.y + box.height))
    for route in sheet.drawing.routes:
        assert {y for _, y in route.cells} == set(sheet.rows_of(Cursor(edge=(route.caller, route.callee))))
    assert not list(sheet.rows_of(Cursor("nobody")))
    assert not list(sheet.rows_of(Cursor(edge=("no", "body"))))


def test_dashes_stay_dashes_where_nothing_solid_is() -> None:
    """Events alone."""
    scene = scene_of(busy_shop(), Choice())
    assert "╌" in text(rows(sheet_of(scene), paint_of(scene)))
