"""A call as an exchange of HTTP with JSON in it, so that matching, noise and echoes are the same as everywhere.

| | of a call |
|---|---|
| request | ``POST /package.Service/Method``; metadata are its headers, the caller's opening is its JSON |
| answer | 200 or a status that tells others apart; initial metadata are its headers, the callee's messages its JSON |

The *opening* is what a caller has to say before it is known which recorded call this is: its one message, when the
method takes no more; all that it says, when callees of that method answer only then; else as many messages as the
callee's first word waited for at least. Messages of which nothing is known are JSON by their fields' numbers.
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from meshdev.recording.calls import call_status, said, told_status
from meshdev.recording.model import EMPTY, Body, Exchange, Headers, MessageKind, Request, Response
from meshdev.recording.protobuf.codec import Codec
from meshdev.recording.protobuf.guess import tree
from meshdev.traffic.protocols.http2.grpc import Status

ALL: Final = -1  # the opening is all that the caller says
JSON_TYPE: Final = ("content-type", "application/json")
_OF_STATUS: Final = {Status.OK: 200, Status.UNAUTHENTICATED: 401, Status.PERMISSION_DENIED: 403}
_OTHERS: Final = 420
_DROPPED: Final = frozenset(
    {"content-type", "content-length", "te", "user-agent", "host", "date", "x-meshdev-fault"}
)
_OF_GRPC: Final = "grpc-"
DETAILS: Final = "grpc-status-details-bin"

_encode = msgspec.json.encode


class Words:
    """The messages of a method as JSON, and the opening of its calls."""

    def __init__(self, path: str, calls: Sequence[Exchange], codec: Codec | None) -> None:
        method = codec.schema.methods.get(path) if codec is not None else None
        self._codec = codec
        self._names = {True: method.request, False: method.response} if method is not None else {}
        self.single = method is not None and not method.client_streams
        openings = [opening_of(one) for one in calls]
        least = min((one for one in openings if one != ALL), default=ALL)
        self.opening = 1 if self.single else least

    def decoded(self, data: bytes, *, outgoing: bool) -> Any:
        """A message as JSON has it."""
        if self._codec is not None and self._names:
            try:
                return self._codec.decoded(self._names[outgoing], data)
            except ValueError:
                pass
        return tree(data)

    def encoded(self, content: Any, *, outgoing: bool = False) -> bytes | None:
        """A message again; None when it cannot be told what it is made of."""
        if self._codec is None or not self._names:
            return None
        try:
            return self._codec.encoded(self._names[outgoing], content)
        except ValueError:
            return None

    def asked(self, path: str, metadata: Headers, messages: Sequence[bytes]) -> Request:
        """What a caller has said in the beginning, as a request."""
        content = [self.decoded(data, outgoing=True) for data in messages]
        data = _encode(content[0] if self.single and content else content)
        return Request("POST", f"/{path}", (*own(metadata), JSON_TYPE), Body(data, len(data)))

    def translated(self, exchange: Exchange) -> Exchange:
        """A recorded call."""
        asked = [one.data for one in said(exchange, outgoing=True)]
        opening = asked if self.opening == ALL else asked[: self.opening]
        heard = [self.decoded(one.data, outgoing=False) for one in said(exchange, outgoing=False)]
        data = _encode(heard)
        response = exchange.response
        status = call_status(exchange)
        return replace(
            exchange,
            request=self.asked(exchange.request.target[1:], exchange.request.headers, opening),
            response=Response(
                _OF_STATUS.get(status, _OTHERS + status),
                headers=(*(own(response.headers) if response is not None else ()), JSON_TYPE),
                body=Body(data, len(data)) if heard else EMPTY,
            ),
            route=f"POST {exchange.request.target}",
            messages=(),
            error="",
        )


def opening_of(exchange: Exchange) -> int:
    """How many messages the callee's first word waited for; `ALL` when the caller had said all by then."""
    count = 0
    for message in exchange.messages:
        if not message.outgoing:
            return count
        if message.kind is MessageKind.CLOSE:
            return ALL
        count += 1
    return count


def own(headers: Headers) -> Headers:
    """The metadata that somebody put there, and not gRPC itself."""
    return tuple(
        (name, value)
        for name, value in headers
        if name.lower() not in _DROPPED and not name.lower().startswith(_OF_GRPC)
    )


def trailers_of(exchange: Exchange) -> Headers:
    """Trailing metadata, a status's details among them; of an answer that is a head alone that is where they are."""
    response = exchange.response
    if response is None:
        return ()
    last = response.trailers or (response.headers if told_status(exchange) is not None else ())
    return (*own(last), *(pair for pair in last if pair[0].lower() == DETAILS))


def initial_of(exchange: Exchange, headers: Headers) -> Headers:
    """Initial metadata out of ``headers``; none when the answer is a head alone."""
    response = exchange.response
    alone = response is not None and not response.trailers and told_status(exchange) is not None
    return () if alone else own(headers)
