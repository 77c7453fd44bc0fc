"""Exchanges as Pact V4: one contract for each edge, its synchronous HTTP interactions, noise as matching rules.

The same request with the same status is one interaction. Where its answers differ in status, the later ones have a
provider state that says so, since a contract knows no sequence. What belongs to connection, framing and trace is no
part of a contract; header fields that change from call to call are not either.
"""

import re
from typing import Final

from meshdev import __version__
from meshdev.recording.formats.address import split_target
from meshdev.recording.formats.content import base64_of, is_json, media_of, text_of
from meshdev.recording.formats.heads import essential, first, grouped
from meshdev.recording.formats.json_tree import Json, encoded, leaves, parsed
from meshdev.recording.formats.noise import HTTP_DATE, TIMESTAMP, UUID
from meshdev.recording.formats.servable import NO_ANSWER, same_requests, servable, served
from meshdev.recording.formats.written import Options, Written
from meshdev.recording.model import Body, Exchange, Headers, Recording

_SECRET: Final = frozenset({"authorization", "cookie", "proxy-authorization"})
_SHAPES: Final = (UUID, TIMESTAMP, HTTP_DATE)
_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def write(recording: Recording, options: Options) -> Written:
    """``CONSUMER-PROVIDER.json`` for each edge."""
    kept, notes = servable(recording, "Pact")
    edges: dict[tuple[str, str], list[Exchange]] = {}
    for exchange in kept:
        edges.setdefault((exchange.caller, exchange.callee), []).append(exchange)
    files = {
        f"{consumer}-{provider}.json": encoded(
            {
                "consumer": {"name": consumer},
                "provider": {"name": provider},
                "interactions": _interactions(exchanges, options),
                "metadata": {"pactSpecification": {"version": "4.0"}, "meshdev": {"version": __version__}},
            }
        )
        for (consumer, provider), exchanges in edges.items()
    }
    return Written(files, notes)


def _interactions(exchanges: list[Exchange], options: Options) -> list[Json]:
    found: list[Json] = []
    named: dict[str, int] = {}
    for group in same_requests(exchanges, options.volatile):
        by_status: dict[int, Exchange] = {}
        for exchange in group:
            by_status.setdefault((exchange.response or NO_ANSWER).status, exchange)
        for position, (status, exchange) in enumerate(by_status.items()):
            plain = f"{exchange.request.method} {exchange.request.target} answers {status}"
            named[plain] = named.get(plain, 0) + 1
            description = plain if named[plain] == 1 else f"{plain} ({named[plain]})"
            state = (
                f"{exchange.request.method} {exchange.request.target} answers {status}" if position else ""
            )
            found.append(_interaction(exchange, description, state, options))
    return found


def _interaction(exchange: Exchange, description: str, state: str, options: Options) -> Json:
    made: dict[str, Json] = {
        "type": "Synchronous/HTTP",
        "key": f"meshdev-{exchange.id}",
        "description": description,
        "pending": False,
        "request": _request(exchange, options),
        "response": _response(exchange, options),
    }
    if state:
        made["providerStates"] = [{"name": state}]
    return made


def _request(exchange: Exchange, options: Options) -> Json:
    path, query = split_target(exchange.request.target)
    headers = essential(exchange.request.headers)
    made: dict[str, Json] = {"method": exchange.request.method, "path": path}
    rules: dict[str, Json] = {}
    if query:
        made["query"] = {name: list[Json](values) for name, values in _by_name(query).items()}
        noisy = {name: values for name, values in _by_name(query).items()
                 if options.volatile(exchange, f"request.query.{name}")}  # fmt: skip
        if noisy:
            rules["query"] = {name: _rule(values[0]) for name, values in noisy.items()}
    return {**made, **_message(exchange, "request", headers, exchange.request.body, rules, options)}


def _response(exchange: Exchange, options: Options) -> Json:
    response = exchange.response or NO_ANSWER
    made: dict[str, Json] = {"status": response.status}
    return {**made, **_message(exchange, "response", served(response), response.body, {}, options)}


def _message(
    exchange: Exchange, side: str, headers: Headers, body: Body, rules: dict[str, Json], options: Options
) -> dict[str, Json]:
    """Headers, body and matching rules, the same for both sides."""
    lasting = [
        (name, value)
        for name, value in headers
        if name.lower() not in _SECRET
        and not (media_of(headers).startswith("multipart/") and name.lower() == "content-type")
        and not options.volatile(exchange, f"{side}.header.{name.lower()}")
    ]
    made: dict[str, Json] = {}
    if lasting:
        made["headers"] = {name: list[Json](values) for name, values in grouped(tuple(lasting)).items()}
    if body.data and not body.cut and not media_of(headers).startswith("multipart/"):
        made["body"] = _content(headers, body)
        noisy = _noisy(exchange, side, headers, body, options)
        if noisy:
            rules = {**rules, "body": noisy}
    if rules:
        made["matchingRules"] = rules
    return made


def _content(headers: Headers, body: Body) -> Json:
    kind = first(headers, "content-type") or "application/octet-stream"
    value, there = parsed(body.data) if is_json(media_of(headers)) else (None, False)
    if there:
        return {"content": value, "contentType": kind, "encoded": False}
    text = text_of(body.data)
    if text is None:
        return {"content": base64_of(body.data), "contentType": kind, "encoded": "base64"}
    return {"content": text, "contentType": kind, "encoded": False}


def _noisy(exchange: Exchange, side: str, headers: Headers, body: Body, options: Options) -> dict[str, Json]:
    value, there = parsed(body.data) if is_json(media_of(headers)) else (None, False)
    if not there:
        return {}
    return {
        _expression(place): _rule(leaf)
        for place, leaf in leaves(value)
        if place and leaf is not None and options.volatile(exchange, f"{side}.body{place}")
    }


def _rule(leaf: Json) -> Json:
    return {"combine": "AND", "matchers": [_matcher(leaf)]}


def _matcher(leaf: Json) -> Json:
    if isinstance(leaf, str):
        shape = next((one for one in _SHAPES if re.fullmatch(one, leaf)), None)
        return {"match": "type"} if shape is None else {"match": "regex", "regex": f"^(?:{shape})$"}
    if isinstance(leaf, int) and not isinstance(leaf, bool):
        return {"match": "integer"}
    return {"match": "decimal"} if isinstance(leaf, float) else {"match": "type"}


def _expression(place: str) -> str:
    """A JSON pointer as a path of Pact's: ``$.lines[0].id``."""
    made = "$"
    for step in place.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        if key.isascii() and key.isdigit():
            made += f"[{key}]"
        else:
            made += f".{key}" if _WORD.fullmatch(key) else f"['{key}']"
    return made


def _by_name(pairs: tuple[tuple[str, str], ...]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found
