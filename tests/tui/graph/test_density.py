"""Sizes: the largest in which everything fits."""

import pytest

from meshdev.tui.graph.density import COMPACT, DENSITIES, fitted
from meshdev.tui.graph.scene import Choice, scene_of
from support_graph import big, busy_shop


@pytest.mark.parametrize("size", [(120, 34), (160, 40), (200, 44), (240, 64), (300, 80)])
def test_what_can_fit_fits(size: tuple[int, int]) -> None:
    """From 120 columns on the shop is seen whole."""
    _, drawing = fitted(scene_of(busy_shop(), Choice()), *size)
    assert drawing.width <= size[0]
    assert drawing.height <= size[1]


def test_more_room_is_used() -> None:
    """Names are whole, edges have labels, boxes have frames."""
    density, _ = fitted(scene_of(busy_shop(), Choice()), 240, 60)
    assert density.labelled
    assert density.measures.border == 1


def test_a_chosen_size_is_kept_whatever_fits() -> None:
    """Then one scrolls."""
    for density in DENSITIES:
        assert density == fitted(scene_of(busy_shop(), Choice()), 40, 10, density)[0]


def test_many_nodes_are_drawn_once() -> None:
    """In the size that is still read easily."""
    density, _ = fitted(scene_of(big(80, 100), Choice()), 80, 24)
    assert COMPACT.name == density.name


def test_nothing_fits_everywhere() -> None:
    """An empty scene."""
    assert fitted(scene_of(big(1, 0), Choice(wanted="nobody")), 80, 24)[1].width == 0
