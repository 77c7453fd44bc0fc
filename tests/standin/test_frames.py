"""Frames of a server, against a client's own code."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from meshdev.recording.model import MessageKind
from meshdev.standin.frames import FrameError, FrameReader, Heard, accept_key, frame

KINDS = {MessageKind.TEXT: Opcode.TEXT, MessageKind.BINARY: Opcode.BINARY, MessageKind.PING: Opcode.PING}


def masked(opcode: Opcode, data: bytes, *, fin: bool = True) -> bytes:
    """As a client sends it."""
    return Frame(opcode, data, fin=fin).serialize(mask=True)


@given(
    st.lists(st.tuples(st.sampled_from(list(KINDS)), st.binary(max_size=120)), max_size=6),
    st.lists(st.integers(0, 900), max_size=8),
)
def test_how_bytes_are_cut_changes_nothing(
    messages: list[tuple[MessageKind, bytes]], cuts: list[int]
) -> None:
    """Every message comes out, whole and unmasked."""
    stream = b"".join(masked(KINDS[kind], data) for kind, data in messages)
    reader = FrameReader()
    bounds = sorted({0, *(cut for cut in cuts if cut < len(stream)), len(stream)})
    heard = [one for start, end in pairwise(bounds) for one in reader.feed(stream[start:end])]
    assert [Heard(kind, data) for kind, data in messages] == heard


def test_fragments_with_a_ping_between() -> None:
    """Control frames may come within a message."""
    said = masked(Opcode.TEXT, b"on", fin=False) + masked(Opcode.PING, b"?") + masked(Opcode.CONT, b"e")
    assert FrameReader().feed(said) == [Heard(MessageKind.PING, b"?"), Heard(MessageKind.TEXT, b"one")]


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536])
def test_what_is_said_is_a_frame(size: int) -> None:
    """Of each length form."""
    assert frame(MessageKind.BINARY, b"x" * size) == Frame(Opcode.BINARY, b"x" * size).serialize(mask=False)


@pytest.mark.parametrize(
    "said",
    [
        b"\x81\x01a",  # not masked
        b"\xc1\x80\x00\x00\x00\x00",  # a reserved bit
        b"\x83\x80\x00\x00\x00\x00",  # an opcode that is none
        b"\x80\x80\x00\x00\x00\x00",  # a fragment of nothing
        b"\x09\x80\x00\x00\x00\x00",  # a ping in fragments
        b"\x89\xfe\x00\x7e\x00\x00\x00\x00",  # a ping that is too long
        b"\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00",  # a frame that is too long
        b"\x01\x81\x00\x00\x00\x00a\x81\x81\x00\x00\x00\x00b",  # a message within another
    ],
)
def test_what_breaks_the_rules(said: bytes) -> None:
    """Ends the reading."""
    with pytest.raises(FrameError):
        FrameReader().feed(said)


def test_the_key_of_the_standard() -> None:
    """RFC 6455 §1.3."""
    assert accept_key(b"dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
