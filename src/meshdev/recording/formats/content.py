"""Bodies: when bytes are a text, which media type and charset they have, content codings undone, multipart parts.

A body counts as a text only if it comes back byte for byte from what was made of it; everything else is binary.
"""

import re
import zlib
from base64 import b64decode, b64encode
from typing import Final

from msgspec import Struct

from meshdev.recording.formats.heads import first
from meshdev.recording.model import EMPTY, Body, Headers

MOST_INFLATED: Final = 256 * 1024 * 1024
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_CHARSET: Final = re.compile(r';\s*charset\s*=\s*"?([A-Za-z0-9._-]{1,40})', re.IGNORECASE)
_BOUNDARY: Final = re.compile(r';\s*boundary\s*=\s*(?:"([^"]{1,200})"|([^\s;"]{1,200}))', re.IGNORECASE)
_PARAMETER: Final = re.compile(r';\s*(name|filename)\s*=\s*"((?:[^"\\]|\\.)*)"', re.IGNORECASE)
_WINDOW: Final = {"gzip": 31, "x-gzip": 31, "deflate": 47}


class Part(Struct, frozen=True):
    """One part of a multipart/form-data body; ``filename`` is None for a plain field."""

    name: str
    data: bytes
    filename: str | None = None
    media: str = ""


def media_of(headers: Headers) -> str:
    """``application/json``: lower-case, without parameters; empty when nothing is said."""
    return first(headers, "content-type").partition(";")[0].strip().lower()


def is_json(media: str) -> bool:
    """``application/json`` and its kin (``application/problem+json``)."""
    return media in {"application/json", "text/json"} or media.endswith("+json")


def is_form(media: str) -> bool:
    """Fields of a form, urlencoded."""
    return media == "application/x-www-form-urlencoded"


def charset_of(content_type: str) -> str:
    """The declared charset if Python knows it, else UTF-8."""
    match = _CHARSET.search(content_type)
    if match is None:
        return "utf-8"
    try:
        "".encode(match[1])
    except LookupError:
        return "utf-8"
    return match[1]


def text_of(data: bytes, charset: str = "utf-8") -> str | None:
    """The text that these bytes are, or None: no text, control characters in it, or not the same bytes again."""
    try:
        text = data.decode(charset)
        same = text.encode(charset) == data
    except (UnicodeError, LookupError):
        return None
    return None if not same or _CONTROL.search(text) else text


def base64_of(data: bytes) -> str:
    """Base64 as text."""
    return b64encode(data).decode("ascii")


def bytes_of(base64: str) -> bytes | None:
    """What base64 holds, with and without line breaks; None when it is none."""
    try:
        return b64decode("".join(base64.split()), validate=True)
    except ValueError:
        return None


def whole(data: bytes) -> Body:
    """A body that is all there, and was in no coding."""
    return Body(data, len(data)) if data else EMPTY


def body_of(data: bytes, headers: Headers) -> Body:
    """A body out of bytes as they were transferred: the content coding is undone where it can be.

    Many tools keep the header and decode the body all the same; what is not really coded is taken as it is.
    """
    coding = first(headers, "content-encoding").strip().lower()
    window = _WINDOW.get(coding)
    if window is None:
        return Body(data, len(data))
    inflater = zlib.decompressobj(window)
    try:
        plain = inflater.decompress(data, MOST_INFLATED)
    except zlib.error:
        return Body(data, len(data), coding)
    whole = inflater.eof and not inflater.unconsumed_tail
    return Body(plain, len(plain), coding) if whole else Body(data, len(data), coding)


def parts_of(body: Body, headers: Headers) -> tuple[Part, ...] | None:
    """The parts of a multipart/form-data body; None when it is none, or is not well-formed."""
    kind = first(headers, "content-type")
    match = _BOUNDARY.search(kind)
    if media_of(headers) != "multipart/form-data" or match is None:
        return None
    mark = b"--" + (match[1] or match[2]).encode("latin-1", "replace")
    pieces = (b"\r\n" + body.data).split(b"\r\n" + mark)
    if len(pieces) < 2 or not pieces[-1].startswith(b"--"):  # noqa: PLR2004 -- what is before, and after
        return None
    parts = [_part(piece) for piece in pieces[1:-1]]
    known = tuple(part for part in parts if part is not None)
    return known if len(known) == len(parts) else None


def _part(piece: bytes) -> Part | None:
    head, gap, data = piece.partition(b"\r\n\r\n")
    if not gap:
        return None
    fields = {}
    for line in head.decode("utf-8", "replace").split("\r\n"):
        name, colon, value = line.partition(":")
        if colon:
            fields[name.strip().lower()] = value.strip()
    said = {key.lower(): re.sub(r"\\(.)", r"\1", value) for key, value in _PARAMETER.findall(
        fields.get("content-disposition", ""))}  # fmt: skip
    if "name" not in said:
        return None
    return Part(said["name"], data, said.get("filename"), fields.get("content-type", ""))
