"""Rows: straight where possible, never over each other."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from meshdev.topology.drawing.rows import Joint, placed


def test_a_chain_is_straight() -> None:
    """Boxes of different heights stand so that the line between them has no corner."""
    top = placed([[0], [1], [2]], [3, 5, 1], [Joint(0, 1, 1, 2), Joint(1, 2, 2, 0)])
    assert top[0] + 1 == top[1] + 2 == top[2]


@given(st.data())
def test_items_keep_their_order_and_their_room(data: st.DataObject) -> None:
    """Whatever they would like."""
    sizes = data.draw(st.lists(st.integers(1, 5), min_size=2, max_size=12))
    half = len(sizes) // 2
    layers = [list(range(half)), list(range(half, len(sizes)))]
    pairs = data.draw(
        st.lists(st.tuples(st.integers(0, half - 1), st.integers(half, len(sizes) - 1)), max_size=20)
    )
    top = placed(layers, sizes, [Joint(left, 0, right, 0) for left, right in pairs])
    assert min(top) == 0
    for layer in layers:
        for item, below in pairwise(layer):
            assert top[item] + sizes[item] <= top[below]
