"""A request as WireMock's matchers: what lasts is compared, noise is not.

| of the request | matcher |
|---|---|
| path without a query | ``url``, unless the same path is also asked with one; then parameters are ``absent`` |
| query | ``urlPath`` and ``queryParameters``; ``matches`` for noise, ``hasExactly`` for a name that comes twice |
| JSON | ``equalToJson``, with JsonUnit's placeholders for noise |
| a form | ``formParameters`` |
| multipart | ``multipartPatterns``, part by part: boundaries do not count |
| other texts, other bytes | ``equalTo``, ``binaryEqualTo`` |
"""

from collections.abc import Collection
from typing import Final

from meshdev.recording.formats.address import pairs_of, split_target
from meshdev.recording.formats.content import Part, base64_of, is_form, is_json, media_of, parts_of, text_of
from meshdev.recording.formats.json_tree import Json, changed, parsed
from meshdev.recording.formats.written import Volatile
from meshdev.recording.model import Exchange

IGNORE: Final = "${json-unit.ignore}"
ANY_TEXT: Final = "${json-unit.any-string}"
ANY_NUMBER: Final = "${json-unit.any-number}"
ANYTHING: Final = ".*"


def request_pattern(exchange: Exchange, volatile: Volatile, known: Collection[str]) -> dict[str, Json]:
    """The ``request`` of a mapping; ``known`` are all names in queries that this path was asked with."""
    request = exchange.request
    path, query = split_target(request.target)
    made: dict[str, Json] = {"method": request.method}
    if query or known:
        names = dict.fromkeys(name for name, _ in query)
        parameters: dict[str, Json] = {
            name: _values(
                [value for key, value in query if key == name],
                noisy=volatile(exchange, f"request.query.{name}"),
            )
            for name in names
        }
        parameters |= {name: {"absent": True} for name in sorted(set(known) - set(names))}
        made |= {"urlPath": path, "queryParameters": parameters}
    else:
        made["url"] = request.target if request.target.startswith("/") else path
    return {**made, **_body(exchange, volatile)}


def _values(values: list[str], *, noisy: bool) -> Json:
    if noisy:
        return {"matches": ANYTHING}
    if len(values) == 1:
        return {"equalTo": values[0]}
    return {"hasExactly": [{"equalTo": value} for value in values]}


def _body(exchange: Exchange, volatile: Volatile) -> dict[str, Json]:
    body, headers = exchange.request.body, exchange.request.headers
    media = media_of(headers)
    if not body.data or body.cut:
        return {}
    value, there = parsed(body.data) if is_json(media) else (None, False)
    if there:

        def pattern_of(at: str, leaf: Json) -> Json:
            return _placeholder(leaf) if volatile(exchange, f"request.body{at}") else leaf

        pattern = changed(value, pattern_of)
        plain = isinstance(pattern, dict | list)
        return {"bodyPatterns": [{"equalToJson": pattern if plain else body.data.decode("utf-8", "replace")}]}
    text = text_of(body.data)
    if is_form(media) and text is not None and (pairs := pairs_of(text)):
        return {
            "formParameters": {
                name: _values(
                    [value for key, value in pairs if key == name],
                    noisy=volatile(exchange, f"request.form.{name}"),
                )
                for name in dict.fromkeys(name for name, _ in pairs)
            }
        }
    parts = parts_of(body, headers)
    if parts:
        return {"multipartPatterns": [_part(part) for part in parts]}
    return {"bodyPatterns": [_equal(body.data)]}


def _placeholder(leaf: Json) -> Json:
    if isinstance(leaf, str):
        return ANY_TEXT
    return IGNORE if leaf is None or isinstance(leaf, bool | dict | list) else ANY_NUMBER


def _part(part: Part) -> Json:
    disposition = f'name="{part.name}"'
    return {
        "matchingType": "ANY",
        "headers": {"Content-Disposition": {"contains": disposition}},
        "bodyPatterns": [_equal(part.data)],
    }


def _equal(data: bytes) -> Json:
    text = text_of(data)
    return {"binaryEqualTo": base64_of(data)} if text is None else {"equalTo": text}
