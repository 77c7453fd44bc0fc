"""The headers of an AMQP message, as far as they are texts, and only when somebody asks for them."""

import struct
from collections.abc import Mapping
from typing import Final

_FLAGS: Final = struct.Struct(">H").unpack_from
_LENGTH: Final = struct.Struct(">I").unpack_from
_CONTENT_TYPE, _ENCODING, _HEADERS = 0x8000, 0x4000, 0x2000
_FIXED: Final = {b"t": 1, b"b": 1, b"B": 1, b"s": 2, b"u": 2, b"U": 2, b"I": 4, b"i": 4, b"f": 4, b"l": 8, b"L": 8,
                 b"d": 8, b"D": 5, b"T": 8, b"V": 0}  # fmt: skip
_LONG: Final = frozenset({b"S", b"x", b"A", b"F"})


def headers_at(data: bytes, at: int) -> Mapping[str, str]:
    """Texts by lowered name; ``at`` is where the property flags stand. What cannot be read ends it."""
    found: dict[str, str] = {}
    try:
        flags = _FLAGS(data, at)[0]
        at += 2
        for flag in (_CONTENT_TYPE, _ENCODING):
            if flags & flag:
                at += 1 + data[at]
        if not flags & _HEADERS:
            return found
        end = at + 4 + _LENGTH(data, at)[0]
        at += 4
        while at < end:
            begin = at + 1
            at = begin + data[at]
            name = data[begin:at].decode("utf-8", "replace").lower()
            kind = data[at : at + 1]
            at += 1
            if kind in _LONG:
                begin = at + 4
                at = begin + _LENGTH(data, at)[0]
                if kind == b"S":
                    found.setdefault(name, data[begin:at].decode("utf-8", "replace"))
            else:
                at += _FIXED[kind]
    except (IndexError, KeyError, struct.error):
        pass
    return found
