"""Multipart bodies (RFC 7578): parts by the name in their Content-Disposition, all others by their own content type."""

import re
from collections.abc import Callable
from typing import Final

from meshdev.recording.redaction.edits import substitute
from meshdev.recording.redaction.kinds import Context, Edit

_BOUNDARY: Final = re.compile(r"(?a)boundary=(?:\"([^\"]{1,200})\"|([^\s;,]{1,200}))", re.IGNORECASE)
_NAME: Final = re.compile(
    r"(?a)(?:\A|\n)content-disposition:[^\r\n]*?[;\s]name=(?:\"([^\"\r\n]*)\"|([^\s;]+))", re.IGNORECASE
)
_TYPE: Final = re.compile(r"(?:\A|\n)content-type:[ \t]*([^\r\n]*)", re.IGNORECASE)
_FILE: Final = re.compile(r"filename\*?=", re.IGNORECASE)
_HEAD_END: Final = re.compile(r"\r?\n\r?\n")
_LONGEST_HEAD: Final = 16384

Inside = Callable[[str, str], tuple[str, tuple[str, ...]]]
"""Redacts a part's content, given its content type: content, places."""


def boundary_of(content_type: str) -> str:
    """The boundary that a Content-Type names, or nothing."""
    found = _BOUNDARY.search(content_type)
    return (found[1] or found[2]) if found else ""


def redact_parts(
    text: str,
    boundary: str,
    inside: Inside,
    context: Context,
    offsets: list[int] | None = None,
) -> tuple[str, list[str]]:
    """The body without secrets, and the names of the parts in which placeholders stand."""
    edits: list[Edit] = []
    places: list[str] = []
    marks = [found.span() for found in re.finditer("--" + re.escape(boundary), text)]
    for number, (_, start) in enumerate(marks):
        last = marks[number + 1][0] if number + 1 < len(marks) else len(text)
        head = _HEAD_END.search(text, start, min(last, start + _LONGEST_HEAD))
        if head is None:
            continue
        begin, end = head.end(), last
        if number + 1 < len(marks):  # the line end before a boundary belongs to it
            end -= 2 if text[begin:end].endswith("\r\n") else int(text[begin:end].endswith("\n"))
        lines = text[start : head.start()].lstrip("\r\n")
        named = _NAME.search(lines)
        name = (named[1] or named[2] or "") if named else ""
        content = text[begin:end]
        if context.names.kept(name):
            continue
        if context.names.field(name) and not _FILE.search(lines):
            new = context.mint.value(content)
            places.append(name)
        else:
            typed = _TYPE.search(lines)
            new, within = inside(content, typed[1] if typed else "")
            if within:
                places.append(name)
        if new != content:
            edits.append((begin, end, new))
    return (substitute(text, edits, offsets) if edits else text), places
