"""A batch of records (format 2) taken apart and put together again: lengths, counts, checksum.

Batches that are compressed with gzip or zstd are opened, up to `MOST_OPENED` bytes; of snappy and lz4 only the head can
be read.
"""

import zlib
from collections.abc import Mapping, Sequence
from struct import Struct, pack, pack_into, unpack_from
from typing import Final, NamedTuple

import zstandard

from meshdev.traffic.protocols.kafka.crc32c import crc32c
from meshdev.traffic.protocols.kafka.fields import MalformedError

MOST_OPENED: Final = 8 * 1024 * 1024
HEAD: Final = 61
NOBODY: Final = pack(
    ">qhi", -1, -1, -1
)  # producer, epoch, sequence of a batch that is no idempotent producer's
_FRAME: Final = 12  # what a batch's length does not count
_CHECKED_FROM, _CHECKSUM_AT, _LAST_AT, _PRODUCER_AT, _SEQUENCE_AT, _COUNT_AT, _FORMAT_AT = (
    21,
    17,
    23,
    43,
    53,
    57,
    16,
)
_FORMAT: Final = 2
_COMPRESSION, _TRANSACTIONAL, _CONTROL = 0x07, 0x10, 0x20
_NONE, _GZIP, _ZSTD = 0, 1, 4
_GZIP_BITS: Final = 31
_UNOPENED: Final = {2: "snappy", 3: "lz4"}
_PRODUCER: Final = Struct(">qhi")
_MOST_VARINT: Final = 10


class UnopenedError(Exception):
    """Why a batch's records cannot be read, for a person."""


class Record(NamedTuple):
    """One record: what stands before its offset, that, its key as it is written, its value, its headers likewise."""

    head: bytes
    offset: int
    key: bytes
    value: bytes | None
    headers: bytes

    def texts(self) -> Mapping[str, str]:
        """Headers by lowered name; of several with one name the first. What cannot be read ends them."""
        found: dict[str, str] = {}
        try:
            count, at = signed(self.headers, 0)
            for _ in range(count):
                name, at = _bytes(self.headers, at)
                value, at = _bytes(self.headers, at)
                found.setdefault(_text(name).lower(), _text(value))
        except MalformedError:
            pass
        return found


class Batch(NamedTuple):
    """A batch whose records are read; ``data`` is the whole of it."""

    data: bytes
    records: list[Record]

    @property
    def producer(self) -> tuple[int, int, int]:
        """Producer's id, epoch and first sequence; ids below 0 are nobody's."""
        found: tuple[int, int, int] = _PRODUCER.unpack_from(self.data, _PRODUCER_AT)
        return found

    @property
    def is_transactional(self) -> bool:
        """Whether it belongs to a transaction."""
        return bool(_attributes(self.data) & _TRANSACTIONAL)


def split(data: bytes) -> list[bytes]:
    """The batches that stand one behind the other; a last one that is cut off is with them."""
    found, at = [], 0
    while at < len(data):
        size = len(data) - at
        if size >= _FRAME:
            size = min(size, _FRAME + max(unpack_from(">i", data, at + 8)[0], 0))
        found.append(data[at : at + size])
        at += size
    return found


def opened(data: bytes) -> Batch:
    """A batch with its records; with none if it is of another format, cut off, or the broker's own.

    Raises UnopenedError, MalformedError.
    """
    if len(data) < HEAD or data[_FORMAT_AT] != _FORMAT or len(data) != _FRAME + unpack_from(">i", data, 8)[0]:
        return Batch(data, [])
    attributes = _attributes(data)
    if attributes & _CONTROL:
        return Batch(data, [])
    raw, at = _uncompressed(data[HEAD:], attributes & _COMPRESSION), 0
    records: list[Record] = []
    for _ in range(unpack_from(">i", data, _COUNT_AT)[0]):
        record, at = _record(raw, at)
        records.append(record)
    return Batch(data, records)


def produced(batch: Batch, records: Sequence[Record], sequence: int) -> bytes:
    """A batch with these records, numbered from 0, as a producer would send it."""
    numbered = [record._replace(offset=number) for number, record in enumerate(records)]
    return _built(batch.data, numbered, last=len(numbered) - 1, sequence=sequence)


def new_batch(record: Record, at: int) -> bytes:
    """A batch with one record that was made at that time (milliseconds), as nobody's."""
    empty = bytes(_FORMAT_AT) + bytes((_FORMAT,)) + bytes(10) + pack(">qq", at, at) + NOBODY + bytes(4)
    return of_nobody(Batch(empty, []), record)


def of_nobody(batch: Batch, record: Record) -> bytes:
    """A batch with one record that neither follows others of its producer nor belongs to a transaction."""
    return _built(batch.data, [record._replace(offset=0)], last=0, sequence=None)


def fetched(batch: Batch, records: Sequence[Record]) -> bytes:
    """A batch with some of its records, which keep their offsets."""
    (last,) = unpack_from(">i", batch.data, _LAST_AT)
    return _built(batch.data, records, last=last, sequence=batch.producer[2])


def _built(data: bytes, records: Sequence[Record], *, last: int, sequence: int | None) -> bytes:
    attributes = _attributes(data)
    if not records:
        attributes &= ~_COMPRESSION
    if sequence is None:
        attributes &= ~_TRANSACTIONAL
    raw = b"".join(map(_written, records))
    out = bytearray(data[:HEAD]) + _compressed(raw, attributes & _COMPRESSION)
    pack_into(">hi", out, _CHECKED_FROM, attributes, last)
    if sequence is None:
        out[_PRODUCER_AT : _PRODUCER_AT + len(NOBODY)] = NOBODY
    else:
        pack_into(">i", out, _SEQUENCE_AT, sequence)
    pack_into(">i", out, _COUNT_AT, len(records))
    pack_into(">i", out, 8, len(out) - _FRAME)
    pack_into(">I", out, _CHECKSUM_AT, crc32c(bytes(out[_CHECKED_FROM:])))
    return bytes(out)


def _attributes(data: bytes) -> int:
    attributes: int = unpack_from(">h", data, _CHECKED_FROM)[0]
    return attributes


def _uncompressed(data: bytes, compression: int) -> bytes:
    try:
        if compression == _GZIP:
            data = zlib.decompressobj(_GZIP_BITS).decompress(data, MOST_OPENED + 1)
        elif compression == _ZSTD:
            data = zstandard.ZstdDecompressor().stream_reader(data).read(MOST_OPENED + 1)
        elif compression != _NONE:
            raise UnopenedError(f"they are compressed with {_UNOPENED.get(compression, 'what is not known')}")
    except (zlib.error, zstandard.ZstdError):
        raise MalformedError from None
    if len(data) > MOST_OPENED:
        raise UnopenedError(f"a batch has more than {MOST_OPENED >> 20} MiB when it is opened")
    return data


def _compressed(data: bytes, compression: int) -> bytes:
    if compression == _GZIP:
        gzip = zlib.compressobj(wbits=_GZIP_BITS)
        return gzip.compress(data) + gzip.flush()
    return zstandard.ZstdCompressor().compress(data) if compression == _ZSTD else data


def _record(data: bytes, at: int) -> tuple[Record, int]:
    size, begin = signed(data, at)
    end = begin + size
    if size < 1 or end > len(data):
        raise MalformedError
    _, offset_at = signed(data, begin + 1)
    offset, key_at = signed(data, offset_at)
    _, value_at = _bytes(data, key_at)
    value, headers_at = _bytes(data, value_at)
    if headers_at > end:
        raise MalformedError
    return Record(data[begin:offset_at], offset, data[key_at:value_at], value, data[headers_at:end]), end


def _written(record: Record) -> bytes:
    value = zigzag(-1) if record.value is None else zigzag(len(record.value)) + record.value
    body = record.head + zigzag(record.offset) + record.key + value + record.headers
    return zigzag(len(body)) + body


def signed(data: bytes, at: int) -> tuple[int, int]:
    """A number of variable length, and where it ends. Raises MalformedError."""
    number = shift = 0
    for place in range(at, min(at + _MOST_VARINT, len(data))):
        byte = data[place]
        number |= (byte & 0x7F) << shift
        if byte < 0x80:  # noqa: PLR2004 - the last of its bytes
            return (number >> 1) ^ -(number & 1), place + 1
        shift += 7
    raise MalformedError


def zigzag(number: int) -> bytes:
    """The same, written."""
    number = number << 1 if number >= 0 else (-number << 1) - 1
    out = bytearray()
    while number > 0x7F:  # noqa: PLR2004 - more bytes follow
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _bytes(data: bytes, at: int) -> tuple[bytes | None, int]:
    size, at = signed(data, at)
    if size < 0:
        return None, at
    if at + size > len(data):
        raise MalformedError
    return data[at : at + size], at + size


def _text(data: bytes | None) -> str:
    return (data or b"").decode("utf-8", "replace")
