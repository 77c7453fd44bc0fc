"""Calls of gRPC among the requests that are sent again: as requests and answers with JSON in them, and back. Pure.

So names that the live service gives out are carried on, noise is learnt and differences are told as with HTTP. An
answer's JSON has ``status``, ``message``, ``messages`` and, if there are any, ``trailers``.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import msgspec
from msgspec.structs import replace

from meshdev.recording.calls import call_message, is_call, is_whole, method_of, said, told_status
from meshdev.recording.model import Body, Exchange, Headers, Recording, Request, Response
from meshdev.recording.protobuf.codec import Codecs
from meshdev.recording.replay.calls.translated import ALL, JSON_TYPE, Words, initial_of, own, trailers_of

_encode = msgspec.json.encode


@dataclass(frozen=True, slots=True)
class Call:
    """A recorded call, and the same with JSON."""

    recorded: Exchange
    told: Exchange
    words: Words

    def messages(self, request: Request) -> list[bytes]:
        """What the caller says when ``request`` is what is asked now."""
        before = [one.data for one in said(self.recorded, outgoing=True)]
        if request.body.data == self.told.request.body.data:
            return before
        content: Any = json.loads(request.body.data)
        now = [content] if self.words.single else content
        return [
            self.words.encoded(one, outgoing=True) or data for one, data in zip(now, before, strict=False)
        ]

    def metadata(self, request: Request) -> Headers:
        """Its metadata."""
        return own(request.headers)

    def answer(
        self, status: str, message: str, heard: Sequence[bytes], initial: Headers, last: Headers
    ) -> Response:
        """What was answered, as `told` has it."""
        return _answer(self.words, status, message, heard, initial, last)


class Calls:
    """Those of a recording that can be sent again, by their numbers; ``recording`` has them with JSON."""

    def __init__(self, recording: Recording) -> None:
        self._calls: dict[str, Call] = {}
        codecs = Codecs(recording.descriptors)
        sent = find_spec("grpc") is not None
        exchanges = []
        for one in recording.exchanges:
            if sent and is_call(one) and is_whole(one) and told_status(one) is not None:
                call = self._calls[one.id] = _call(one, codecs)
                exchanges.append(call.told)
            else:
                exchanges.append(one)
        self.recording = replace(recording, exchanges=tuple(exchanges))

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._calls)

    def of(self, exchange: Exchange) -> Call | None:
        """The call that an exchange of `recording` is; None for a request of HTTP."""
        return self._calls.get(exchange.id)


def _call(one: Exchange, codecs: Codecs) -> Call:
    path = method_of(one)
    words = Words(path, (one,), codecs.of(one.callee, one.endpoint))
    words.opening = ALL
    response, status = one.response, told_status(one)
    initial = initial_of(one, response.headers if response is not None else ())
    heard = [message.data for message in said(one, outgoing=False)]
    name = status.name if status is not None else ""
    told = replace(
        one,
        request=words.asked(path, one.request.headers, [each.data for each in said(one, outgoing=True)]),
        response=_answer(words, name, call_message(one), heard, initial, trailers_of(one)),
        route=path,
        messages=(),
        protocol="",
        redacted=tuple(_place(place, one) for place in one.redacted),
    )
    return Call(one, told, words)


def _answer(
    words: Words, status: str, message: str, heard: Sequence[bytes], initial: Headers, last: Headers
) -> Response:
    content: dict[str, Any] = {
        "status": status,
        "message": message,
        "messages": [words.decoded(data, outgoing=False) for data in heard],
    }
    if last:
        content["trailers"] = dict(last)
    data = _encode(content)
    return Response(200, headers=(*initial, JSON_TYPE), body=Body(data, len(data)))


def _place(place: str, one: Exchange) -> str:
    """Where a placeholder of a call stands in the JSON."""
    if place.startswith("response.trailer."):
        return f"response.body/trailers/{place.removeprefix('response.trailer.')}"
    if not place.startswith("message."):
        return place
    number, _, within = place.removeprefix("message.").partition("/")
    if number.isdigit() and one.messages[int(number)].outgoing:
        return f"request.body/{within}"
    return f"response.body/messages/*/{within}" if within else "response.body"
