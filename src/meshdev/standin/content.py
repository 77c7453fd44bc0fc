"""From the bytes of a request to what matchers compare: content without chunks and codings. Pure.

The scanner has checked the framing before. A content coding that cannot be undone stays, and the body is what it is.
"""

import zlib
from functools import lru_cache

from meshdev.recording.model import EMPTY, Body, Headers, Request
from meshdev.traffic.http1_head import Framing, RequestHead

MOST_CONTENT = 64 << 20
"""Bytes that a body may have when it is inflated."""

_MOST_KNOWN = 256
_GZIP = 16 + zlib.MAX_WBITS
_CODINGS = {"gzip": _GZIP, "x-gzip": _GZIP, "deflate": zlib.MAX_WBITS}


def request_of(head: RequestHead, body: bytes) -> Request:
    """The request as a recording would have it; ``body`` with its framing."""
    headers = headers_in(head.raw)
    if not body:
        return Request(head.method, head.target.decode("latin-1"), headers, minor=head.minor)
    data = without_chunks(body) if head.framing is Framing.CHUNKED else body
    coding = value_of(headers, "content-encoding").lower()
    plain = inflated(data, coding) if coding else data
    content = Body(data, len(data)) if plain is None else Body(plain, len(plain), coding)
    return Request(
        head.method, head.target.decode("latin-1"), headers, content if data else EMPTY, minor=head.minor
    )


def headers_in(raw: bytes) -> Headers:
    """The fields of a head that has been checked."""
    lines = raw.decode("latin-1").split("\r\n")[1:-2]
    return tuple([_known_field(line) if len(line) <= _MOST_KNOWN else _field(line) for line in lines])


def _field(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name, value.strip(" \t")


_known_field = lru_cache(4096)(_field)  # nearly all lines of a head come again


def value_of(headers: Headers, lowered: str) -> str:
    """The first value of a header, empty when it is not there."""
    size = len(lowered)
    for name, value in headers:
        if len(name) == size and name.lower() == lowered:
            return value
    return ""


def without_chunks(raw: bytes) -> bytes:
    """The content of a whole chunked body that has been checked."""
    parts: list[bytes] = []
    at = 0
    while True:
        end = raw.index(b"\r\n", at)
        size = int(raw[at:end].partition(b";")[0], 16)
        if not size:
            return b"".join(parts)
        at = end + 2
        parts.append(raw[at : at + size])
        at += size + 2


def inflated(data: bytes, coding: str) -> bytes | None:
    """``data`` without its coding; None when that cannot be undone."""
    if coding == "identity":
        return data
    bits = _CODINGS.get(coding)
    if bits is None:
        return None
    for wbits in (bits, -zlib.MAX_WBITS) if coding == "deflate" else (bits,):
        reader = zlib.decompressobj(wbits)
        try:
            plain = reader.decompress(data, MOST_CONTENT)
        except zlib.error:
            continue
        return plain if reader.eof and not reader.unconsumed_tail else None
    return None
