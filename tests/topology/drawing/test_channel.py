"""Tracks between two layers."""

from meshdev.topology.drawing.channel import Net, Wiring, wire


def test_a_straight_line_needs_no_track() -> None:
    """The same row on both sides."""
    assert ([Wiring()], 0) == wire([Net((3,), (3,))])


def test_lines_that_do_not_overlap_share_a_column() -> None:
    """One above the other."""
    wirings, columns = wire([Net((0,), (2,)), Net((5,), (8,))])
    assert columns == 1
    assert [wiring.left for wiring in wirings] == [0, 0]


def test_who_begins_at_a_row_turns_off_before_who_ends_there() -> None:
    """Else both would run over each other."""
    wirings, _ = wire([Net((0,), (4,)), Net((4,), (9,))])
    assert wirings[1].left < wirings[0].left


def test_parallel_lines_do_not_cross() -> None:
    """Going down, the lower one turns first."""
    wirings, _ = wire([Net((0,), (10,)), Net((1,), (11,))])
    assert wirings[1].left < wirings[0].left


def test_a_circle_is_cut_by_a_second_track() -> None:
    """Each begins where the other ends: one of them turns on a free row."""
    wirings, _ = wire([Net((0,), (4,)), Net((4,), (0,))])
    (cut,) = [wiring for wiring in wirings if wiring.turn is not None]
    assert cut.left < cut.right
    assert cut.turn not in {0, 4}


def test_many_nets_are_ordered_too() -> None:
    """Above the limit the order is by rows alone, and still each overlap has its own column."""
    nets = [Net((row,), (row + 100,)) for row in range(100)]
    wirings, columns = wire(nets)
    assert 100 == columns == len({wiring.left for wiring in wirings})
