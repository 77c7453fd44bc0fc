"""The wire format of Protocol Buffers: a message is a row of fields, each a number, a wire type and a value.

Whatever was written comes out again byte for byte, unless numbers were written longer than they need to be.
"""

from collections.abc import Iterable
from enum import IntEnum
from typing import Final, NamedTuple

MOST_DEPTH: Final = 64
_FIXED: Final = {1: 8, 5: 4}
_MOST_VARINT: Final = 70  # bits


class WireType(IntEnum):
    """How a value is written."""

    VARINT = 0
    FIXED64 = 1
    BYTES = 2
    GROUP = 3
    GROUP_END = 4
    FIXED32 = 5


class WireError(ValueError):
    """These bytes are no message."""


class Field(NamedTuple):
    """One field; ``value`` is a number (varint, fixed), bytes, or the inside of a group."""

    number: int
    wire: WireType
    value: int | bytes


def fields_of(data: bytes) -> list[Field]:
    """The fields of a message, in their order. Raises WireError."""
    found, at = _fields(data, 0, 0, 0)
    if at != len(data):
        raise WireError("a group ends that did not begin")
    return found


def message_of(fields: Iterable[Field]) -> bytes:
    """The message of these fields."""
    out = bytearray()
    for number, wire, value in fields:
        add_varint(out, number << 3 | wire)
        if isinstance(value, int):
            if wire is WireType.VARINT:
                add_varint(out, value)
            else:
                out += value.to_bytes(_FIXED[wire], "little")
            continue
        if wire is WireType.BYTES:
            add_varint(out, len(value))
            out += value
        else:
            out += value
            add_varint(out, number << 3 | WireType.GROUP_END)
    return bytes(out)


def text_field(number: int, value: str | bytes) -> Field:
    """A text, bytes, or a message."""
    return Field(number, WireType.BYTES, value.encode() if isinstance(value, str) else value)


def add_varint(out: bytearray, value: int) -> None:
    """Write a number of seven bits a byte."""
    while value > 0x7F:  # noqa: PLR2004 - more than fits into one byte
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)


def varint_at(data: bytes, at: int) -> tuple[int, int]:
    """A number, and where it ends. Raises WireError."""
    value = shift = 0
    while True:
        if at >= len(data) or shift >= _MOST_VARINT:
            raise WireError("a number that does not end")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:  # noqa: PLR2004 - the last one
            return value & 0xFFFFFFFFFFFFFFFF, at
        shift += 7


def _fields(data: bytes, at: int, group: int, depth: int) -> tuple[list[Field], int]:
    """The fields from ``at`` on, up to the end of ``group`` if there is one; and where that is."""
    if depth > MOST_DEPTH:
        raise WireError("groups too deep in each other")
    found: list[Field] = []
    end = len(data)
    while at < end:
        tag, at = varint_at(data, at)
        number, wire = tag >> 3, tag & 7
        if not number or wire > WireType.FIXED32:
            raise WireError("a field that cannot be")
        if wire == WireType.VARINT:
            value, at = varint_at(data, at)
            found.append(Field(number, WireType.VARINT, value))
        elif wire == WireType.BYTES:
            length, at = varint_at(data, at)
            if at + length > end:
                raise WireError("a field that is longer than its message")
            found.append(Field(number, WireType.BYTES, data[at : at + length]))
            at += length
        elif wire == WireType.GROUP:
            begin = at
            _, at = _fields(data, at, number, depth + 1)
            size = len(_tag(number, WireType.GROUP_END))
            found.append(Field(number, WireType.GROUP, data[begin : at - size]))
        elif wire == WireType.GROUP_END:
            if number != group:
                raise WireError("a group ends that did not begin")
            return found, at
        else:
            size = _FIXED[wire]
            if at + size > end:
                raise WireError("a number that is cut off")
            found.append(Field(number, WireType(wire), int.from_bytes(data[at : at + size], "little")))
            at += size
    if group:
        raise WireError("a group that does not end")
    return found, at


def _tag(number: int, wire: WireType) -> bytes:
    out = bytearray()
    add_varint(out, number << 3 | wire)
    return bytes(out)
