"""Parameters of an operation: in the path, in the query, in the header; and how a caller says who it is."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from meshdev.recording.formats.address import split_target
from meshdev.recording.formats.heads import essential, first
from meshdev.recording.formats.json_tree import Json
from meshdev.recording.formats.openapi.paths import template_of
from meshdev.recording.formats.openapi.shape import Shape
from meshdev.recording.model import Exchange

_NOT_PARAMETERS: Final = frozenset({"accept", "authorization", "content-type", "cookie"})
_INTEGER: Final = re.compile(r"-?(?:0|[1-9]\d{0,17})")
_NUMBER: Final = re.compile(r"-?(?:0|[1-9]\d{0,14})\.\d{1,15}")
_SCHEMES: Final = {"bearer": "bearerAuth", "basic": "basicAuth"}


def parameters(exchanges: Sequence[Exchange]) -> list[Json]:
    """In the order of path, query, header; required is what every call had."""
    holes: dict[str, list[str]] = {}
    queries: dict[str, list[list[str]]] = {}
    fields: dict[str, list[list[str]]] = {}
    for exchange in exchanges:
        for name, value in template_of(exchange)[1]:
            holes.setdefault(name, []).append(value)
        _gather(queries, split_target(exchange.request.target)[1])
        own = [(name, value) for name, value in essential(exchange.request.headers)
               if name.lower() not in _NOT_PARAMETERS]  # fmt: skip
        _gather(fields, own)
    made: list[Json] = [
        {"name": name, "in": "path", "required": True, "schema": _schema(values), "example": values[0]}
        for name, values in holes.items()
    ]
    made += [_optional(name, "query", values, len(exchanges)) for name, values in queries.items()]
    made += [_optional(name, "header", values, len(exchanges)) for name, values in fields.items()]
    return made


def security(exchanges: Iterable[Exchange]) -> dict[str, str]:
    """Names of the schemes that callers used: ``bearerAuth: bearer``."""
    found = {}
    for exchange in exchanges:
        scheme = first(exchange.request.headers, "authorization").partition(" ")[0].lower()
        if scheme in _SCHEMES:
            found[_SCHEMES[scheme]] = scheme
    return found


def typed(text: str) -> Json:
    """The value that a text of a query or of a form stands for."""
    if text in {"true", "false"}:
        return text == "true"
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _NUMBER.fullmatch(text) else text


def _gather(found: dict[str, list[list[str]]], pairs: Iterable[tuple[str, str]]) -> None:
    """Every call's values by name; names of headers that differ only in case are one."""
    known = {name.lower(): name for name in found}
    mine: dict[str, list[str]] = {}
    for name, value in pairs:
        mine.setdefault(known.get(name.lower(), name), []).append(value)
    for name, values in mine.items():
        found.setdefault(name, []).append(values)


def _optional(name: str, place: str, values: list[list[str]], calls: int) -> Json:
    many = any(len(one) > 1 for one in values)
    schema = _schema([value for one in values for value in one])
    return {
        "name": name,
        "in": place,
        "required": len(values) == calls,
        "schema": {"type": "array", "items": schema} if many else schema,
        "example": list[Json](values[0]) if many else values[0][0],
    }


def _schema(texts: list[str]) -> dict[str, Json]:
    """Of one type only if all texts read as it; a mixture is text."""
    shape = Shape()
    values = [typed(text) for text in texts]
    kinds = {type(value) for value in values}
    for text, value in zip(texts, values, strict=True):
        shape.add(value if kinds in ({int}, {bool}, {int, float}, {float}) else text)
    return shape.schema()
