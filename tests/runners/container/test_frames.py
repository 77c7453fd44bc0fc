"""Streams of a container told apart, in any pieces."""

from hypothesis import given
from hypothesis import strategies as st

from meshdev.runners.container.frames import Frames

FRAMES = st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(max_size=60)), max_size=8)


@given(FRAMES, st.lists(st.integers(1, 30), max_size=40))
def test_frames_in_any_pieces(frames: list[tuple[int, bytes]], cuts: list[int]) -> None:
    """Each frame comes out whole, in order, with its stream."""
    wire = b"".join(bytes([number, 0, 0, 0]) + len(data).to_bytes(4, "big") + data for number, data in frames)
    taken = Frames()
    found: list[tuple[int, bytes]] = []
    for cut in [*cuts, max(len(wire), 1)]:
        found += list(taken.feed(wire[:cut]))
        wire = wire[cut:]
    assert found == frames
