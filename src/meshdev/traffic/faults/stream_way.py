"""One direction of an HTTP/2 connection on which somebody stands between the two: `Way`.

It may begin in the midst of a connection: what has begun to pass then passes to its end as it is (`Passing.old`), and
what is put in between waits for that, since nothing may stand within a frame or a header block. From then on frames are
taken whole, and header blocks are written anew so that they are right whatever the reader's table holds.
"""

from collections.abc import Iterator
from typing import NamedTuple

from meshdev.traffic.protocols.http2.frames import (
    END_HEADERS,
    END_STREAM,
    FIRST_FRAME_SIZE,
    HEAD_SIZE,
    MAX_FRAME_SIZE,
    NUMBER,
    PREFACE,
    STREAM,
    Frame,
    bare,
    header_frames,
    whole_frames,
)
from meshdev.traffic.protocols.http2.hpack_blocks import MOST_BLOCK, BlockError, Fields, literal
from meshdev.traffic.protocols.http2.side import AnySide

_SENSELESS = "a header block that makes no sense"
RAW = -1  # the kind of bytes that are no whole frame


class Passing(NamedTuple):
    """A frame; ``raw`` is what of it has not gone out yet. ``old`` ones have begun to before."""

    kind: int
    flags: int
    stream: int
    payload: bytes
    raw: bytes
    old: bool


class Head(NamedTuple):
    """A whole header block; ``old`` when it has gone out already. ``promised`` is a pushed stream."""

    stream: int
    ends: bool
    fields: Fields
    old: bool
    promised: int = 0


class Way:
    """What ``side`` says, on its way to ``hearer``."""

    __slots__ = (
        "_ahead",
        "_begun",
        "_block",
        "_block_flags",
        "_block_of",
        "_block_old",
        "_buffer",
        "_hearer",
        "_out",
        "_passing",
        "_promised",
        "_reader",
        "_waiting",
    )

    def __init__(self, side: AnySide, hearer: AnySide, *, preface: bool) -> None:
        self._hearer = hearer
        self._begun = side.begun  # nothing may come before its first frame
        self._reader = side.reader.copy(lambda fields: fields)
        before = len(PREFACE) - len(side.rest) if preface and not side.begun else 0
        self._passing = before or side.left + side.padding
        self._buffer = bytearray() if before else bytearray(side.rest)
        self._ahead = len(self._buffer)  # how much of it has gone out already
        self._block = bytearray(side.block)
        self._block_of = side.block_of
        self._block_flags = side.block_flags
        self._block_old = bool(side.block_of)
        self._promised = 0
        self._out = bytearray()
        self._waiting = bytearray()

    def feed(self, data: bytes) -> Iterator[Passing]:
        """The frames that are whole now."""
        if self._passing:
            taken, data = data[: self._passing], data[self._passing :]
            self._passing -= len(taken)
            yield Passing(RAW, 0, 0, b"", taken, old=True)
        self._buffer += data
        for kind, flags, stream, raw in whole_frames(self._buffer):
            ahead, self._ahead, self._begun = self._ahead, 0, True
            yield Passing(kind, flags, stream, raw[HEAD_SIZE:], raw[ahead:], old=ahead > 0)

    def head(self, frame: Passing) -> Head | None:
        """The header block that is whole with ``frame``, if it is one's part. Raises BlockError.

        Of an old one what is left goes out as it is.
        """
        if frame.kind == Frame.CONTINUATION:
            if not self._block_of or len(self._block) + len(frame.payload) > MOST_BLOCK:
                raise BlockError(_SENSELESS)
            self._block += frame.payload
        else:
            found = bare(frame.payload, frame.flags, prioritised=frame.kind == Frame.HEADERS)
            if found is None:
                raise BlockError(_SENSELESS)
            self._promised = 0
            if frame.kind == Frame.PUSH_PROMISE:
                self._promised = NUMBER.unpack(found[: NUMBER.size])[0] & STREAM
                found = found[NUMBER.size :]
            self._block_of, self._block_flags, self._block_old = frame.stream, frame.flags, frame.old
            self._block[:] = found
        if self._block_old:
            self._out += frame.raw
        if not frame.flags & END_HEADERS:
            return None
        block, self._block_of = bytes(self._block), 0
        self._block.clear()
        ends = bool(self._block_flags & END_STREAM)
        return Head(frame.stream, ends, self._reader.read(block), self._block_old, self._promised)

    def emit(self, data: bytes) -> None:
        """More of what passes, in its order."""
        self._out += data

    def put(self, data: bytes) -> None:
        """Whole frames between others."""
        self._waiting += data

    def write_head(self, stream: int, fields: Fields, *, ends: bool) -> bytes:
        """A header block as it may stand anywhere."""
        hearer = self._hearer
        most = hearer.settings.get(MAX_FRAME_SIZE, FIRST_FRAME_SIZE)
        return header_frames(stream, self.write_block(fields), most, ends=ends)

    def write_block(self, fields: Fields) -> bytes:
        """The same without frames."""
        return literal(fields, self._hearer.table_size)

    def take(self) -> bytes:
        """What goes out now."""
        within = self._passing or self._ahead or (self._block_of and self._block_old)
        if self._waiting and self._begun and not within:
            self._out += self._waiting
            self._waiting.clear()
        if not self._out:
            return b""
        out = bytes(self._out)
        self._out.clear()
        return out
