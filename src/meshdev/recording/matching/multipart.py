"""The parts of a multipart body, without the boundary, which is drawn anew for each call (RFC 2046 §5.1, RFC 7578)."""

import re
from typing import Final, NamedTuple

_BOUNDARY: Final = re.compile(r'boundary=(?:"([^"]{1,100})"|([^\s;,]{1,100}))', re.IGNORECASE)
_PARAMETER: Final = re.compile(r';\s*(name|filename)\*?=(?:"((?:[^"\\]|\\.)*)"|([^\s;]*))', re.IGNORECASE)


class Part(NamedTuple):
    """One part; ``name`` and ``filename`` are empty where there are none."""

    name: str
    filename: str
    media: str
    data: bytes


def parts_of(content_type: str, body: bytes) -> list[Part] | None:
    """The parts in their order, or None when the body is not what its type says."""
    match = _BOUNDARY.search(content_type)
    if match is None:
        return None
    line = b"--" + (match[1] or match[2]).encode("latin-1", "replace")
    pieces = (b"\r\n" + body).split(b"\r\n" + line)
    if len(pieces) < 3 or not pieces[-1].startswith(b"--"):  # noqa: PLR2004 - preamble, a part, the end
        return None
    return [_part(piece) for piece in pieces[1:-1]]


def _part(piece: bytes) -> Part:
    head, _, data = piece.partition(b"\r\n\r\n")
    name = filename = media = ""
    for line in head.decode("utf-8", "replace").split("\r\n"):
        key, _, value = line.partition(":")
        if key.strip().lower() == "content-disposition":
            for found in _PARAMETER.finditer(value):
                text = found[2] if found[2] is not None else found[3]
                if found[1].lower() == "name":
                    name = text
                else:
                    filename = text
        elif key.strip().lower() == "content-type":
            media = value.strip().lower()
    return Part(name, filename, media, data)
