"""Orders within layers."""

from meshdev.topology.drawing.ordering import crossings, items_of, ordered


def test_lines_that_need_not_cross_do_not() -> None:
    """Two pairs given crosswise."""
    items = items_of(4, [(0, 3), (1, 2)], [0, 0, 1, 1], frozenset())
    assert ordered(items) == [[0, 1], [3, 2]]


def test_the_lines_of_a_caller_share_their_way() -> None:
    """One item per layer that they pass, not one per line."""
    items = items_of(5, [(0, 1), (1, 2), (0, 3), (0, 4)], [0, 1, 2, 3, 3], frozenset())
    assert {(0, 1), (0, 2)} == set(items.forward)


def test_crossings_are_counted() -> None:
    """Two crossed pairs are one crossing; lines to the same end are none."""
    assert crossings([[0, 1], [2, 3]], [[3], [2], [], []]) == 1
    assert crossings([[0, 1], [2, 3]], [[3], [3], [], []]) == 0
