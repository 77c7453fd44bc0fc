"""MongoDB's messages: what stands before and around the document that is a command or an answer.

`read_message` is a part of a generator for `incoming.Incoming`; it shows the document's elements to a visitor and gives
the message's flags. Of a compressed message a beginning is read.
"""

import zlib
from collections.abc import Generator
from struct import unpack_from
from typing import Final, NamedTuple

import zstandard

from meshdev.traffic.protocols.incoming import Incoming, Reading
from meshdev.traffic.protocols.mongodb.bson import MalformedError, Visit, walk
from meshdev.traffic.protocols.pairing import UnreadableError

OP_REPLY, OP_QUERY, OP_COMPRESSED, OP_MSG = 1, 2004, 2012, 2013
OLD_OPERATIONS: Final = frozenset((1000, 2001, 2002, 2003, 2005, 2006, 2007))
CHECKSUM, MORE_TO_COME = 1, 2
MOST_READ: Final = 64 * 1024  # of a compressed message, and of what it holds
_NEVER: Final = 1 << 62
_COMPRESSED_HEAD: Final = 9
_SNAPPY, _ZLIB, _ZSTD = 1, 2, 3
_MOST_CSTRING: Final = 512


class Elements(NamedTuple):
    """Whom the elements are shown, and which."""

    visit: Visit
    wanted: frozenset[bytes]
    first: bool = False


Flags = Generator[int, None, int]


def read_message(incoming: Incoming, end: int, operation: int, elements: Elements) -> Flags:
    """Read the message of that operation up to its ``end``; its flags. Raises MalformedError, UnreadableError."""
    if operation == OP_COMPRESSED:
        return (yield from _read_compressed(incoming, end, elements))
    if operation == OP_MSG:
        return (yield from _read_sections(incoming, end, elements))
    if operation == OP_QUERY:
        yield min(end - incoming.position, 4 + _MOST_CSTRING)
        stop = incoming.at + min(end - incoming.position, 4 + _MOST_CSTRING)
        behind = incoming.data.find(b"\0", incoming.at + 4, stop) + 1
        if not behind:
            raise MalformedError
        incoming.skip(behind - incoming.at + 8)
    elif operation == OP_REPLY:
        incoming.skip(20)
    else:
        raise MalformedError
    yield from walk(incoming, end, *elements[:2], first=elements.first)
    return 0


def _read_sections(incoming: Incoming, end: int, elements: Elements) -> Flags:
    yield min(end - incoming.position, 4)
    if end - incoming.position < 4:  # noqa: PLR2004 - the flags
        raise MalformedError
    flags: int = unpack_from("<I", incoming.data, incoming.at)[0]
    incoming.at += 4
    if flags & CHECKSUM:
        end -= 4
    seen = False
    while incoming.position < end:
        yield min(end - incoming.position, 5)
        kind = incoming.data[incoming.at]
        incoming.at += 1
        if kind == 0 and not seen:
            seen = True
            yield from walk(incoming, end, *elements[:2], first=elements.first)
        elif kind == 1 and end - incoming.position >= 4:  # noqa: PLR2004 - a length: a sequence of documents
            size = unpack_from("<i", incoming.data, incoming.at)[0]
            if not 4 <= size <= end - incoming.position:  # noqa: PLR2004 - the length itself
                raise MalformedError
            incoming.skip(size)
            yield 0
        else:
            break
    return flags


def _read_compressed(incoming: Incoming, end: int, elements: Elements) -> Flags:
    left = min(end - incoming.position, MOST_READ)
    yield left
    if left < _COMPRESSED_HEAD:
        raise MalformedError
    operation, size, compressor = unpack_from("<iiB", incoming.data, incoming.at)
    begin = incoming.at + _COMPRESSED_HEAD
    found = [0]

    def read(inner: Incoming) -> Reading:
        try:
            if operation == OP_MSG:  # what follows may lie behind what is read; its flags do not
                yield 4
                found[0] = unpack_from("<I", inner.data, inner.at)[0]
            yield from read_message(inner, size, operation, elements)
        except MalformedError:
            pass
        yield _NEVER

    if operation == OP_COMPRESSED:
        raise MalformedError
    Incoming(read).put(_uncompressed(compressor, incoming.data[begin : incoming.at + left]))
    return found[0]


def _uncompressed(compressor: int, data: bytes) -> bytes:
    """The beginning of what is compressed in ``data``, which may be a beginning itself."""
    if compressor == _SNAPPY:
        raise UnreadableError("it is compressed with snappy")
    try:
        if compressor == _ZLIB:
            return zlib.decompressobj().decompress(data, MOST_READ)
        if compressor == _ZSTD:
            return zstandard.ZstdDecompressor().stream_reader(data).read(MOST_READ)
    except (zlib.error, zstandard.ZstdError):
        return b""
    return data
