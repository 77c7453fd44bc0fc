"""One exchange out of what its caller sent and got.

Rules: nothing raises, whatever the bytes are · what cannot be understood as HTTP/1 is no exchange (None) · a body that
is shorter than it was says why (`Cut`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from meshdev.recording.assembly.body import Wire, body_of
from meshdev.recording.assembly.websocket import Messages
from meshdev.recording.model import EMPTY, Exchange, Headers, Message, Request, Response, Timing
from meshdev.traffic.http1_head import BODILESS, FIRST_FINAL
from meshdev.traffic.protocols.http2.kept import is_kept_stream
from meshdev.traffic.route import route_of
from meshdev.traffic.trace_context import PARENT_BYTES, TRACE_BYTES
from meshdev.wire.capture import Facts
from meshdev.wire.mesh import EdgeKey

HEAD_END: Final = b"\r\n\r\n"
_SWITCHING: Final = 101
_TARGET_PARTS: Final = 3
_STATUS_PARTS: Final = 2
_MOST_KNOWN: Final = 256

Pieces = Sequence[tuple[int, bytes]]


@dataclass(frozen=True, slots=True)
class Raw:
    """What is known of an exchange before it is understood: pieces are (microseconds from the start, bytes)."""

    key: EdgeKey
    started: float
    microseconds: int
    asked: Pieces
    heard: Pieces
    facts: Facts
    sent: int = 0
    first: int = 0
    asked_bytes: int = 0  # how many there were, if some are missing
    heard_bytes: int = 0
    broken: bool = False  # cut off by the recorder, not by the cap


class _Head(NamedTuple):
    line: str
    headers: Headers
    size: int  # bytes, with the blank line


def assemble(raw: Raw, number: str) -> Exchange | None:
    """The exchange that ``raw`` is, called ``number``; None when it is none that could be understood."""
    if raw.asked and is_kept_stream(raw.asked[0][1]):
        from meshdev.recording.assembly.streams import assemble_stream  # noqa: PLC0415 - not everybody has them

        return assemble_stream(raw, number)
    said = b"".join([data for _, data in raw.asked]) if len(raw.asked) != 1 else raw.asked[0][1]
    head = _head(said)
    if head is None:
        return None
    parts = head.line.split(" ")
    if len(parts) != _TARGET_PARTS:
        return None
    method, target, version = parts
    answer = _answer(raw.heard)
    switched = answer is not None and answer[0] == _SWITCHING
    body = EMPTY
    if len(said) > head.size and not switched:
        missing = raw.asked_bytes > len(said)
        body = body_of(head.headers, Wire(((0, said[head.size :]),), missing, raw.broken))
    request = Request(method, target, head.headers, body, 0 if version.endswith("0") else 1)
    response: Response | None = None
    messages: tuple[Message, ...] = ()
    if answer is not None:
        response = _response(raw, method, answer)
        if switched:
            messages = Messages(answer[2].headers).read(_behind(raw.asked, head.size), answer[3])
    facts = raw.facts
    trace = facts.ids[:TRACE_BYTES].decode("latin-1")
    return Exchange(
        number,
        raw.started,
        raw.microseconds,
        raw.key.caller,
        raw.key.callee,
        request,
        response,
        raw.key.endpoint,
        facts.instance,
        f"{method} {route_of(target.encode('latin-1'))}",
        messages,
        Timing(raw.sent, max(0, raw.first - raw.sent), max(0, raw.microseconds - raw.first)),
        trace,
        facts.ids[TRACE_BYTES + 1 :].decode("latin-1"),
        _parent(head.headers, trace),
        facts.error,
        facts.by,
        facts.retries,
        facts.faults,
    )


_Answer = tuple[int, str, _Head, Pieces]


def _answer(heard: Pieces) -> _Answer | None:
    """The final response's status, reason and head, and the pieces behind it."""
    skip = 0
    said = b"".join([data for _, data in heard]) if len(heard) != 1 else heard[0][1]
    while (head := _head(said, skip)) is not None:
        version, _, rest = head.line.partition(" ")
        status, _, reason = rest.partition(" ")
        if not version.startswith("HTTP/1.") or not status.isdigit():
            return None
        skip += head.size
        if int(status) >= FIRST_FINAL or int(status) == _SWITCHING:
            return int(status), reason, head, _behind(heard, skip)
    return None


def _response(raw: Raw, method: str, answer: _Answer) -> Response:
    status, reason, head, behind = answer
    minor = 0 if head.line.startswith("HTTP/1.0") else 1
    if method == "HEAD" or status in BODILESS or status == _SWITCHING:
        return Response(status, reason, head.headers, EMPTY, minor)
    kept = sum(len(data) for _, data in raw.heard)
    gone = bool(raw.facts.error) and not raw.facts.by
    body = body_of(head.headers, Wire(tuple(behind), raw.heard_bytes > kept, raw.broken or gone))
    return Response(status, reason, head.headers, body, minor)


def _head(data: bytes, start: int = 0) -> _Head | None:
    end = data.find(HEAD_END, start)
    if end < 0:
        return None
    line, *fields = data[start:end].decode("latin-1").split("\r\n")
    headers = [_known_field(one) if len(one) <= _MOST_KNOWN else _field(one) for one in fields]
    return _Head(line, tuple(headers), end + len(HEAD_END) - start)


def _field(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name, value.strip(" \t")


_known_field = lru_cache(4096)(_field)  # nearly all lines of a head come again


def _behind(pieces: Pieces, skip: int) -> Pieces:
    """The pieces without their first ``skip`` bytes."""
    if len(pieces) == 1:
        at, data = pieces[0]
        return ((at, data[skip:]),) if len(data) > skip else ()
    found = []
    for at, data in pieces:
        if skip < len(data):
            found.append((at, data[skip:] if skip else data))
        skip = max(0, skip - len(data))
    return found


def _parent(headers: Headers, trace: str) -> str:
    """The span that the caller named as this call's parent."""
    for name, value in headers:
        if len(name) == len("traceparent") and name.lower() == "traceparent":
            _, _, rest = value.partition("-")
            if rest.startswith(trace + "-"):
                return rest[TRACE_BYTES + 1 : TRACE_BYTES + 1 + PARENT_BYTES]
    return ""
