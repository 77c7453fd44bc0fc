"""What requests say and what answers bring, value by value, and which values can tell one thing from another."""

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from meshdev.recording.formats.address import pairs_of, relative
from meshdev.recording.formats.content import charset_of, is_form, is_json, media_of, text_of
from meshdev.recording.formats.heads import essential, every, first
from meshdev.recording.formats.json_tree import Json, leaves, parsed
from meshdev.recording.formats.noise import looks_volatile
from meshdev.recording.formats.openapi.paths import singular, snake
from meshdev.recording.formats.python.source import Code, Group, Value, quoted
from meshdev.recording.model import Exchange
from meshdev.traffic.route import route_of

_ID_KEY: Final = re.compile(
    r"(?:^|[_a-z-])(?:id|Id|ID|uuid|token|key|ref|reference|number|no|csrf|cursor|nonce)$|^ID$"
)
_LEAST: Final = 3
_MOST_CONTEXT: Final = 60


class Said(Struct, frozen=True):
    """A value in a request, where it stands (as in `Exchange.redacted`, or ``request.path/2``), and under which key."""

    place: str
    key: str
    value: Json


class Brought(Struct, frozen=True):
    """A value in an answer and the expression that takes it from ``reply``."""

    key: str
    value: Json
    expression: Value
    place: str = ""


def said(exchange: Exchange) -> Iterator[Said]:
    """Everything that a request says."""
    request = exchange.request
    path, _, query = relative(request.target).partition("?")
    segments = path.split("/")
    for number, segment in enumerate(segments):
        if _is_value(segment):
            before = singular(segments[number - 1])
            yield Said(f"request.path/{number}", f"{snake(before)}_id" if before else "id", unquote(segment))
        elif segment:
            yield Said(f"request.path/{number}", "", unquote(segment))
    for name, value in pairs_of(query):
        yield Said(f"request.query.{name}", name, value)
    for name, value in essential(request.headers):
        yield Said(f"request.header.{name.lower()}", name, value)
    media = media_of(request.headers)
    if is_form(media):
        for name, value in pairs_of(request.body.data.decode("latin-1")):
            yield Said(f"request.form.{name}", name, value)
    elif is_json(media):
        tree, there = parsed(request.body.data)
        for place, leaf in leaves(tree) if there else ():
            yield Said(f"request.body{place}", _key_of(place, exchange), leaf)


def brought(exchange: Exchange) -> Iterator[Brought]:
    """Everything that an answer says in JSON, and in the path of Location."""
    response = exchange.response
    if response is None:
        return
    if is_json(media_of(response.headers)):
        value, there = parsed(response.body.data)
        for place, leaf in leaves(value) if there else ():
            taken = Code(f"reply.json(){_subscript(place, value)}")
            yield Brought(_key_of(place, exchange), leaf, taken, f"response.body{place}")
    where = first(response.headers, "location")
    segments = urlsplit(where).path.split("/") if "[" not in where else []
    for number, segment in enumerate(segments):
        if number and _is_value(segment) and segment == unquote(segment):
            before = snake(singular(segments[number - 1]))
            plain = 'reply.headers["location"]' + ('.split("?")[0]' if "?" in where else "")
            yield Brought(
                f"{before}_id" if before else "id",
                segment,
                Code(f'{plain}.split("/")[{number - len(segments)}]'),
            )


def found_in_text(exchange: Exchange, value: str, key: str) -> Brought | None:
    """A value in a page, taken by the text before it: from where its tag begins, else the shortest that does."""
    response = exchange.response
    if response is None or is_json(media_of(response.headers)):
        return None
    text = text_of(response.body.data, charset_of(first(response.headers, "content-type")))
    at = text.find(value) if text and len(value) >= _LEAST else -1
    if text is None or at < 0 or not re.fullmatch(r"[\w-]+", value):
        return None
    line = text[max(0, text.rfind("\n", 0, at) + 1, at - _MOST_CONTEXT) : at]
    tag = line.rfind("<")
    for length in [*([len(line) - tag] if tag >= 0 else []), *range(_LEAST + 1, len(line) + 1)]:
        context = line[len(line) - length :]
        matched = re.search(re.escape(context) + r"([\w-]+)", text)
        if matched and matched[1] == value and not context[0].isalnum() and context.isprintable():
            return Brought(key, value, _searched(context))
    return None


def _searched(context: str) -> Group:
    pattern = re.sub(r"\\([ =\"'<>/&#-])", r"\1", re.escape(context)) + r"([\w-]+)"
    literal = Code("r" + quoted(pattern).replace("\\\\", "\\"))
    return Group("re.search(", (("", literal), ("", Code("reply.text"))), ")[1]")


def cookies_said(exchange: Exchange) -> set[str]:
    """``name=value`` of the cookies that a request carries."""
    return {
        piece.strip() for value in every(exchange.request.headers, "cookie") for piece in value.split(";")
    }


def cookies_brought(exchange: Exchange) -> set[str]:
    """``name=value`` of the cookies that an answer sets."""
    headers = exchange.response.headers if exchange.response else ()
    return {value.partition(";")[0].strip() for value in every(headers, "set-cookie")}


def means_the_same(value: Json, place: str) -> bool:
    """Whether a value that a variable holds is that variable's at this place: numbers are so by their key only."""
    if not str(value).isdecimal() or place.startswith("request.path/"):
        return True
    return identifies(value, re.split(r"[./]", place)[-1])


def identifies(value: Json, key: str) -> bool:
    """Whether the same value somewhere else means the same thing, and not the same by chance."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return False
    if isinstance(value, int):
        return bool(_ID_KEY.search(key)) and value >= 0
    if len(value) < _LEAST:
        return value.isdecimal() and bool(_ID_KEY.search(key))
    return looks_volatile(value) or _is_value(value) or bool(_ID_KEY.search(key))


def _is_value(segment: str) -> bool:
    """Whether a segment of a path is one that changes with the thing that is meant."""
    return "/" not in segment and route_of(f"/{segment}".encode("utf-8", "replace")) == "/{id}"


def _key_of(place: str, exchange: Exchange) -> str:
    """The key of a leaf; ``id`` alone is named after what it is the id of."""
    steps = [step.replace("~1", "/").replace("~0", "~") for step in place.split("/")[1:]]
    names = [step for step in steps if not step.isdecimal()]
    if names and names[-1].lower() not in {"id", "uuid"}:
        return names[-1]
    path = relative(exchange.request.target).partition("?")[0].split("/")
    words = [one for one in path if one and not _is_value(one)]
    owner = names[-2] if len(names) > 1 else words[-1] if words else ""
    return f"{snake(singular(owner))}_{names[-1].lower() if names else 'id'}" if owner else "id"


def _subscript(place: str, value: Json) -> str:
    made = ""
    for step in place.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        if isinstance(value, list):
            made += f"[{key}]"
            value = value[int(key)]
        elif isinstance(value, dict):
            made += f"[{quoted(key)}]"
            value = value[key]
    return made
