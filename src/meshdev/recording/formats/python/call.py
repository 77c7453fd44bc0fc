"""A request as a call of an httpx client: as a person would write it, and the same on the wire in all that counts.

Headers of client, way, connection and trace are left out; so are cookies, which a client keeps by itself.
"""

from collections.abc import Callable
from typing import Final, TypeAlias
from urllib.parse import quote

from meshdev.recording.formats.address import pairs_of, relative
from meshdev.recording.formats.content import base64_of, charset_of, is_form, media_of, parts_of, text_of
from meshdev.recording.formats.heads import essential, first, grouped
from meshdev.recording.formats.json_tree import Json, parsed, token
from meshdev.recording.formats.python.source import Code, Group, Value, call, formatted
from meshdev.recording.model import Exchange, Request

Names: TypeAlias = Callable[[str, "Json"], "Value"]
"""What stands for the value at a place (``request.body/id``) of the request: a variable, or the value itself."""

_WITHOUT_BODY: Final = frozenset({"delete", "get", "head", "options"})
_METHODS: Final = _WITHOUT_BODY | {"patch", "post", "put"}
_SHORT_QUERY: Final = 40
_MOST_BYTES: Final = 120


def as_itself(_place: str, value: Json) -> Value:
    """No variables."""
    return of_json(value)


def of_json(value: Json) -> Value:
    """JSON as Python has it."""
    if isinstance(value, dict):
        return {key: of_json(inner) for key, inner in value.items()}
    return [of_json(inner) for inner in value] if isinstance(value, list) else value


def call_of(client: str, exchange: Exchange, names: Names = as_itself, *, base: str = "") -> Group:
    """``client.post("/orders", json={…})``; ``base`` stands before the path."""
    request = exchange.request
    path, named = _address(request, names, base)
    sent, implied = _sent(request, names)
    headers = _headers(request, names, implied)
    if headers:
        sent = {**sent, "headers": headers}
    method = request.method.lower()
    if method in _METHODS and not (request.body.data and method in _WITHOUT_BODY):
        return call(f"{client}.{method}", path, **named, **sent)
    return call(f"{client}.request", request.method, path, **named, **sent)


def _address(request: Request, names: Names, base: str) -> tuple[Value, dict[str, Value]]:
    path, _, query = relative(request.target).partition("?")
    pieces: list[str | Code] = [base]
    for number, segment in enumerate(path.split("/")):
        found = names(f"request.path/{number}", segment)
        pieces.append("/" if number else "")
        pieces.append(
            found if isinstance(found, Code) else quote(segment, safe="%:@!$&'()*+,;=~", encoding="latin-1")
        )
    pairs = pairs_of(query)
    values: list[tuple[str, Value]] = [(name, names(f"request.query.{name}", value)) for name, value in pairs]
    plain = not any(isinstance(value, Code) for _, value in values) and query.isascii()
    if (plain and len(query) <= _SHORT_QUERY and "%" not in query) or any(
        "=" not in one for one in query.split("&")
    ):
        pieces.append(f"?{quote(query, safe='%/?:@!$&+,;=-._~()*', encoding='latin-1')}" if query else "")
        values = []
    return _joined(pieces), {"params": _fields(values)} if values else {}


def _joined(pieces: list[str | Code]) -> Value:
    merged: list[str | Code] = []
    for piece in pieces:
        if isinstance(piece, str) and merged and isinstance(merged[-1], str):
            merged[-1] += piece
        else:
            merged.append(piece)
    return formatted(one for one in merged if one != "")


def _sent(request: Request, names: Names) -> tuple[dict[str, Value], bool]:
    """The argument that says the body, and whether httpx makes the content type from it."""
    body, headers = request.body, request.headers
    if not body.data:
        return {}, False
    media = media_of(headers)
    value, there = parsed(body.data) if media == "application/json" else (None, False)
    if there:
        return {"json": named_tree(value, names, "request.body")}, True
    text = text_of(body.data, charset_of(first(headers, "content-type")))
    if is_form(media) and text is not None and all("=" in one for one in text.split("&")):
        return {
            "data": _fields([(name, names(f"request.form.{name}", value)) for name, value in pairs_of(text)])
        }, True
    parts = parts_of(body, headers)
    if parts:
        files: list[tuple[str, Value]] = []
        for part in parts:
            plain = text_of(part.data)
            content: Value = _bytes(part.data) if plain is None else plain
            known: tuple[Value, ...] = (
                (part.filename, content, part.media) if part.media else (part.filename, content)
            )
            files.append((part.name, known))
        return {"files": _fields(files, repeated=True)}, True
    return {"content": _bytes(body.data) if text_of(body.data) is None else body.data.decode()}, False


def named_tree(value: Json, names: Names, place: str) -> Value:
    """JSON with variables in it."""
    if isinstance(value, dict) and value:
        return {key: named_tree(inner, names, f"{place}/{token(key)}") for key, inner in value.items()}
    if isinstance(value, list) and value:
        return [named_tree(inner, names, f"{place}/{number}") for number, inner in enumerate(value)]
    return names(place, value)


def _headers(request: Request, names: Names, implied: bool) -> dict[str, Value]:  # noqa: FBT001 -- of the content type
    left_out = {"cookie", *({"content-type"} if implied else ())}
    kept = []
    for name, value in essential(request.headers):
        if name.lower() in left_out or (name.lower() == "accept" and value.strip() in {"", "*/*"}):
            continue
        kept.append((name, value.partition(",")[0].strip() if name.lower() == "accept" else value))
    return {
        name: names(f"request.header.{name.lower()}", ", ".join(values))
        for name, values in grouped(tuple(kept)).items()
    }


def _fields(pairs: list[tuple[str, Value]], *, repeated: bool = False) -> Value:
    """A dict; names that come twice have a list, or (``repeated``) stand twice in a list of pairs."""
    names = [name for name, _ in pairs]
    if len(set(names)) == len(names):
        return dict(pairs)
    if repeated:
        return [(name, value) for name, value in pairs]
    return {
        name: values[0] if len(values) == 1 else values
        for name in dict.fromkeys(names)
        for values in [[value for key, value in pairs if key == name]]
    }


def _bytes(data: bytes) -> Value:
    return data if len(data) <= _MOST_BYTES else call("base64.b64decode", base64_of(data))
