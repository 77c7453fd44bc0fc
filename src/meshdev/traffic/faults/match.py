"""Whom a fault hits: what is asked for, counted, and drawn.

The order of decisions, the same for connections, requests, messages and statements: the edge's caller → method, path,
subject, statement, table, headers → the ordinal is taken → ``after``, ``first``, ``every`` → ``times`` → the draw
``hit`` against the percentage.
Draws do not depend on each other: a delay of 50 % and an error of 50 % meet on a quarter of the requests.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Protocol

from meshdev.traffic.protocols.cutting import Message
from meshdev.wire.faults import FaultMatch

if TYPE_CHECKING:
    from meshdev.traffic.protocols.sql.text import Statement

_PART: Final = re.compile(r"\*\*|\*|\?|[^*?]+")
_OF_PATHS: Final = {"**": ".*", "*": "[^/]*", "?": "[^/]"}
_OF_SUBJECTS: Final = {"**": ".*", "*": "[^./]*", "?": "[^./]"}
_UNKNOWN: Final = "EXECUTE"  # a prepared one of which nobody knows the text
_CONTROL: Final = frozenset(
    "BEGIN COMMIT ROLLBACK SAVEPOINT RELEASE SET RESET SHOW DISCARD PREPARE DEALLOCATE USE EMPTY".split()  # noqa: SIM905
)
_OF_WORDS: Final = {"**": ".*", "*": ".*", "?": "."}


class Request(Protocol):
    """What a match asks of a request."""

    @property
    def method(self) -> str:
        """``GET`` and the like."""

    @property
    def target(self) -> bytes:
        """Path and query, as written."""

    def value(self, name: bytes, /) -> bytes | None:
        """The first value of the header with this (lowered) name."""


_REST: Final = re.compile(r"(?<=[./])[>#]$")
_ANY_TOKEN: Final = re.compile(r"(?:(?<=[./])|^)\+(?=[./]|$)")


@lru_cache(maxsize=512)
def subject_glob(pattern: str) -> re.Pattern[str]:
    """Of a subject, topic, queue or channel: ``*`` is anything within a token, ``**`` anything.

    Tokens are parted by ``.`` and ``/``. The protocols' own words do, too: ``order.>``, ``order/#``, ``+/placed``.
    """
    if pattern in (">", "#"):
        pattern = "**"
    pattern = _ANY_TOKEN.sub("*", _REST.sub("**", pattern))
    parts = (_OF_SUBJECTS.get(part) or re.escape(part) for part in _PART.findall(pattern))
    return re.compile("".join(parts), re.DOTALL)


@lru_cache(maxsize=512)
def glob(pattern: str, *, path: bool = False) -> re.Pattern[str]:
    """``*`` is anything (of a path: within a segment, and ``**`` anything), ``?`` one character."""
    means = _OF_PATHS if path else _OF_WORDS
    parts = (means.get(part) or re.escape(part) for part in _PART.findall(pattern))
    return re.compile("".join(parts), re.DOTALL)


def fits_caller(match: FaultMatch, caller: str) -> bool:
    """Whether calls of ``caller`` are meant."""
    return not match.caller or glob(match.caller).fullmatch(caller) is not None


def fits(match: FaultMatch, request: Request) -> bool:
    """Whether ``request`` is meant, by method, path (without the query) and headers."""
    if _means_others(match) or (match.methods and request.method not in match.methods):
        return False
    if match.path:
        path = request.target.partition(b"?")[0].decode("utf-8", "replace")
        if glob(match.path, path=True).fullmatch(path) is None:
            return False
    return all(_fits_header(request, name, pattern) for name, pattern in match.headers.items())


def fits_message(match: FaultMatch, message: Message) -> bool:
    """Whether ``message`` is meant, by subject and headers.

    What is `Message.inner` is meant only by a pattern that begins as its subject does.
    """
    pattern = match.subject
    if message.inner and pattern[:1] != message.subject[:1]:
        return False
    if match.methods or match.path or match.statements or match.table:
        return False
    if pattern and subject_glob(pattern).fullmatch(message.subject) is None:
        return False
    if not match.headers:
        return True
    headers = message.headers()
    return all(
        name in headers and glob(value).fullmatch(headers[name]) is not None
        for name, value in match.headers.items()
    )


def fits_statements(match: FaultMatch, statements: "Sequence[Statement]") -> bool:
    """Whether a text of these is meant: one of them has to be, by kind and table.

    What says nothing of the kind is not for what opens, ends and sets up transactions and sessions.
    """
    if match.methods or match.path or match.headers or match.subject:
        return False
    if not statements:
        return _fits_statement(match, _UNKNOWN, "")
    return any(_fits_statement(match, one.name, one.target) for one in statements)


def _fits_statement(match: FaultMatch, kind: str, target: str) -> bool:
    if kind not in match.statements if match.statements else kind.partition(" ")[0] in _CONTROL:
        return False
    if not match.table:
        return True
    pattern = glob(match.table.lower())
    names = target.lower().split(", ")
    return any(
        pattern.fullmatch(name) is not None or pattern.fullmatch(name.rpartition(".")[2]) is not None
        for name in names
    )


def asks_for_more(match: FaultMatch) -> bool:
    """Whether only a request, a message or a statement can fit, never a connection of which nothing is read."""
    return bool(match.methods or match.path or match.headers or _means_others(match))


def _means_others(match: FaultMatch) -> bool:
    """Whether it is for messages or statements, so that no request fits."""
    return bool(match.subject or match.statements or match.table)


def counts(match: FaultMatch, ordinal: int) -> bool:
    """Whether number ``ordinal`` (from 1) of those that fit is meant."""
    at = ordinal - match.after
    return at > 0 and (not match.first or at <= match.first) and (not match.every or at % match.every == 0)


def exhausted(match: FaultMatch, hits: int) -> bool:
    """Whether it has hit as often as it may."""
    return bool(match.times) and hits >= match.times


def _fits_header(request: Request, name: str, pattern: str) -> bool:
    value = request.value(name.lower().encode("latin-1", "replace"))
    return value is not None and glob(pattern).fullmatch(value.decode("utf-8", "replace")) is not None


def plain(match: FaultMatch) -> Mapping[str, object]:
    """What a match says, by the names that it has in topology files and in the API; what says nothing is left out."""
    said: dict[str, object] = {
        "method": list(match.methods),
        "path": match.path,
        "header": dict(match.headers),
        "subject": match.subject,
        "statement": list(match.statements),
        "table": match.table,
        "caller": match.caller,
        "after": match.after,
        "first": match.first,
        "every": match.every,
        "times": match.times,
    }
    return {name: value for name, value in said.items() if value}
