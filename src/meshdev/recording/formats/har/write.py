"""Exchanges as HAR 1.2: every required field, -1 for sizes that are not known, binary as base64."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from meshdev import __version__
from meshdev.recording.formats.address import pairs_of, split_target, url_of
from meshdev.recording.formats.aside import aside_of
from meshdev.recording.formats.content import base64_of, charset_of, is_form, media_of, text_of
from meshdev.recording.formats.har.words import OPCODES
from meshdev.recording.formats.heads import every, first
from meshdev.recording.formats.json_tree import Json, encoded
from meshdev.recording.formats.written import Options, Written
from meshdev.recording.model import (
    Body,
    Exchange,
    Headers,
    Message,
    MessageKind,
    Recording,
    Request,
    Response,
)

_UNKNOWN: Final = -1
_NOTHING: Final = Response(0)


def write(recording: Recording, options: Options) -> Written:
    """One file for the whole recording."""
    entries: list[Json] = [_entry(exchange, options) for exchange in recording.exchanges]
    log: dict[str, Json] = {
        "version": "1.2",
        "creator": {"name": "meshdev", "version": __version__},
        "pages": [],
        "entries": entries,
        "comment": recording.meta.name,
    }
    return Written({f"{recording.meta.name}.har": encoded({"log": log})})


def _entry(exchange: Exchange, options: Options) -> Json:
    response = exchange.response or _NOTHING
    entry: dict[str, Json] = {
        "startedDateTime": _moment(exchange.started),
        "time": exchange.microseconds / 1000,
        "request": _request(exchange, url_of(exchange.callee, exchange.request.target, options.urls)),
        "response": _response(response, exchange.error, _version(exchange, response.minor)),
        "cache": {},
        "timings": {
            "send": _milliseconds(exchange.timing.send),
            "wait": _milliseconds(exchange.timing.wait),
            "receive": _milliseconds(exchange.timing.receive),
        },
        "_meshdev": aside_of(exchange),
    }
    if exchange.messages:
        entry["_resourceType"] = "websocket"
        entry["_webSocketMessages"] = [_frame(message, exchange.started) for message in exchange.messages]
    return entry


def _version(exchange: Exchange, minor: int) -> str:
    return "HTTP/2" if exchange.protocol else f"HTTP/1.{minor}"


def _request(exchange: Exchange, url: str) -> Json:
    request = exchange.request
    made: dict[str, Json] = {
        "method": request.method,
        "url": url,
        "httpVersion": _version(exchange, request.minor),
        "cookies": [_pair(name, value) for name, value in _cookies(request.headers)],
        "headers": [_pair(name, value) for name, value in request.headers],
        "queryString": [_pair(name, value) for name, value in split_target(request.target)[1]],
        "headersSize": _UNKNOWN,
        "bodySize": _transferred(request.body),
    }
    if request.body.data:
        made["postData"] = _post_data(request)
    return made


def _post_data(request: Request) -> Json:
    kind = first(request.headers, "content-type")
    text = text_of(request.body.data, charset_of(kind))
    if text is None:
        return {"mimeType": kind, "text": base64_of(request.body.data), "_encoding": "base64"}
    made: dict[str, Json] = {"mimeType": kind, "text": text}
    if is_form(media_of(request.headers)):
        made["params"] = [_pair(name, value) for name, value in pairs_of(text)]
    return made


def _response(response: Response, error: str, version: str) -> Json:
    made: dict[str, Json] = {
        "status": response.status,
        "statusText": response.reason,
        "httpVersion": version,
        "cookies": [_set_cookie(value) for value in every(response.headers, "set-cookie")],
        "headers": [_pair(name, value) for name, value in response.headers],
        "content": _content(response),
        "redirectURL": first(response.headers, "location"),
        "headersSize": _UNKNOWN,
        "bodySize": _transferred(response.body),
    }
    if error:
        made["_error"] = error
    return made


def _content(response: Response) -> Json:
    kind = first(response.headers, "content-type")
    made: dict[str, Json] = {"size": response.body.size, "mimeType": kind or "x-unknown"}
    if not response.body.data:
        return made
    text = text_of(response.body.data, charset_of(kind))
    if text is None:
        return {**made, "text": base64_of(response.body.data), "encoding": "base64"}
    return {**made, "text": text}


def _frame(message: Message, started: float) -> Json:
    text = text_of(message.data) if message.kind is MessageKind.TEXT else None
    made: dict[str, Json] = {
        "type": "send" if message.outgoing else "receive",
        "time": started + message.at / 1e6,
        "opcode": OPCODES[message.kind],
        "data": base64_of(message.data) if text is None else text,
    }
    extra: dict[str, Json] = {"at": message.at, "cut": message.cut}
    if text is None and message.kind is MessageKind.TEXT:
        extra["encoding"] = "base64"
    return {**made, "_meshdev": extra}


def _transferred(body: Body) -> int:
    """Bytes on the wire: not known of what was in a content coding."""
    return _UNKNOWN if body.coding else body.size


def _milliseconds(microseconds: int | None) -> float:
    return _UNKNOWN if microseconds is None else microseconds / 1000


def _moment(started: float) -> str:
    return datetime.fromtimestamp(started, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _pair(name: str, value: str) -> Json:
    return {"name": name, "value": value}


def _cookies(headers: Headers) -> list[tuple[str, str]]:
    pieces = (piece.strip() for value in every(headers, "cookie") for piece in value.split(";"))
    return [(name, value) for name, sign, value in (piece.partition("=") for piece in pieces) if sign]


def _set_cookie(value: str) -> Json:
    head, *rest = value.split(";")
    name, _, content = head.partition("=")
    made: dict[str, Json] = {"name": name.strip(), "value": content.strip()}
    for attribute in rest:
        key, _, said = attribute.strip().partition("=")
        match key.lower():
            case "path" | "domain":
                made[key.lower()] = said
            case "secure":
                made["secure"] = True
            case "httponly":
                made["httpOnly"] = True
            case "expires":
                made |= _expires(said)
    return made


def _expires(said: str) -> dict[str, Json]:
    try:
        return {"expires": parsedate_to_datetime(said).astimezone(UTC).isoformat().replace("+00:00", "Z")}
    except (ValueError, OverflowError):
        return {}
