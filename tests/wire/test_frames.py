"""Frames survive any cutting of the stream, and nothing makes the reader buffer without end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshdev.wire.frames import MOST_BYTES, FrameError, FrameReader, frame


@given(bodies=st.lists(st.binary(max_size=200)), cuts=st.data())
def test_any_cutting_gives_the_same_bodies(bodies: list[bytes], cuts: st.DataObject) -> None:
    """Whatever pieces the stream comes in, the bodies are the same and in order."""
    stream = b"".join(map(frame, bodies))
    reader = FrameReader()
    got: list[bytes] = []
    while stream:
        size = cuts.draw(st.integers(1, len(stream)))
        got += reader.feed(stream[:size])
        stream = stream[size:]
    assert got == bodies
    assert reader.pending == 0


def test_an_oversized_frame_is_refused_when_written() -> None:
    """A sender never makes what its peer must refuse."""
    with pytest.raises(FrameError, match="over the limit"):
        frame(bytes(MOST_BYTES + 1))


def test_an_oversized_announcement_is_refused_before_it_is_buffered() -> None:
    """Four bad bytes are enough to know that the stream is not ours."""
    with pytest.raises(FrameError, match="announces a frame of 4294967295 bytes"):
        FrameReader().feed(b"\xff\xff\xff\xff")
