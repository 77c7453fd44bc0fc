"""BSON as far as MongoDB's commands and answers are told: the top level of a document, walked, never decoded.

Values are skipped by their sizes; of those that are wanted the beginning is kept.
"""

from collections.abc import Callable, Mapping
from struct import unpack_from
from typing import Final

from meshdev.traffic.protocols.incoming import Incoming, Reading

MOST_ELEMENTS: Final = 1024
KEPT_BYTES: Final = 256  # of a value
_MOST_NAME: Final = 256
_HEAD_BYTES: Final = 1 + _MOST_NAME + KEPT_BYTES  # of an element: all that is ever looked at
_LEAST: Final = 5  # of a document
DOUBLE, STRING, ARRAY, BOOL, INT32, INT64 = 0x01, 0x02, 0x04, 0x08, 0x10, 0x12
_DOCUMENT, _REGEX, _SCOPED = 0x03, 0x0B, 0x0F
_FIXED: Final[Mapping[int, int]] = {
    DOUBLE: 8, 0x06: 0, 0x07: 12, BOOL: 1, 0x09: 8, 0x0A: 0, INT32: 4, 0x11: 8, INT64: 8, 0x13: 16, 0x7F: 0, 0xFF: 0,
}  # fmt: skip
_AFTER_LENGTH: Final[Mapping[int, int]] = {  # what the length at the beginning of a value leaves out
    STRING: 4, _DOCUMENT: 0, ARRAY: 0, 0x05: 5, 0x0C: 16, 0x0D: 4, 0x0E: 4, _SCOPED: 0,
}  # fmt: skip


class MalformedError(Exception):
    """Bytes that are no such document."""


Visit = Callable[[bytes, int, bytes], None]


def walk(
    incoming: Incoming, end: int, visit: Visit, wanted: frozenset[bytes], *, first: bool = False
) -> Reading:
    """Show ``visit`` the elements (name, type, the value's beginning) of the document that begins here.

    Only those that are ``wanted``, and the ``first`` one if that is asked for. Ends behind the document, which lies
    before ``end``. Raises MalformedError.
    """
    yield min(end - incoming.position, 4)
    _need(end - incoming.position, _LEAST)
    size = unpack_from("<i", incoming.data, incoming.at)[0]
    stop = incoming.position + size
    if size < _LEAST or stop > end:
        raise MalformedError
    incoming.at += 4
    for n in range(MOST_ELEMENTS):
        left = stop - incoming.position
        data, at = incoming.data, incoming.at
        if len(data) - at < min(left, _HEAD_BYTES):
            yield min(left, _HEAD_BYTES)
            data, at = incoming.data, incoming.at
        if left <= 1:
            break
        limit = at + min(left, _HEAD_BYTES)
        begin = data.find(b"\0", at + 1, min(limit, at + 1 + _MOST_NAME)) + 1
        if not begin:
            raise MalformedError
        kind = data[at]
        length = _length(kind, data, begin, limit)
        if length > left - (begin - at):
            raise MalformedError
        name = data[at + 1 : begin - 1]
        if name in wanted or (first and not n):
            visit(name, kind, data[begin : begin + min(length, KEPT_BYTES)])
        here = min(length, len(data) - begin)
        incoming.at = begin + here
        if here < length:
            incoming.skip(length - here)
            yield 0
    if (left := stop - incoming.position) > 0:
        incoming.skip(left)
        yield 0


def _length(kind: int, data: bytes, begin: int, limit: int) -> int:
    fixed = _FIXED.get(kind)
    if fixed is not None:
        return fixed
    more = _AFTER_LENGTH.get(kind)
    if more is not None:
        _need(limit - begin, 4)
        size: int = unpack_from("<i", data, begin)[0]
        _need(size, 0)
        return size + more
    if kind == _REGEX:
        pattern = data.find(b"\0", begin, limit)
        options = data.find(b"\0", pattern + 1, limit)
        if 0 < pattern < options:
            return options + 1 - begin
    raise MalformedError


def _need(have: int, least: int) -> None:
    if have < least:
        raise MalformedError


def number(kind: int, value: bytes) -> float | None:
    """A number's value; None when it is none."""
    code = {DOUBLE: "<d", INT32: "<i", INT64: "<q", BOOL: "<?"}.get(kind)
    if code is None or len(value) < _FIXED[kind]:
        return None
    return float(unpack_from(code, value)[0])


def text(kind: int, value: bytes) -> str:
    """A string's beginning; empty when it is none."""
    if kind != STRING:
        return ""
    return value[4:].partition(b"\0")[0].decode("utf-8", "replace")
