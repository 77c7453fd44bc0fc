"""A recording as OpenAPI 3.1: one document for each service, everything in it inferred from its calls.

Examples are the first that was seen, redacted as they are. Bodies that are not whole teach nothing.
"""

from http import HTTPStatus
from typing import Any, Final

import yaml

from meshdev.recording.formats.address import pairs_of
from meshdev.recording.formats.content import is_form, is_json, media_of, parts_of, text_of
from meshdev.recording.formats.heads import CONNECTION, FRAMING, TRACING, grouped, without
from meshdev.recording.formats.json_tree import Json, parsed
from meshdev.recording.formats.openapi.parameters import parameters, security, typed
from meshdev.recording.formats.openapi.paths import snake, template_of
from meshdev.recording.formats.openapi.shape import Shape
from meshdev.recording.formats.servable import NO_ANSWER, by_callee, servable
from meshdev.recording.formats.written import Options, Written
from meshdev.recording.model import Body, Exchange, Headers, Recording

_METHODS: Final = frozenset({"GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE"})
_PHRASES: Final = {int(status): status.phrase for status in HTTPStatus}
_MOST_EXAMPLE: Final = 4000
_USUAL: Final = (
    CONNECTION
    | FRAMING
    | TRACING
    | {"content-type", "date", "server", "set-cookie", "vary", "via", "cache-control"}
)
_Dumper: Final[Any] = yaml.SafeDumper


class _NoAliases(_Dumper):  # type: ignore[misc]
    """YAML without anchors: the same example twice is written twice."""

    def ignore_aliases(self, _data: object) -> bool:
        """Always."""
        return True


def write(recording: Recording, options: Options) -> Written:
    """``SERVICE.openapi.yaml`` for each service."""
    kept, notes = servable(recording, "OpenAPI")
    odd = [exchange for exchange in kept if exchange.request.method not in _METHODS]
    notes += tuple(f"{one.id} {one.request.method}: left out, OpenAPI has no such method" for one in odd)
    files = {}
    for service, exchanges in by_callee(one for one in kept if one not in odd).items():
        document = _document(service, exchanges, recording, options)
        text = yaml.dump(document, Dumper=_NoAliases, sort_keys=False, allow_unicode=True, width=100)
        files[f"{service}.openapi.yaml"] = text.encode()
    return Written(files, notes)


def _document(
    service: str, exchanges: list[Exchange], recording: Recording, options: Options
) -> dict[str, Json]:
    operations: dict[str, dict[str, list[Exchange]]] = {}
    for exchange in exchanges:
        methods = operations.setdefault(template_of(exchange)[0], {})
        methods.setdefault(exchange.request.method.lower(), []).append(exchange)
    taken: set[str] = set()
    made: dict[str, Json] = {
        "openapi": "3.1.0",
        "info": {
            "title": service,
            "version": recording.meta.provenance.revision or "recorded",
            "description": f"Inferred from {len(exchanges)} calls of the recording {recording.meta.name!r}.",
        },
        "servers": [{"url": options.urls.get(service) or f"http://{service}"}],
        "paths": {
            path: {
                method: _operation(_name(path, method, taken), group)
                for method, group in sorted(methods.items())
            }
            for path, methods in sorted(operations.items())
        },
    }
    schemes = security(exchanges)
    if schemes:
        made["components"] = {
            "securitySchemes": {name: {"type": "http", "scheme": scheme} for name, scheme in schemes.items()}
        }
    return made


def _name(path: str, method: str, taken: set[str]) -> str:
    """An operation's id, which no other operation has."""
    plain = "_".join([method, *filter(None, (snake(segment) for segment in path.split("/")))])
    name, count = plain, 1
    while name in taken:
        count += 1
        name = f"{plain}_{count}"
    taken.add(name)
    return name


def _operation(name: str, exchanges: list[Exchange]) -> Json:
    made: dict[str, Json] = {"operationId": name}
    said = parameters(exchanges)
    if said:
        made["parameters"] = said
    schemes = security(exchanges)
    if schemes:
        anonymous = any(not security([exchange]) for exchange in exchanges)
        needs: list[Json] = [{name: []} for name in schemes]
        made["security"] = [*needs, {}] if anonymous else needs
    sent = [(one.request.headers, one.request.body) for one in exchanges if one.request.body.data]
    if sent:
        made["requestBody"] = {"required": len(sent) == len(exchanges), "content": _content(sent)}
    by_status: dict[int, list[Exchange]] = {}
    for exchange in exchanges:
        by_status.setdefault((exchange.response or NO_ANSWER).status, []).append(exchange)
    made["responses"] = {str(status): _response(status, group) for status, group in sorted(by_status.items())}
    return made


def _response(status: int, exchanges: list[Exchange]) -> Json:
    answers = [exchange.response or NO_ANSWER for exchange in exchanges]
    reason = next((one.reason for one in answers if one.reason), "")
    known = _PHRASES.get(status, f"Status {status}")
    made: dict[str, Json] = {"description": reason or known}
    headers: dict[str, Json] = {
        name: {"schema": {"type": "string"}, "example": values[0]}
        for one in answers
        for name, values in grouped(without(one.headers, _USUAL)).items()
    }
    if headers:
        made["headers"] = headers
    bodies = [(one.headers, one.body) for one in answers if one.body.data]
    if bodies:
        made["content"] = _content(bodies)
    return made


def _content(bodies: list[tuple[Headers, Body]]) -> Json:
    by_media: dict[str, list[tuple[Headers, Body]]] = {}
    for headers, body in bodies:
        by_media.setdefault(media_of(headers) or "application/octet-stream", []).append((headers, body))
    return {media: _media(media, group) for media, group in by_media.items()}


def _media(media: str, bodies: list[tuple[Headers, Body]]) -> Json:
    shape, example, seen = Shape(), None, False
    for headers, body in bodies:
        value, there = _value(media, headers, body)
        if there:
            shape.add(value)
            example, seen = (example, True) if seen else (value, True)
    if not seen:
        return {}
    made: dict[str, Json] = {"schema": shape.schema()}
    small = len(bodies[0][1].data) <= _MOST_EXAMPLE
    return {**made, "example": example} if small else made


def _value(media: str, headers: Headers, body: Body) -> tuple[Json, bool]:
    """What a body says, for its schema; False when it cannot be said."""
    if body.cut:
        return None, False
    if is_json(media):
        return parsed(body.data)
    text = text_of(body.data)
    if is_form(media) and text is not None:
        return _fields((name, typed(value)) for name, value in pairs_of(text)), True
    parts = parts_of(body, headers)
    if parts is not None:
        return _fields((part.name, text_of(part.data) or "") for part in parts), True
    return text, text is not None


def _fields(pairs: Any) -> Json:
    found: dict[str, Json] = {}
    for name, value in pairs:
        before = found.get(name)
        if name not in found:
            found[name] = value
        else:
            found[name] = [*before, value] if isinstance(before, list) else [before, value]
    return found
