"""A stream of HTTP/2 as it is kept: what each side says is a row of parts, in their order.

A part is its kind (one byte), its length (four), and its content. A head's content is msgpack: the fields as they were
decoded. The first byte of a row is no letter, so that nobody takes it for HTTP/1.
"""

from collections.abc import Iterable, Iterator
from enum import IntEnum
from struct import Struct
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

if TYPE_CHECKING:
    from meshdev.traffic.protocols.http2.hpack_blocks import Fields


class PartKind(IntEnum):
    """What a part is."""

    HEAD = 1  # the first one, or an answer's trailers
    DATA = 2
    END = 3  # this side has said all


class Part(NamedTuple):
    """``at`` is when it was there: microseconds from the stream's beginning."""

    at: int
    kind: PartKind
    content: bytes


_PREFIX: Final = Struct(">BI")
_ENCODER: Final = msgspec.msgpack.Encoder(enc_hook=bytes)  # the hook is for fields that must not be indexed
_DECODER: Final = msgspec.msgpack.Decoder(tuple[tuple[bytes, bytes], ...])
PREFIX_SIZE: Final = _PREFIX.size


def part(kind: PartKind, content: "bytes | Fields") -> bytes:
    """One part: of a head its fields."""
    data = content if isinstance(content, bytes) else _ENCODER.encode(content)
    return _PREFIX.pack(kind, len(data)) + data


def is_kept_stream(said: bytes) -> bool:
    """Whether these first bytes begin such a row."""
    return said[:1] == b"\x01"


def parts_of(pieces: Iterable[tuple[int, bytes]]) -> Iterator[Part]:
    """The parts of one side, of pieces with their times; a piece holds whole parts. What makes no sense ends it."""
    for at, piece in pieces:
        start = 0
        while start + PREFIX_SIZE <= len(piece):
            kind, length = _PREFIX.unpack_from(piece, start)
            start += PREFIX_SIZE
            if kind not in set(PartKind) or start + length > len(piece):
                return
            yield Part(at, PartKind(kind), piece[start : start + length])
            start += length


def fields_of(head: Part) -> "Fields":
    """The fields of a head; none when it makes no sense."""
    try:
        return _DECODER.decode(head.content)
    except msgspec.DecodeError:
        return ()
