"""Header blocks: read as the hpack library reads them, and written so that it reads them whatever its table holds."""

import pytest
from hpack import Decoder, Encoder
from hypothesis import given, settings
from hypothesis import strategies as st

from meshdev.traffic.protocols.http2.hpack_blocks import (
    MOST_FIELDS_SIZE,
    BlockError,
    BlockReader,
    Field,
    Fields,
    Sensitive,
    literal,
)

NAMES = st.sampled_from([b":path", b":method", b"grpc-timeout", b"x-a", b"cookie"])
VALUES = st.binary(max_size=200)
LISTS = st.lists(st.tuples(NAMES, VALUES), max_size=8)


def reader() -> BlockReader[Fields]:
    """One that tells the fields themselves."""
    return BlockReader(lambda fields: fields)


@settings(deadline=None)
@given(
    st.lists(st.tuples(LISTS, st.booleans(), st.none() | st.sampled_from([0, 60, 300, 4096])), max_size=12)
)
def test_blocks_say_what_was_written(written: list[tuple[list[Field], bool, int | None]]) -> None:
    """Fields come out as they went in, with Huffman codes or without, whatever becomes of the table."""
    encoder, subject = Encoder(), reader()
    for fields, huffman, size in written:
        if size is not None:
            encoder.header_table_size = size
        assert subject.read(encoder.encode(fields, huffman=huffman)) == tuple(fields)


@settings(deadline=None)
@given(st.lists(LISTS, min_size=2, max_size=6))
def test_a_copy_goes_on_where_the_first_stands(written: list[list[Field]]) -> None:
    """A copied reader reads what follows as the first does."""
    encoder, subject = Encoder(), reader()
    for fields in written[:-1]:
        subject.read(encoder.encode(fields))
    block = encoder.encode(written[-1])
    assert subject.copy(lambda fields: fields).read(block) == subject.read(block) == tuple(written[-1])


@settings(deadline=None)
@given(LISTS, LISTS)
def test_literals_are_right_for_any_table_and_leave_it(first: list[Field], second: list[Field]) -> None:
    """A literal block between two others changes nothing for the one behind it."""
    encoder, decoder = Encoder(), Decoder()
    before, after = encoder.encode(first), encoder.encode(second)
    assert list(decoder.decode(before, raw=True)) == first
    assert list(decoder.decode(literal(tuple(first)), raw=True)) == first
    assert list(decoder.decode(after, raw=True)) == second


def test_a_smaller_table_is_said_first() -> None:
    """A reader that lets its table have less wants to hear that it is known."""
    decoder = Decoder()
    decoder.max_allowed_table_size = 100
    assert list(decoder.decode(literal(((b"a", b"b"),), 100), raw=True)) == [(b"a", b"b")]


def test_what_must_not_be_indexed_stays_so() -> None:
    """A secret's mark survives reading and writing."""
    block = Encoder().encode([(b"authorization", b"secret")])
    plain = reader().read(block)
    assert type(plain[0][1]) is bytes
    (field,) = reader().read(literal(((b"authorization", Sensitive(b"secret")),)))
    assert field == (b"authorization", b"secret")
    assert type(field[1]) is Sensitive


@pytest.mark.parametrize(
    "block",
    [
        b"\x80",  # index 0
        b"\xff\x80\x80\x80\x80\x80\x01",  # a number without end
        b"\xbe",  # beyond the table
        b"\x00\x05ab",  # cut off
        b"\x82\x20",  # the table is resized behind a field
        b"\x3f\xff\xff\x7f",  # to two megabytes
        b"\x00\x01a\x84\xff\xff\xff\xff",  # no Huffman code
    ],
)
def test_a_block_that_cannot_be_is_an_error(block: bytes) -> None:
    """Nothing else comes out of it."""
    with pytest.raises(BlockError):
        reader().read(block)


@settings(deadline=None)
@given(st.lists(st.binary(max_size=60), max_size=10))
def test_any_bytes_are_fields_or_an_error(blocks: list[bytes]) -> None:
    """No other exception, whatever comes."""
    subject = reader()
    for block in blocks:
        try:
            subject.read(block)
        except BlockError:
            return


def test_a_small_block_cannot_say_much() -> None:
    """One large field, repeated by a byte each, ends in an error and not in memory."""
    subject = reader()
    subject.read(Encoder().encode([(b"x", b"v" * 3900)], huffman=False))
    with pytest.raises(BlockError, match="more than"):
        subject.read(b"\xbe" * (MOST_FIELDS_SIZE // 3900 + 1))
