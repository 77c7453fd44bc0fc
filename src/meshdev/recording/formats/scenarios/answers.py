"""What a test asserts of an answer: its status, and everything in it that does not change from call to call.

| answer | asserted |
|---|---|
| JSON | all of it; noise by its shape (``like.uuid``), of a long list the length and the first item |
| a redirect | where to |
| a short text | all of it |
| a page | its title or its first heading |
| anything else | its content type |
"""

import re
from collections.abc import Callable, Iterator
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from msgspec import Struct

from meshdev.recording.formats.content import charset_of, is_json, media_of, text_of
from meshdev.recording.formats.heads import first
from meshdev.recording.formats.json_tree import Json, parsed, token
from meshdev.recording.formats.noise import HTTP_DATE, TIMESTAMP, UUID, looks_volatile
from meshdev.recording.formats.python.call import of_json
from meshdev.recording.formats.python.source import (
    WIDTH,
    Code,
    Group,
    Value,
    call,
    flat_of,
    formatted,
    laid_out,
    quoted,
)
from meshdev.recording.formats.scenarios.values import means_the_same
from meshdev.recording.formats.written import Volatile
from meshdev.recording.model import Exchange, Response

Known: TypeAlias = Callable[["Json"], "Code | None"]
"""The variable that holds a value, if there is one."""

_MOST_ITEMS: Final = 5
_MOST_TEXT: Final = 200
_INDENT: Final = 2
_HEADING: Final = re.compile(r"<(title|h1)\b[^>]*>[^<>]{1,40}</\1>", re.IGNORECASE)


class Expected(Struct, frozen=True):
    """How a value of an answer stands in an assertion; ``fresh`` are texts of values that become variables here."""

    exchange: Exchange
    volatile: Volatile
    known: Known
    fresh: frozenset[str]

    def of(self, value: Json, place: str) -> Value:
        """The value at a place of the answer (``response.body/id``)."""
        if isinstance(value, dict) and value:
            return {key: self.of(one, f"{place}/{token(key)}") for key, one in value.items()}
        if isinstance(value, list) and value:
            if len(value) > _MOST_ITEMS:
                return Group(
                    "like.items(", (("", len(value)), ("first=", self.of(value[0], f"{place}/0"))), ")"
                )
            return [self.of(one, f"{place}/{number}") for number, one in enumerate(value)]
        return self._of_leaf(value, place)

    def _of_leaf(self, value: Json, place: str) -> Value:
        variable = self.known(value)
        if variable is not None and means_the_same(value, place):
            return variable
        plain = isinstance(value, str | int) and not isinstance(value, bool)
        fresh = plain and str(value) in self.fresh
        if fresh or place in self.exchange.redacted or self.volatile(self.exchange, place):
            return _like(value)
        if isinstance(value, str) and value.startswith(("/", "http://", "https://")):
            pieces = _segments(value, self.known)
            if any(isinstance(piece, str) and piece in self.fresh for piece in pieces):
                return _like(value)
            return formatted(pieces) if any(isinstance(one, Code) for one in pieces) else value
        return of_json(value)


def assertions(expected: Expected) -> Iterator[str]:
    """Lines of source, not indented but for the inner lines of a statement."""
    exchange, response = expected.exchange, expected.exchange.response
    if response is None:
        return
    media = media_of(response.headers)
    text = text_of(response.body.data, charset_of(first(response.headers, "content-type")))
    value, there = parsed(response.body.data) if is_json(media) else (None, False)
    if response.body.cut or not response.body.data or exchange.request.method == "HEAD":
        return
    if there:
        yield _equal("reply.json()", expected.of(value, "response.body"))
    elif (
        text is None
        or (len(text) > _MOST_TEXT and not text.lstrip().startswith("<"))
        or media == "text/event-stream"
    ):
        yield from _content_type(response)
    elif "html" in media or text.lstrip().startswith("<"):
        heading = _heading(text)
        yield from [f"assert {quoted(heading)} in reply.text"] if heading else _content_type(response)
    elif (
        looks_volatile(text.strip())
        or expected.volatile(exchange, "response.body")
        or "response.body" in exchange.redacted
    ):
        yield "assert reply.text"
    else:
        yield _equal("reply.text", text)


def location(exchange: Exchange, known: Known) -> Iterator[str]:
    """Where a redirect goes to: the whole of it, or the end where it names a host."""
    where = first(exchange.response.headers, "location") if exchange.response else ""
    if not where or "[" in where:
        return
    parts = urlsplit(where)
    path = where[len(parts.scheme) + 3 + len(parts.netloc) :] if parts.netloc and parts.scheme else where
    pieces = _segments(path, known)
    if any(isinstance(piece, str) and looks_volatile(piece) for piece in pieces):
        yield 'assert reply.headers["location"]'
    else:
        expected = formatted(pieces)
        line = _equal('reply.headers["location"]', expected)
        whole = not parts.netloc and len(line) + 4 * _INDENT <= WIDTH
        ending = laid_out(
            call('reply.headers["location"].endswith', expected), indent=_INDENT, before="assert "
        )
        yield line if whole else ending


def _like(value: Json) -> Code:
    if isinstance(value, str):
        if re.fullmatch(UUID, value):
            return Code("like.uuid")
        return Code("like.timestamp" if re.fullmatch(f"{TIMESTAMP}|{HTTP_DATE}", value) else "like.text")
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    return Code("like.number" if plain else "like.anything")


def _segments(path: str, known: Known) -> list[str | Code]:
    """A path in pieces: variables where a segment is one's value."""
    made: list[str | Code] = []
    for piece in re.split(r"([/?&=#])", path):
        found = known(piece) if piece else None
        made.append(piece if found is None else Code(found.text.removeprefix("str(").removesuffix(")")))
    return [piece for piece in made if piece != ""]


def _equal(actual: str, expected: Value) -> str:
    before = f"assert {actual} == "
    fits = len(before) + len(flat_of(expected)) + 4 * _INDENT <= WIDTH
    if isinstance(expected, str) and not fits:
        return laid_out([*expected.splitlines()], indent=_INDENT, before=f"assert {actual}.splitlines() == ")
    return laid_out(expected, indent=_INDENT, before=before)


def _heading(text: str) -> str:
    found = (match[0] for match in _HEADING.finditer(text))
    plain = (
        one
        for one in found
        if not re.search(r"[0-9]", re.sub(r"</?[a-z0-9]+", "", one)) and one.isprintable()
    )
    return next(plain, "")


def _content_type(response: Response) -> Iterator[str]:
    kind = first(response.headers, "content-type")
    line = f'assert reply.headers["content-type"] == {quoted(kind)}'
    if kind and "boundary" not in kind and len(line) + 4 * _INDENT <= WIDTH:
        yield line
