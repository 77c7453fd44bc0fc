"""What is said in SQL, as scanners tell it: kind, tables, fingerprint, and the trace that rides along in a comment.

A text without strings that comes again byte by byte is known, and so is one whose shape (`sql.shape`) came before;
only a new shape is walked over (`sql.tables`). What is remembered is bounded. Strings are never kept, and values never
get into what is told, apart from the channel of a notification.
"""

import re
from functools import lru_cache
from typing import Final, NamedTuple, TypeVar

from meshdev.traffic.protocols.operation import MOST_DETAIL, Kind
from meshdev.traffic.protocols.sql.shape import Dialect, shape_of
from meshdev.traffic.protocols.sql.tables import is_of_the_moment, sense_of
from meshdev.traffic.trace_context import ids_at

MOST_TEXT: Final = 16_384  # bytes of a text that are looked at; what lies behind is not kept
MOST_PREPARED: Final = 2000  # statements of a connection
_MOST_SHAPE: Final = 4096
_MOST_STATEMENTS: Final = 50  # of one text
_SHORT: Final = 2048
_K = TypeVar("_K")

_TRACE: Final = re.compile(rb"/\*[^*]*?\btraceparent=(?:'|%27)")
_PG_NOTIFY: Final = re.compile(rb"(?i)\bpg_notify\s*\(\s*'([^']{1,63})'")
_BODY: Final = re.compile(rb"(?i)CREATE\b[^;]*?\b(?:FUNCTION|PROCEDURE|TRIGGER|EVENT)\b")
_PART: Final = re.compile(rb"""(?:[^;"`]++|"[^"]*+"?|`[^`]*+`?)++""")
_KINDS: Final = {"NOTIFY": Kind.PUBLISH, "LISTEN": Kind.SUBSCRIBE}


class Statement(NamedTuple):
    """One statement: what is counted (name and target) and its fingerprint."""

    name: str
    target: str = ""
    detail: str = ""
    kind: Kind = Kind.CALL


class Said(NamedTuple):
    """A text: its statements in order (an empty one has none), and the ids of the trace and span that it tells."""

    statements: tuple[Statement, ...]
    trace: str = ""
    parent: str = ""


def read(text: bytes, dialect: Dialect) -> Said:
    """What ``text`` says; of a long one, what its beginning says."""
    if len(text) > _SHORT or b"'" in text or (b'"' in text and dialect is Dialect.MYSQL):
        return _read(text[:MOST_TEXT], dialect)
    return _known(text, dialect)


def _read(text: bytes, dialect: Dialect) -> Said:
    statements = _understood(shape_of(text, dialect)[:_MOST_SHAPE])
    if b"pg_notify" in text:
        statements = _notifying(text, statements)
    if b"traceparent" in text and (found := _TRACE.search(text)):
        return Said(statements, *ids_at(text, found.end(), len(text)))
    return Said(statements)


_known = lru_cache(maxsize=512)(_read)


@lru_cache(maxsize=1024)
def _understood(shape: bytes) -> tuple[Statement, ...]:
    return tuple(_statement(part) for part in _parts(shape)[:_MOST_STATEMENTS])


def _parts(shape: bytes) -> list[bytes]:
    if b";" not in shape:
        return [shape] if shape else []
    parts: list[bytes] = []
    for found in _PART.finditer(shape):
        part = found[0].strip()
        if _BODY.match(part):  # what is in it, has semicolons of its own
            parts.append(shape[found.start() :].strip())
            break
        if part:
            parts.append(part)
    return parts


def _statement(shape: bytes) -> Statement:
    text = shape.decode("utf-8", "replace")
    name, target = sense_of(text)
    detail = name if is_of_the_moment(name) else text
    if len(detail) > MOST_DETAIL:
        detail = detail[: MOST_DETAIL - 1] + "…"
    return Statement(name, target, detail, _KINDS.get(name, Kind.CALL))


def _notifying(text: bytes, statements: tuple[Statement, ...]) -> tuple[Statement, ...]:
    """``SELECT pg_notify('orders', …)`` is a NOTIFY, too, when the channel is told."""
    found = _PG_NOTIFY.search(text)
    if found is None or len(statements) != 1 or statements[0].target:
        return statements
    channel = sense_of(f'NOTIFY "{found[1].decode("utf-8", "replace")}"').target
    return (Statement("NOTIFY", channel, statements[0].detail, Kind.PUBLISH),)


def keep(prepared: "dict[_K, Said]", name: _K, said: Said) -> None:
    """Remember what a prepared statement says; of too many the oldest are forgotten."""
    prepared.pop(name, None)
    prepared[name] = said
    if len(prepared) > MOST_PREPARED:
        del prepared[next(iter(prepared))]
