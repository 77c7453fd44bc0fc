"""The drawing as a whole: every arrow can be followed by eye, and none that isn't there."""

from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings

from meshdev.topology.drawing import Drawing, Figure, Measures, as_text, draw
from support_drawing import graphs, reached

SHOP = [
    ("shoppers", "storefront"),
    ("storefront", "catalog"),
    ("storefront", "orders"),
    ("orders", "payments"),
    ("orders", "inventory"),
    ("catalog", "orders"),
]
Case = tuple[list[Figure], list[tuple[str, str]], Measures]


def shop(measures: Measures) -> Drawing:
    """A small system."""
    names = dict.fromkeys(name for arrow in SHOP for name in arrow)
    return draw([Figure(name, len(name)) for name in names], SHOP, measures)


def test_a_system_looks_as_somebody_would_draw_it() -> None:
    """Boxes from left to right, one line per caller that branches, arrowheads at rows of their own."""
    expected = """
                                                      ╭─────────╮
                                                   ╭─►│payments │
                             ╭───────╮             │  ╰─────────╯
                          ╭─►│catalog│─╮  ╭──────╮ │  ╭─────────╮
╭────────╮   ╭──────────╮ │  ╰───────╯ ╰─►│orders│─┴─►│inventory│
│shoppers│──►│storefront│─┴──────────────►│      │    ╰─────────╯
╰────────╯   ╰──────────╯                 ╰──────╯
"""
    assert expected.strip("\n").splitlines() == as_text(shop(Measures(gap=0, gutter=1)))


@settings(max_examples=400, deadline=None)
@given(graphs())
def test_every_arrow_can_be_traced_and_no_other(case: Case) -> None:
    """From each box the characters of the lines lead exactly to the boxes that it calls, each once."""
    figures, arrows, measures = case
    drawing = draw(figures, arrows, measures)
    canvas = as_text(drawing)
    for figure in figures:
        wanted = sorted(callee for caller, callee in arrows if caller == figure.name)
        assert wanted == sorted(reached(drawing, canvas, drawing.boxes[figure.name]))


@settings(max_examples=200, deadline=None)
@given(graphs())
def test_two_callers_share_a_cell_only_where_they_cross(case: Case) -> None:
    """One goes straight up and down, the other straight across; never three."""
    drawing = draw(*case)
    for row in drawing.rows.values():
        for strands in row.values():
            assert len(strands) <= 2
            if len(strands) == 2:
                one, other = sorted(strands, key=lambda strand: bool(strand.north))
                assert one.source != other.source
                assert one.east
                assert one.west
                assert not one.north
                assert not one.south
                assert other.north
                assert other.south
                assert not other.east
                assert not other.west


@settings(max_examples=200, deadline=None)
@given(graphs())
def test_a_route_is_the_line_that_is_drawn(case: Case) -> None:
    """Its cells are neighbours, it is in the strands of each, and it begins and ends beside its boxes."""
    drawing = draw(*case)
    for number, route in enumerate(drawing.routes):
        for (x, y), (next_x, next_y) in pairwise(route.cells):
            assert abs(x - next_x) + abs(y - next_y) == 1
        for x, y in route.cells:
            assert any(number in strand.routes for strand in drawing.rows[y][x])
        caller, callee = drawing.boxes[route.caller], drawing.boxes[route.callee]
        assert route.cells[0] == (caller.x + caller.width, caller.exit)
        assert (route.head[0] + 1, route.head[1]) in callee
        for x in range(route.gutter, route.head[0] + 1):
            assert [strand.routes for strand in drawing.rows[route.head[1]][x]] == [{number}]


@settings(max_examples=200, deadline=None)
@given(graphs())
def test_boxes_never_overlap_and_lines_keep_out_of_them(case: Case) -> None:
    """Every box has its own place within the drawing."""
    figures, arrows, measures = case
    drawing = draw(figures, arrows, measures)
    boxes = list(drawing.boxes.values())
    for one, other in combinations(boxes, 2):
        apart_x = one.x + one.width <= other.x or other.x + other.width <= one.x
        apart_y = one.y + one.height <= other.y or other.y + other.height <= one.y
        assert apart_x or apart_y
    for figure, box in zip(figures, boxes, strict=True):
        assert box.width >= figure.width + 2 * measures.border
        assert box.height >= figure.lines + 2 * measures.border
        assert 0 <= box.x <= drawing.width - box.width
        assert 0 <= box.y <= drawing.height - box.height
    for y, row in drawing.rows.items():
        assert not [x for x in row for box in boxes if (x, y) in box]


@settings(max_examples=50, deadline=None)
@given(graphs())
def test_the_same_input_gives_the_same_drawing(case: Case) -> None:
    """Nothing jumps when it is drawn again."""
    assert draw(*case) == draw(*case)


def test_nothing_gives_an_empty_drawing() -> None:
    """No nodes, no cells."""
    assert Drawing() == draw([], [])


def test_an_arrow_that_is_there_twice_is_refused() -> None:
    """Two lines at the same place could not be told apart."""
    with pytest.raises(ValueError, match="twice"):
        draw([Figure("a", 1)], [("a", "a"), ("a", "a")])


@pytest.mark.parametrize(
    "arrows",
    [
        [("a", "a")],
        [("a", "b"), ("b", "a")],
        [("a", "b"), ("b", "c"), ("c", "a"), ("b", "b")],
        [(one, other) for one in "abcd" for other in "abcd"],
    ],
)
def test_lines_that_go_back_are_led_round(arrows: list[tuple[str, str]]) -> None:
    """Loops, circles, and everybody with everybody."""
    drawing = draw([Figure(name, 3) for name in "abcd"], arrows)
    canvas = as_text(drawing)
    for name in "abcd":
        wanted = sorted(callee for caller, callee in arrows if caller == name)
        assert wanted == sorted(reached(drawing, canvas, drawing.boxes[name]))
