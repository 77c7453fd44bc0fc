"""Calls of gRPC among the exchanges: how one ended, and its messages to be read."""

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import unquote

import msgspec

from meshdev.recording.model import Body, Exchange, Headers, Message, MessageKind, Response
from meshdev.recording.protobuf.guess import tree
from meshdev.traffic.protocols.http2.grpc import (
    Status,
    outcome_of,
    status_of,
    status_of_http,
    timeout_of,
)

GRPC: Final = "grpc"
STATUS: Final = "grpc-status"
MESSAGE: Final = "grpc-message"
_NEAR_DEADLINE: Final = 0.95
_CALLER_RESET: Final = "caller-reset"

Decode = Callable[[Exchange, Message], Any]
"""A message as JSON has it."""


def is_call(exchange: Exchange) -> bool:
    """Whether it is a call of gRPC."""
    return exchange.protocol == GRPC


def method_of(exchange: Exchange) -> str:
    """``package.Service/Method``."""
    return exchange.request.target[1:]


def value(headers: Headers, name: str) -> str | None:
    """The first of that (small) name."""
    return next((text for known, text in headers if known.lower() == name), None)


def told_status(exchange: Exchange) -> Status | None:
    """The status that the callee told; None when it told none."""
    response = exchange.response
    if response is None:
        return None
    written = value(response.trailers, STATUS) or value(response.headers, STATUS)
    return None if written is None else status_of(written.encode("latin-1", "replace"))


def call_status(exchange: Exchange) -> Status:
    """How a call ended, as its caller saw it."""
    told = told_status(exchange)
    if told is not None:
        return told
    if exchange.error == _CALLER_RESET:
        allowed = timeout_of(
            (value(exchange.request.headers, "grpc-timeout") or "").encode("latin-1", "replace")
        )
        late = allowed is not None and 0 < allowed * _NEAR_DEADLINE <= exchange.microseconds / 1e6
        return Status.DEADLINE_EXCEEDED if late else Status.CANCELLED
    if exchange.error or exchange.response is None:
        return Status.UNAVAILABLE
    return status_of_http(exchange.response.status)


def call_message(exchange: Exchange) -> str:
    """What the callee said of the status, decoded; empty when it said nothing."""
    response = exchange.response
    if response is None:
        return ""
    return unquote(value(response.trailers, MESSAGE) or value(response.headers, MESSAGE) or "")


def outcome(exchange: Exchange) -> int:
    """200, 400 or 500, as operations have it."""
    return int(outcome_of(call_status(exchange))) * 100


def said(exchange: Exchange, *, outgoing: bool) -> tuple[Message, ...]:
    """The messages of one side."""
    return tuple(
        one for one in exchange.messages if one.outgoing is outgoing and one.kind is MessageKind.BINARY
    )


def is_whole(exchange: Exchange) -> bool:
    """Whether every message of the call was kept whole."""
    response = exchange.response
    return (
        exchange.request.body.cut is None
        and (response is None or response.body.cut is None)
        and all(one.cut is None for one in exchange.messages)
    )


def guessed(_: Exchange, message: Message) -> Any:
    """A message of which nothing is known."""
    return tree(message.data)


def with_bodies(exchange: Exchange, decode: Decode = guessed) -> Exchange:
    """The same with the messages as JSON in its bodies, for who compares those; all others are as they are."""
    if not is_call(exchange):
        return exchange
    asked, heard = ([decode(exchange, one) for one in said(exchange, outgoing=way)] for way in (True, False))
    answer = {"status": call_status(exchange).name, "message": call_message(exchange), "messages": heard}
    response = exchange.response or Response(0)
    return msgspec.structs.replace(
        exchange,
        request=msgspec.structs.replace(
            exchange.request, headers=_as_json(exchange.request.headers), body=_body(asked)
        ),
        response=msgspec.structs.replace(response, headers=_as_json(response.headers), body=_body(answer)),
    )


def _as_json(headers: Headers) -> Headers:
    kept = tuple(pair for pair in headers if pair[0].lower() != "content-type")
    return (*kept, ("content-type", "application/json"))


def _body(content: Any) -> Body:
    data = msgspec.json.encode(content)
    return Body(data, len(data))


def laid_out(content: Any) -> str:
    """A decoded message for a person, in a line as long as that goes."""
    return msgspec.json.encode(content).decode()
