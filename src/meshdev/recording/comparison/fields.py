"""An answer as places and values: ``status``, ``header.location``, ``body/items/0/sku``, ``form.a``, ``line 3``.

Only headers that mean something to the caller are there; those of the connection, dates, lengths and the server's name
are not. JSON is taken apart by pointer, forms by field, other text by line; what is no text is a digest.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec

from meshdev.recording.model import Response

_HEADERS: Final = frozenset(
    "content-type content-language content-disposition content-range accept-ranges location link allow vary "  # noqa: SIM905
    "cache-control www-authenticate retry-after deprecation sunset".split()
)
_MOST_LINES: Final = 2_000
_MOST_PARSED: Final = 4 << 20


@dataclass(slots=True)
class Fields:
    """``values`` by place, in their order; ``types`` of those in JSON that are no text."""

    media: str = ""
    values: dict[str, object] = field(default_factory=dict)


def fields_of(response: Response) -> Fields:
    """Takes an answer apart."""
    found = Fields()
    found.values["status"] = response.status
    for name, value in response.headers:
        small = name.lower()
        if small == "content-type":
            found.media = value.partition(";")[0].strip().lower()
            found.values["header.content-type"] = found.media
        elif small in _HEADERS:
            found.values[f"header.{small}"] = value
        elif small == "set-cookie":
            found.values[f"cookie.{value.partition('=')[0].strip()}"] = "set"
    if response.body.data:
        found.values.update(_body(found.media, response.body.data))
    return found


def _body(media: str, data: bytes) -> Iterator[tuple[str, object]]:
    if len(data) <= _MOST_PARSED and (media.endswith("json") or data[:1] in b"{["):
        try:
            content = msgspec.json.decode(data)
        except (ValueError, RecursionError):
            pass
        else:
            yield from _json("body", content)
            return
    try:
        text = data.decode()
    except UnicodeDecodeError:
        yield "body", f"{len(data)} bytes, {blake2b(data, digest_size=8).hexdigest()}"
        return
    if media == "application/x-www-form-urlencoded":
        for name, value in parse_qsl(text, keep_blank_values=True):
            yield f"form.{name}", value
        return
    for number, line in enumerate(text.splitlines()[:_MOST_LINES], 1):
        yield f"line {number}", line


def _json(place: str, node: Any) -> Iterator[tuple[str, object]]:
    if isinstance(node, dict) and node:
        for name, value in node.items():
            yield from _json(f"{place}/{name.replace('~', '~0').replace('/', '~1')}", value)
    elif isinstance(node, list) and node:
        for at, value in enumerate(node):
            yield from _json(f"{place}/{at}", value)
    else:
        yield place, node


def general(place: str) -> str:
    """A place with ``*`` for indices, so that the fields of all items are one."""
    if not place.startswith("body/"):
        return "line" if place.startswith("line ") else place
    return "/".join("*" if part.isdigit() else part for part in place.split("/"))


def shown(value: object) -> str:
    """A value as it stands in a report: JSON, texts in quotes."""
    return msgspec.json.encode(value).decode()
