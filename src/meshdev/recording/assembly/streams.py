"""A stream of HTTP/2 made into an exchange: a request and an answer like any other, or a call with its messages.

Rules: as in `exchange` · ``:authority`` becomes ``host`` · of a call, what each side has said stands in ``messages``
(decompressed), with a ``close`` behind the caller's last one; its bodies are empty, but for what is missing of them.
"""

import base64
from collections.abc import Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Final, NamedTuple

from meshdev.recording.assembly.body import Wire, body_of
from meshdev.recording.assembly.grpc_messages import CallMessages
from meshdev.recording.model import (
    EMPTY,
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
from meshdev.traffic.protocols.http2.grpc import is_grpc
from meshdev.traffic.protocols.http2.hpack_blocks import Fields
from meshdev.traffic.protocols.http2.kept import PartKind, fields_of, parts_of
from meshdev.traffic.route import route_of
from meshdev.traffic.trace_context import PARENT_BYTES, TRACE_BYTES

if TYPE_CHECKING:
    from meshdev.recording.assembly.exchange import Pieces, Raw

GRPC: Final = "grpc"
HTTP2: Final = "http2"
_INFORMATIONAL: Final = range(100, 200)
_PSEUDO: Final = ":"


class _Side(NamedTuple):
    """What one side has said."""

    heads: list[Headers]
    body: list[tuple[int, bytes]]
    ended: int | None  # when it had said all
    lost: int  # bytes that were not kept

    @property
    def missing(self) -> bool:
        """Whether not all of it was kept."""
        return self.lost > 0


def assemble_stream(raw: "Raw", number: str) -> Exchange | None:
    """The exchange that a kept stream is; None when it is none that could be understood."""
    asked = _side(raw.asked, raw.asked_bytes)
    heard = _side(raw.heard, raw.heard_bytes)
    if not asked.heads:
        return None
    pseudo = dict(pair for pair in asked.heads[0] if pair[0].startswith(_PSEUDO))
    method, path = pseudo.get(":method", ""), pseudo.get(":path", "")
    if not method or not path:
        return None
    headers = _real(asked.heads[0], pseudo.get(":authority", ""))
    call = is_grpc(_value(headers, "content-type").encode("latin-1", "replace"))
    final = _final(heard.heads)
    messages: tuple[Message, ...] = ()
    request_body = answer_body = EMPTY
    if call:
        gone = Cut.BROKEN if raw.broken or raw.facts.error else None
        messages = _messages(asked, heard, headers, final[0] if final else (), gone)
        request_body, answer_body = _missing(asked), _missing(heard)
    else:
        request_body = body_of(headers, Wire(asked.body, asked.missing, raw.broken)) if asked.body else EMPTY
        gone_away = raw.broken or (bool(raw.facts.error) and not raw.facts.by)
        if final and heard.body:
            answer_body = body_of(final[0], Wire(heard.body, heard.missing, gone_away))
        elif gone_away:
            answer_body = Body(cut=Cut.BROKEN)
    response = None
    if final:
        status = _value(final[0], ":status")
        trailers = _real(final[1], "") if len(final) > 1 else ()
        response = Response(
            int(status) if status.isdigit() else 0, "", _real(final[0], ""), answer_body, trailers=trailers
        )
    facts = raw.facts
    trace = facts.ids[:TRACE_BYTES].decode("latin-1")
    return Exchange(
        number,
        raw.started,
        raw.microseconds,
        raw.key.caller,
        raw.key.callee,
        Request(method, path, headers, request_body),
        response,
        raw.key.endpoint,
        facts.instance,
        path[1:] if call else f"{method} {route_of(path.encode('latin-1'))}",
        messages,
        Timing(raw.sent, max(0, raw.first - raw.sent), max(0, raw.microseconds - raw.first)),
        trace,
        "",
        _parent(headers, trace),
        facts.error,
        facts.by,
        facts.retries,
        facts.faults,
        protocol=GRPC if call else HTTP2,
    )


def _side(pieces: "Pieces", said: int) -> _Side:
    heads: list[Headers] = []
    body: list[tuple[int, bytes]] = []
    ended = None
    for part in parts_of(pieces):
        if part.kind is PartKind.HEAD:
            heads.append(_headers(fields_of(part)))
        elif part.kind is PartKind.DATA:
            body.append((part.at, part.content))
        else:
            ended = part.at
    return _Side(heads, body, ended, max(0, said - sum(len(data) for _, data in pieces)))


def _headers(fields: Fields) -> Headers:
    return tuple((name.decode("latin-1"), _written(name, value)) for name, value in fields)


def _written(name: bytes, value: bytes) -> str:
    """A value as everybody writes it: some peers agree to send binary ones as they are, behind a zero byte."""
    if value[:1] == b"\0" and name.endswith(b"-bin"):
        return base64.b64encode(value[1:]).decode().rstrip("=")
    return value.decode("latin-1")


def _real(headers: Headers, authority: str) -> Headers:
    """The fields without those of HTTP/2's own."""
    real = tuple(pair for pair in headers if not pair[0].startswith(_PSEUDO))
    return (("host", authority), *real) if authority else real


def _final(heads: Sequence[Headers]) -> Sequence[Headers]:
    """The final answer's head, and its trailers if there are any."""
    for at, head in enumerate(heads):
        status = _value(head, ":status")
        if not status.isdigit() or int(status) not in _INFORMATIONAL:
            return heads[at : at + 2]
    return ()


def _value(headers: Headers, name: str) -> str:
    return next((value for known, value in headers if known == name), "")


def _messages(
    asked: _Side, heard: _Side, request: Headers, answer: Headers, gone: Cut | None
) -> tuple[Message, ...]:
    found: list[Message] = []
    for side, headers, outgoing in ((asked, request, True), (heard, answer, False)):
        reader = CallMessages(_value(headers, "grpc-encoding"), outgoing=outgoing)
        for at, data in side.body:
            found += reader.feed(data, at)
        found += reader.rest(Cut.CAP if side.missing else gone or Cut.BROKEN)
    found.sort(key=attrgetter("at"))
    if asked.ended is not None:
        end = Message(asked.ended, outgoing=True, kind=MessageKind.CLOSE, data=b"")
        found.insert(_behind_asked(found, end.at), end)
    return tuple(found)


def _behind_asked(found: list[Message], when: int) -> int:
    """Where an end belongs: behind the caller's last message, before what the callee said from then on."""
    at = max((number for number, one in enumerate(found, 1) if one.outgoing), default=0)
    while at < len(found) and found[at].at < when:
        at += 1
    return at


def _missing(side: _Side) -> Body:
    """Nothing, or how much is missing."""
    return (
        Body(size=side.lost + sum(len(data) for _, data in side.body), cut=Cut.CAP) if side.missing else EMPTY
    )


def _parent(headers: Headers, trace: str) -> str:
    _, _, rest = _value(headers, "traceparent").partition("-")
    begins = bool(trace) and rest.startswith(f"{trace}-")
    return rest[TRACE_BYTES + 1 : TRACE_BYTES + 1 + PARENT_BYTES] if begins else ""
