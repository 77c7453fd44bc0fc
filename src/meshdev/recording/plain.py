"""An exchange as plain data, and back: objects by name, bytes as ``text`` where they are, else ``base64``."""

import base64
from typing import Any

from meshdev.errors import RecordingError
from meshdev.recording.calls import Decode, guessed, is_call
from meshdev.recording.model import (
    Body,
    Cut,
    Exchange,
    Headers,
    Message,
    MessageKind,
    Request,
    Response,
    Timing,
)


def plain(one: Exchange, decode: Decode = guessed) -> dict[str, Any]:
    """All of it; ``decode`` makes JSON of a call's messages, which stands beside their bytes (``decoded``)."""
    told: dict[str, Any] = {name: getattr(one, name) for name in one.__struct_fields__}
    request, response = one.request, one.response
    told["request"] = {
        "method": request.method,
        "target": request.target,
        "headers": request.headers,
        "body": _plain_body(request.body),
        "minor": request.minor,
    }
    if response is not None:
        told["response"] = {
            "status": response.status,
            "reason": response.reason,
            "headers": response.headers,
            "body": _plain_body(response.body),
            "minor": response.minor,
            "trailers": response.trailers,
        }
    told["messages"] = [
        {
            "at": message.at,
            "outgoing": message.outgoing,
            "kind": message.kind,
            "cut": message.cut,
            **_text_or_base64(message.data),
        }
        for message in one.messages
    ]
    if is_call(one):
        for message, told_message in zip(one.messages, told["messages"], strict=True):
            if message.kind is MessageKind.BINARY:
                told_message["decoded"] = decode(one, message)
    told["timing"] = {name: getattr(one.timing, name) for name in one.timing.__struct_fields__}
    return told


def exchange_of(told: dict[str, Any]) -> Exchange:
    """The exchange that `plain` told of. Raises RecordingError for anything else."""
    try:
        fields = {name: told[name] for name in Exchange.__struct_fields__ if name in told}
        asked, answered = told["request"], told["response"]
        fields["request"] = Request(
            asked["method"], asked["target"], _headers(asked["headers"]), _body(asked["body"]), asked["minor"]
        )
        if answered is not None:
            fields["response"] = Response(
                answered["status"],
                answered["reason"],
                _headers(answered["headers"]),
                _body(answered["body"]),
                answered["minor"],
                _headers(answered["trailers"]),
            )
        fields["messages"] = tuple(_message(message) for message in told["messages"])
        fields["timing"] = Timing(**told["timing"])
        fields["faults"], fields["redacted"] = tuple(told["faults"]), tuple(told["redacted"])
        return Exchange(**fields)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RecordingError(f"this is no exchange: {error!r}") from error


def _plain_body(body: Body) -> dict[str, Any]:
    told: dict[str, Any] = {"size": body.size, **_text_or_base64(body.data)}
    if body.coding:
        told["coding"] = body.coding
    if body.cut is not None:
        told["cut"] = body.cut
    if body.pieces:
        told["pieces"] = body.pieces
    return told


def _body(told: dict[str, Any]) -> Body:
    pieces = tuple((offset, at) for offset, at in told.get("pieces", ()))
    return Body(_bytes(told), told["size"], told.get("coding", ""), _cut(told.get("cut")), pieces)


def _message(told: dict[str, Any]) -> Message:
    return Message(
        told["at"], told["outgoing"], MessageKind(told["kind"]), _bytes(told), _cut(told.get("cut"))
    )


def _cut(told: str | None) -> Cut | None:
    return None if told is None else Cut(told)


def _headers(told: list[list[str]]) -> Headers:
    return tuple((name, value) for name, value in told)


def _text_or_base64(data: bytes) -> dict[str, str]:
    try:
        return {"text": data.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}


def _bytes(told: dict[str, str]) -> bytes:
    return told["text"].encode() if "text" in told else base64.b64decode(told["base64"])
