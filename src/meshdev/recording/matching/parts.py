"""A request taken apart into one tree of values, the same for all requests that mean the same.

| branch | what | place |
|---|---|---|
| ``q`` | query: name → value, or values in their order | ``query.NAME`` |
| ``b`` | JSON as it was decoded | ``body/POINTER`` |
| ``f`` | form fields, parts of a multipart body by name | ``form.NAME`` (``form.NAME/POINTER`` when a part is JSON) |
| ``t`` | text: what looks random or like a time cut out, under the word before it | ``text.NAME`` |
| ``h`` | headers that always count (ranges and conditions) | ``header.NAME`` |

Order of names, escapes, white space in JSON and boundaries are gone; order of values under one name stays.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final
from urllib.parse import unquote, unquote_plus

import msgspec

from meshdev.recording.matching.multipart import parts_of
from meshdev.recording.matching.shape import STRONG, TIMES, shape_of
from meshdev.traffic.route import route_of

Tree = dict[str, Any]
Place = tuple[str, ...]

MOST_PARSED: Final = 4 << 20  # bytes; a larger body is compared as it stands
MOST_TEXT: Final = 256 << 10
COUNTED: Final = frozenset(
    "range if-range if-match if-none-match if-modified-since if-unmodified-since x-http-method-override".split()  # noqa: SIM905
)
_MOST_KEY: Final = 2048

_decode = msgspec.json.decode
_encode = msgspec.json.Encoder(order="sorted").encode
_lines = msgspec.json.Decoder()
_TEXTUAL: Final = re.compile(r"text/|.*[/+](?:xml|graphql|javascript|yaml|sql|csv)$")
_HELD: Final = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?|[A-Za-z0-9_-]{8,}(?:\.[\w-]{8,}\.[\w-]+)?"
)
_BEFORE: Final = re.compile(r"([A-Za-z_][\w.-]*)[^\w]{1,4}$")


@dataclass(slots=True)
class Parts:
    """``kind`` is the media type of a body that has one; two kinds are never the same request."""

    method: str
    path: str
    route: str
    kind: str
    tree: Tree

    def key(self) -> tuple[str, str, str, bytes]:
        """What an index is asked for: equal for equal requests, as the tree stands now (masked or not)."""
        content = _encode(self.tree)
        if len(content) > _MOST_KEY:
            content = blake2b(content, digest_size=24).digest()
        return self.method, self.path, self.kind, content


def split(method: str, target: str, headers: Mapping[str, str], data: bytes) -> Parts:
    """Takes a request apart; ``headers`` by their small names."""
    path, mark, query = target.partition("?")
    if path[:1] != "/" and "://" in path:
        path = "/" + path.split("/", 3)[-1] if path.count("/") > 2 else "/"  # noqa: PLR2004 - http://host/path
    if "%" in path:
        path = "/".join(map(_segment, path.split("/")))
    tree: Tree = {"q": _pairs(query)} if mark and query else {}
    if not COUNTED.isdisjoint(headers):
        tree["h"] = {name: value for name, value in headers.items() if name in COUNTED}
    kind = _content(headers.get("content-type", ""), data, tree) if data else ""
    return Parts(method, path, route_of(path.encode("utf-8", "backslashreplace")), kind, tree)


def _segment(text: str) -> str:
    return unquote(text, errors="backslashreplace").replace("%", "%25").replace("/", "%2F")


def _pairs(text: str) -> Tree:
    found: Tree = {}
    coded = "%" in text or "+" in text
    for pair in text.split("&"):
        name, _, value = pair.partition("=")
        if coded:
            name, value = _unquoted(name), _unquoted(value)
        if name not in found:
            found[name] = value
        else:
            _add(found, name, value)
    if found.get("") == "":
        del found[""]
    return found


def _unquoted(text: str) -> str:
    return unquote_plus(text, errors="backslashreplace") if "%" in text or "+" in text else text


def _add(found: Tree, name: str, value: object) -> None:
    """One more value under a name; several stand in a list."""
    before = found.get(name, found)
    if before is found:
        found[name] = value
    elif type(before) is Several:
        before.append(value)
    else:
        found[name] = Several((before, value))


class Several(list[Any]):
    """Values under one name, told from a value that is itself a list."""


def _content(content_type: str, data: bytes, tree: Tree) -> str:
    media = content_type.partition(";")[0].strip().lower()
    if len(data) > MOST_PARSED:
        tree["b"] = _digest(data)
        return media
    if media.endswith("json") or (
        data[0] in b"{[" and not _TEXTUAL.match(media) and not media.startswith("multipart/")
    ):
        try:
            tree["b"] = _decode(data)
        except (ValueError, RecursionError):
            pass
        else:
            return media or "application/json"
    if media == "application/x-www-form-urlencoded":
        tree["f"] = _pairs(data.decode("utf-8", "backslashreplace"))
        return media
    if media.startswith("multipart/"):
        parts = parts_of(content_type, data)
        if parts is not None:
            tree["f"] = _form(parts)
            return media
    return _free(media, data, tree)


def _form(parts: list[Any]) -> Tree:
    found: Tree = {}
    for part in parts:
        value: object
        if part.media.endswith("json") and not part.filename:
            try:
                value = _decode(part.data)
            except (ValueError, RecursionError):
                value = _digest(part.data)
        elif part.filename or (part.media and not part.media.startswith("text/")):
            value = {"filename": part.filename, "media": part.media, "content": _digest(part.data)}
        else:
            value = part.data.decode() if _is_text(part.data) else _digest(part.data)
        _add(found, part.name, value)
    return found


def _is_text(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _digest(data: bytes) -> str:
    return f"{len(data)} bytes {blake2b(data, digest_size=16).hexdigest()}"


def _free(media: str, data: bytes, tree: Tree) -> str:
    """Neither JSON nor a form: several JSON values in lines, text, or bytes."""
    if media in {"application/x-ndjson", "application/ndjson", "application/jsonl", "application/json-seq"}:
        try:
            tree["b"] = _lines.decode_lines(data)
        except (ValueError, RecursionError):
            pass
        else:
            return media
    if len(data) > MOST_TEXT or b"\0" in data or not _is_text(data):
        tree["b"] = _digest(data)
        return media or "application/octet-stream"
    tree["t"] = _text(data.decode())
    return media or "text/plain"


def _text(text: str) -> Tree:
    found: Tree = {}
    rest: list[str] = []
    end = 0
    for match in _HELD.finditer(text):
        shape = shape_of(match[0])
        if shape not in STRONG and shape not in TIMES:
            continue
        between = text[end : match.start()]
        rest.append(between)
        end = match.end()
        word = _BEFORE.search(between[-40:])
        _add(found, word[1] if word else str(len(rest)), match[0])
    rest.append(text[end:])
    found[""] = "\0".join(rest)
    return found


def leaves(tree: Tree) -> Iterator[tuple[Place, Any]]:
    """Every scalar with its place; indices of arrays are ``*``."""
    for branch, content in tree.items():
        yield from _leaves((branch,), content)


def _leaves(place: Place, node: object) -> Iterator[tuple[Place, Any]]:
    if type(node) is dict:
        for name, value in node.items():
            yield from _leaves((*place, name), value)
    elif type(node) is list:
        inner = (*place, "*")
        for value in node:
            yield from _leaves(inner, value)
    elif type(node) is Several:
        for value in node:
            yield from _leaves(place, value)
    else:
        yield place, node


_BRANCHES: Final = {"q": "query", "f": "form", "t": "text", "h": "header"}


def written(place: Place) -> str:
    """A place as people read and write it: ``query.page``, ``body/items/*/sku``."""
    branch, *names = place
    if branch == "b":
        return "/".join(["body", *(name.replace("~", "~0").replace("/", "~1") for name in names)])
    if not names or names == [""]:
        return _BRANCHES.get(branch, branch)
    return "/".join([f"{_BRANCHES.get(branch, branch)}.{names[0]}", *names[1:]])


def read(text: str) -> Place | None:
    """The place behind its writing (``request.`` before it is allowed); None for a place that is no value's."""
    text = text.removeprefix("request.")
    if text == "body" or text.startswith("body/"):
        names = [name.replace("~1", "/").replace("~0", "~") for name in text.split("/")[1:]]
        return ("b", *("*" if name.isdigit() else name for name in names))
    for branch, word in _BRANCHES.items():
        if text.startswith(word + "."):
            name, *rest = text[len(word) + 1 :].split("/")
            return (branch, name, *("*" if part.isdigit() else part for part in rest))
    return None
