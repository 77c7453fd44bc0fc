"""Exchanges as a Hoverfly simulation v5: pairs of matchers and answers, sequences by state.

Noise is left out of the matchers: of queries and forms the name, of JSON the field (``jsonPartial``). Hoverfly itself
begins every state ``sequence:N`` at 1. It compares bodies as text, so a binary body of a request is not compared.
"""

import json
from datetime import UTC, datetime
from typing import Final

from meshdev.recording.formats.address import pairs_of, split_target, taken_apart
from meshdev.recording.formats.content import base64_of, is_form, is_json, media_of, text_of
from meshdev.recording.formats.heads import grouped
from meshdev.recording.formats.json_tree import Json, encoded, parsed, token
from meshdev.recording.formats.servable import (
    NO_ANSWER,
    distinct_answers,
    same_requests,
    servable,
    served,
    title,
)
from meshdev.recording.formats.written import Options, Written
from meshdev.recording.model import Exchange, Recording

SCHEMA: Final = "v5.2"
_GONE: Final = object()


def write(recording: Recording, options: Options) -> Written:
    """One simulation for the whole recording."""
    kept, notes = servable(recording, "Hoverfly")
    pairs: list[Json] = []
    sequences = 0
    for group in same_requests(kept, options.volatile):
        steps = distinct_answers(group)
        sequences += len(steps) > 1
        for position, exchange in enumerate(steps, 1):
            state = f"sequence:{sequences}" if len(steps) > 1 else ""
            pairs.append(_pair(exchange, options, state, position, last=position == len(steps)))
    ended = recording.meta.ended or recording.meta.created
    simulation: Json = {
        "data": {
            "pairs": pairs,
            "globalActions": {"delays": [], "delaysLogNormal": []},
            "literals": [],
            "variables": [],
        },
        "meta": {
            "schemaVersion": SCHEMA,
            "timeExported": datetime.fromtimestamp(ended, UTC)
            .isoformat(timespec="seconds")
            .replace("+00:00", "Z"),
        },
    }
    opaque = tuple(
        f"{title(exchange)}: the request's body is binary, which Hoverfly does not compare"
        for exchange in kept
        if text_of(exchange.request.body.data) is None
    )
    return Written({f"{recording.meta.name}.hoverfly.json": encoded(simulation)}, (*notes, *opaque))


def _pair(exchange: Exchange, options: Options, state: str, position: int, *, last: bool) -> Json:
    request = _request(exchange, options)
    response = _response(exchange)
    if state:
        request["requiresState"] = {state: str(position)}
        if not last:
            response["transitionsState"] = {state: str(position + 1)}
    return {"request": request, "response": response}


def _request(exchange: Exchange, options: Options) -> dict[str, Json]:
    path, query = split_target(exchange.request.target)
    base = options.urls.get(exchange.callee, "")
    host = (taken_apart(base) or (exchange.callee, ""))[0]
    made: dict[str, Json] = {
        "method": [_exact(exchange.request.method)],
        "scheme": [_exact(base.partition("://")[0] or "http")],
        "destination": [_exact(host)],
        "path": [_exact(path)],
    }
    parameters: dict[str, Json] = {
        name: [_values([value for key, value in query if key == name])]
        for name in dict.fromkeys(name for name, _ in query)
        if not options.volatile(exchange, f"request.query.{name}")
    }
    if parameters:
        made["query"] = parameters
    body = _body(exchange, options)
    if body is not None:
        made["body"] = [body]
    return made


def _body(exchange: Exchange, options: Options) -> Json:
    body, media = exchange.request.body, media_of(exchange.request.headers)
    text = text_of(body.data)
    if not text or body.cut:
        return None
    value, there = parsed(body.data) if is_json(media) else (None, False)
    if there:
        pruned = _pruned(value, exchange, options, "")
        if pruned is _GONE:
            return None
        matcher = "json" if pruned == value else "jsonPartial"
        return {"matcher": matcher, "value": json.dumps(pruned, ensure_ascii=False)}
    pairs = pairs_of(text) if is_form(media) else ()
    if pairs and len({name for name, _ in pairs}) == len(pairs):
        fields: dict[str, Json] = {
            name: [_exact(value)]
            for name, value in pairs
            if not options.volatile(exchange, f"request.form.{name}")
        }
        return {"matcher": "form", "value": fields}
    return _exact(text)


def _pruned(value: Json, exchange: Exchange, options: Options, place: str) -> object:
    """Less the noise; a list with noise right in it is left out as a whole."""
    if isinstance(value, dict) and value:
        inner = {key: _pruned(one, exchange, options, f"{place}/{token(key)}") for key, one in value.items()}
        return {key: one for key, one in inner.items() if one is not _GONE}
    if isinstance(value, list) and value:
        items = [_pruned(one, exchange, options, f"{place}/{number}") for number, one in enumerate(value)]
        return _GONE if _GONE in items else items
    return _GONE if options.volatile(exchange, f"request.body{place}") else value


def _response(exchange: Exchange) -> dict[str, Json]:
    response = exchange.response or NO_ANSWER
    text = text_of(response.body.data)
    made: dict[str, Json] = {
        "status": response.status,
        "body": base64_of(response.body.data) if text is None else text,
        "encodedBody": text is None,
        "templated": False,
    }
    headers: dict[str, Json] = {
        name: list[Json](values) for name, values in grouped(served(response)).items()
    }
    return {**made, "headers": headers} if headers else made


def _values(values: list[str]) -> Json:
    return _exact(values[0]) if len(values) == 1 else {"matcher": "array", "value": list[Json](values)}


def _exact(value: str) -> Json:
    return {"matcher": "exact", "value": value}
