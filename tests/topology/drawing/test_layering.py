"""Layers, and which arrows go back."""

from meshdev.topology.drawing.layering import back_arrows, layers_of


def test_without_a_cycle_nothing_goes_back() -> None:
    """A diamond."""
    assert frozenset() == back_arrows(4, [(0, 1), (0, 2), (1, 3), (2, 3)])


def test_of_a_circle_one_arrow_goes_back() -> None:
    """The one that leads to a node on its own path; the walk begins where nobody calls."""
    arrows = [(1, 2), (2, 1), (0, 1), (2, 2)]
    assert frozenset({1, 3}) == back_arrows(3, arrows)


def test_layers_are_longest_paths() -> None:
    """A short cut doesn't pull its end to the left."""
    arrows = [(0, 1), (1, 2), (0, 2)]
    assert layers_of(3, arrows, frozenset()) == [0, 1, 2]


def test_who_is_called_by_nobody_stands_before_what_it_calls() -> None:
    """A helper of a late service isn't put at the far left."""
    arrows = [(0, 1), (1, 2), (3, 2)]
    assert layers_of(4, arrows, frozenset()) == [0, 1, 2, 1]


def test_nodes_without_arrows_make_no_tower() -> None:
    """They fill what is short, and then layers of their own."""
    layers = layers_of(40, [(0, 1)], frozenset())
    assert max(layers.count(layer) for layer in layers) <= 8
