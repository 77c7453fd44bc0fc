"""A call's messages out of a body's bytes: behind a prefix of five bytes each, compressed or not.

Rules: a message is of the time at which its last byte was there · of one that is not whole (`Cut`), or whose coding
cannot be undone, or that grows beyond `MOST_BYTES`, nothing is kept: what can be read only in part may hold secrets
that nobody finds.
"""

import zlib
from collections.abc import Iterator
from struct import Struct
from typing import Final

from meshdev.recording.model import Cut, Message, MessageKind

MOST_BYTES: Final = 64 * 1024 * 1024
_PREFIX: Final = Struct(">BI")
_WINDOW: Final = {"gzip": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS}


class CallMessages:
    """What one side of a call says; ``coding`` is its ``grpc-encoding``."""

    def __init__(self, coding: str, *, outgoing: bool) -> None:
        self._coding = coding.lower()
        self._outgoing = outgoing
        self._buffer = bytearray()
        self._at = 0

    def feed(self, data: bytes, at: int) -> Iterator[Message]:
        """The messages that are whole now."""
        self._buffer += data
        self._at = at
        start = 0
        while start + _PREFIX.size <= len(self._buffer):
            compressed, length = _PREFIX.unpack_from(self._buffer, start)
            begin = start + _PREFIX.size
            if begin + length > len(self._buffer):
                break
            start = begin + length
            yield self._message(bytes(self._buffer[begin:start]), compressed=bool(compressed))
        del self._buffer[:start]

    def rest(self, cut: Cut) -> Iterator[Message]:
        """What is not whole."""
        if self._buffer:
            yield Message(self._at, self._outgoing, MessageKind.BINARY, b"", cut)
            self._buffer.clear()

    def _message(self, data: bytes, *, compressed: bool) -> Message:
        cut = None
        if compressed and self._coding != "identity":
            data, cut = _plain(data, self._coding)
        return Message(self._at, self._outgoing, MessageKind.BINARY, data, cut)


def _plain(data: bytes, coding: str) -> tuple[bytes, Cut | None]:
    window = _WINDOW.get(coding)
    if window is None:
        return b"", Cut.OPAQUE
    decoder = zlib.decompressobj(window)
    try:
        plain = decoder.decompress(data, MOST_BYTES)
    except zlib.error:
        return b"", Cut.OPAQUE
    if decoder.unconsumed_tail:
        return b"", Cut.CAP
    return (plain, None) if decoder.eof else (b"", Cut.OPAQUE)
