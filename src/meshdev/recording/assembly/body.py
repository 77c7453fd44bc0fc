"""A body's content out of its bytes on the wire: transfer framing off, content coding undone, pieces kept apart.

Rules: what cannot be decoded is not kept, for secrets may be in it (`Cut.OPAQUE`) · what decodes to more than
`MOST_DECODED` bytes is cut there · a body that ends before its length says so.
"""

import zlib
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple, Protocol

import zstandard

from meshdev.recording.model import EMPTY, Body, Cut, Headers
from meshdev.traffic.event_stream import Unchunked

MOST_DECODED: Final = 64 * 1024 * 1024
_GZIP: Final = zlib.MAX_WBITS | 16
_PLAIN: Final = frozenset({"", "identity"})


class Wire(NamedTuple):
    """A body as it passed: (when, bytes), whether bytes are missing (the cap), and whether it broke off."""

    pieces: Sequence[tuple[int, bytes]]
    missing: bool = False
    broken: bool = False


class _Decoder(Protocol):
    def decompress(self, data: bytes, /) -> bytes:
        """What ``data`` adds to the content."""


def body_of(headers: Headers, wire: Wire) -> Body:
    """The content behind ``headers``."""
    length, chunked, coding = _framing(headers)
    pieces: Sequence[tuple[int, bytes]] = wire.pieces
    ended = True
    if chunked:
        frame = Unchunked()
        pieces = [(at, b"".join(frame.feed(data))) for at, data in pieces]
        ended = frame.over
    cut = _cut(wire, complete=ended)
    if coding not in _PLAIN:
        decoded = _decoded(coding, pieces)
        if decoded is None:
            return Body(size=sum(len(data) for _, data in pieces), coding=coding, cut=Cut.OPAQUE)
        pieces, whole = decoded
        cut = cut or (None if whole else Cut.CAP)
    else:
        coding = ""
    return _joined(pieces, length if not coding and not chunked else None, coding, cut)


def _framing(headers: Headers) -> tuple[int | None, bool, str]:
    """Content-Length, whether the body is chunked, and its content coding in small letters."""
    length, chunked, coding = None, False, ""
    for name, value in headers:
        size = len(name)
        if size == 14 and name.lower() == "content-length":  # noqa: PLR2004 - the name's
            length = int(value) if value.isdigit() else None
        elif size == 17 and name.lower() == "transfer-encoding":  # noqa: PLR2004 - the name's
            chunked = "chunked" in value.lower()
        elif size == 16 and name.lower() == "content-encoding":  # noqa: PLR2004 - the name's
            coding = value.lower()
    return length, chunked, coding


def _cut(wire: Wire, *, complete: bool) -> Cut | None:
    if wire.missing:
        return Cut.CAP
    return Cut.BROKEN if wire.broken or not complete else None


def _joined(pieces: Sequence[tuple[int, bytes]], length: int | None, coding: str, cut: Cut | None) -> Body:
    if len(pieces) == 1:
        data: bytes = pieces[0][1]
        times: tuple[tuple[int, int], ...] = ()
    else:
        data = b"".join([piece for _, piece in pieces])
        times = tuple(_times(pieces))
    size = len(data)
    if length is not None and length != size:
        cut = cut or Cut.BROKEN
        size = max(size, length) if cut is Cut.CAP else size
    if not size and not coding and cut is None:
        return EMPTY
    return Body(data, size, coding, cut, times)


def _times(pieces: Sequence[tuple[int, bytes]]) -> Iterator[tuple[int, int]]:
    offset = 0
    for at, data in pieces:
        if data:
            yield offset, at
            offset += len(data)


def _decoder(coding: str) -> _Decoder | None:
    match coding:
        case "gzip" | "x-gzip":
            return zlib.decompressobj(_GZIP)
        case "deflate":
            return _Deflate()
        case "zstd":
            return zstandard.ZstdDecompressor(max_window_size=MOST_DECODED).decompressobj()
        case _:
            return None


class _Deflate:
    """zlib's format, or what some servers take for it: raw deflate (RFC 9110 §8.4.1.2)."""

    def __init__(self) -> None:
        self._decoder = zlib.decompressobj()
        self._first = True

    def decompress(self, data: bytes, /) -> bytes:
        """What ``data`` adds to the content."""
        first, self._first = self._first, False
        try:
            return self._decoder.decompress(data)
        except zlib.error:
            if not first:
                raise
            self._decoder = zlib.decompressobj(-zlib.MAX_WBITS)
            return self._decoder.decompress(data)


def _decoded(
    coding: str, pieces: Sequence[tuple[int, bytes]]
) -> tuple[Sequence[tuple[int, bytes]], bool] | None:
    """The content, and whether it is all there is; None when it cannot be decoded."""
    decoder = _decoder(coding)
    if decoder is None:
        return None
    found: list[tuple[int, bytes]] = []
    size = 0
    try:
        for at, data in pieces:
            content = decoder.decompress(data) if data else b""
            size += len(content)
            if size > MOST_DECODED:
                return found, False
            found.append((at, content))
    except (zlib.error, zstandard.ZstdError):
        return None
    return found, True
