"""A body as a person reads it: JSON laid out, forms a line a field, texts as they are, the rest in a word."""

import json
from typing import Final
from urllib.parse import parse_qsl

from meshdev.recording.model import Body, Cut, Headers

_WHY: Final = {
    Cut.CAP: "longer than what is kept of one body",
    Cut.BROKEN: "it broke off",
    Cut.OPAQUE: "in a coding that cannot be undone, so nothing of it is kept",
    Cut.DISK: "the disk was full",
}


def header(headers: Headers, name: str) -> str:
    """The first value of the header with this (lowered) name; empty when there is none."""
    return next((value for known, value in headers if known.lower() == name), "")


def media_type(headers: Headers) -> str:
    """The content's type in small letters, without parameters."""
    return header(headers, "content-type").partition(";")[0].strip().lower()


def is_json(kind: str) -> bool:
    """Whether a media type is JSON's, or built on it."""
    return kind == "application/json" or kind.endswith("+json")


def pretty(body: Body, headers: Headers) -> str:
    """The body in lines; empty when there is none. What is missing of it is said behind."""
    text = _content(body.data, media_type(headers))
    why = why_cut(body)
    return f"{text}\n… {why}".lstrip("\n") if why else text


def why_cut(body: Body) -> str:
    """Why the body is not whole, and what is missing; empty when it is whole."""
    if body.cut is None:
        return ""
    missing = body.size - len(body.data)
    told = f" ({missing} bytes are missing)" if missing > 0 else ""
    return f"{_WHY[body.cut]}{told}"


def _content(data: bytes, kind: str) -> str:
    if not data:
        return ""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return f"<{len(data)} bytes, {kind or 'no text'}>"
    if "\x00" in text:
        return f"<{len(data)} bytes, {kind or 'no text'}>"
    if is_json(kind) or (not kind and text[:1] in "{["):
        return _laid_out(text)
    if kind == "application/x-www-form-urlencoded":
        return "\n".join(f"{name}={value}" for name, value in parse_qsl(text, keep_blank_values=True))
    return text


def _laid_out(text: str) -> str:
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except ValueError:
        return text
