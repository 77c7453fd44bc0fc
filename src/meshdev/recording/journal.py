"""The bytes of a recording on disk: append-only, checksummed, and readable up to wherever the writing stopped. Sans-IO.

A segment begins with `MAGIC`. Then come blocks: length and CRC-32 of what follows (each four bytes, little-endian),
and that many bytes of one zstd stream that goes on from block to block, flushed at the end of each. Uncompressed, a
block is a msgpack array of records: `Blob` (a body that was not there yet in this segment; they are numbered from 1 as
they come), `Stored` (an exchange whose bodies are blobs), `Note` (a sentence for a person).

Whatever was written before a SIGKILL is read again; what is behind the last whole block is a torn end, and is told. A
writer never goes on with a segment of somebody else's: it begins another.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final

import msgspec
import zstandard
from msgspec import Struct

from meshdev.recording.model import EMPTY, Body, Exchange

MAGIC: Final = b"MDRJ\x01\n\r\n"
_FRAME: Final = 8  # bytes before a block
_LEVEL: Final = 1  # on calls of 1.5 kB smaller than 3, and cheaper: blocks are large, matches are near
_INLINE: Final = 64  # bodies up to so many bytes stay in their exchange
_MOST_KNOWN: Final = 100_000
_DIGEST: Final = 16
MOST_BLOCK: Final = 256 * 1024 * 1024


class Blob(Struct, frozen=True, array_like=True, tag=1):
    """A body's bytes."""

    data: bytes


class Stored(Struct, frozen=True, array_like=True, tag=2):
    """An exchange; 0 for a body that stayed in it."""

    exchange: Exchange
    request: int = 0
    response: int = 0


class Note(Struct, frozen=True, array_like=True, tag=3):
    """A sentence for a person: what was lost, and why."""

    text: str


Record = Blob | Stored | Note
_ENCODER = msgspec.msgpack.Encoder()
_DECODER: msgspec.msgpack.Decoder[list[Record]] = msgspec.msgpack.Decoder(list[Record])


class JournalWriter:
    """One segment being written: exchanges go in, `take` gives the bytes to append."""

    __slots__ = ("_began", "_blobs", "_compress", "_known", "_records", "waiting")

    def __init__(self) -> None:
        self._compress = zstandard.ZstdCompressor(level=_LEVEL).compressobj()
        self._known: dict[bytes, int] = {}
        self._blobs = 0
        self._records: list[Record] = []
        self._began = False
        self.waiting = 0  # bytes, or so, that `take` would compress

    def add(self, exchange: Exchange) -> None:
        """Have one more exchange in the next block."""
        request, first = self._without(exchange.request.body)
        response, second = (
            self._without(exchange.response.body) if exchange.response is not None else (EMPTY, 0)
        )
        if first or second:
            exchange = _with_bodies(exchange, request, response)
        self._records.append(Stored(exchange, first, second))
        self.waiting += 500

    def note(self, text: str) -> None:
        """Have a sentence for a person in the next block."""
        self._records.append(Note(text))
        self.waiting += len(text)

    def take(self) -> bytes:
        """The bytes to append now; empty when there is nothing new."""
        if not self._records:
            return b""
        plain = _ENCODER.encode(self._records)
        self._records = []
        self.waiting = 0
        block = self._compress.compress(plain) + self._compress.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
        framed = len(block).to_bytes(4, "little") + zlib.crc32(block).to_bytes(4, "little") + block
        if self._began:
            return framed
        self._began = True
        return MAGIC + framed

    def _without(self, body: Body) -> tuple[Body, int]:
        """The body as it stays in its exchange, and the number of its blob."""
        if len(body.data) <= _INLINE:
            return body, 0
        digest = blake2b(body.data, digest_size=_DIGEST).digest()
        number = self._known.get(digest)
        if number is None:
            self._blobs += 1
            number = self._blobs
            if len(self._known) < _MOST_KNOWN:
                self._known[digest] = number
            self._records.append(Blob(body.data))
            self.waiting += len(body.data)
        return Body(b"", body.size, body.coding, body.cut, body.pieces), number


@dataclass(slots=True)
class Segment:
    """What was read of a segment: ``whole`` are the bytes up to the end of its last whole block, of ``size`` in all."""

    exchanges: list[Exchange] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    whole: int = 0
    size: int = 0
    foreign: bool = False  # no segment of this version at all

    @property
    def torn(self) -> int:
        """Bytes behind the last whole block."""
        return self.size - self.whole


def read_segment(data: bytes) -> Segment:
    """What stands in a segment, as far as it is whole; no input raises."""
    segment = Segment(size=len(data))
    if not data.startswith(MAGIC):
        segment.foreign = not MAGIC.startswith(data)
        return segment
    segment.whole = len(MAGIC)
    blobs: list[bytes] = []
    for plain, end in _blocks(data):
        try:
            for record in _DECODER.decode(plain):
                _read(record, blobs, segment)
        except (msgspec.DecodeError, IndexError):
            break
        segment.whole = end
    return segment


def _blocks(data: bytes) -> Iterator[tuple[bytes, int]]:
    """The blocks' contents, and where each ends."""
    stream = zstandard.ZstdDecompressor().decompressobj()
    at = len(MAGIC)
    while at + _FRAME <= len(data):
        size = int.from_bytes(data[at : at + 4], "little")
        block = data[at + _FRAME : at + _FRAME + size]
        if len(block) < size or zlib.crc32(block) != int.from_bytes(data[at + 4 : at + _FRAME], "little"):
            return
        try:
            plain = stream.decompress(block)
        except zstandard.ZstdError:
            return
        at += _FRAME + size
        yield plain, at


def _read(record: Record, blobs: list[bytes], segment: Segment) -> None:
    match record:
        case Blob(data):
            blobs.append(data)
        case Stored(exchange, request, response):
            if request or response:
                asked = _filled(exchange.request.body, request, blobs)
                told = _filled(exchange.response.body, response, blobs) if exchange.response else EMPTY
                exchange = _with_bodies(exchange, asked, told)
            segment.exchanges.append(exchange)
        case Note(text):
            segment.notes.append(text)


def _filled(body: Body, number: int, blobs: list[bytes]) -> Body:
    return Body(blobs[number - 1], body.size, body.coding, body.cut, body.pieces) if number else body


def _with_bodies(exchange: Exchange, request: Body, response: Body) -> Exchange:
    told = exchange.response
    return msgspec.structs.replace(
        exchange,
        request=msgspec.structs.replace(exchange.request, body=request),
        response=msgspec.structs.replace(told, body=response) if told is not None else None,
    )
