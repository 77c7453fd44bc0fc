"""The client of a health check (grpc.health.v1.Health/Check) over HTTP/2, sans-IO: one call on a connection of its own.

Write what `Check.begin` gives, `feed` it what comes, write what that gives, until it `is_over`. Its message has one
field each way, so it is written and read by hand.
"""

from enum import IntEnum
from typing import Final
from urllib.parse import unquote

from meshdev.traffic.protocols.http2.frames import (
    ACK,
    END_HEADERS,
    END_STREAM,
    FIRST_FRAME_SIZE,
    NUMBER,
    PREFACE,
    SETTING,
    Frame,
    Whole,
    bare,
    error_name,
    frame,
    header_frames,
    whole_frames,
)
from meshdev.traffic.protocols.http2.grpc import (
    PREFIX_SIZE,
    Status,
    status_of,
    status_of_http,
    status_of_reset,
)
from meshdev.traffic.protocols.http2.hpack_blocks import BlockReader, literal

PATH: Final = b"/grpc.health.v1.Health/Check"
_STREAM: Final = 1
_ENABLE_PUSH: Final = 2
_FIELD: Final = 0x0A  # the first one, with a length
_HTTP_OK: Final = 200
_STATUS_FIELD: Final = 0x08  # the first one, a number
_MOST_ANSWER: Final = 65535  # what its window has room for


class Serving(IntEnum):
    """What a service says of itself."""

    UNKNOWN = 0
    SERVING = 1
    NOT_SERVING = 2
    SERVICE_UNKNOWN = 3


class NoHttp2Error(Exception):
    """What the other side says is no HTTP/2."""


class Check:
    """One call; ``service`` may be empty, which is the server as a whole."""

    __slots__ = (
        "_block",
        "_body",
        "_buffer",
        "_first",
        "_reader",
        "_status",
        "_words",
        "is_over",
        "serving",
        "why",
    )

    def __init__(self, service: str) -> None:
        name = service.encode()
        self._words = bytes((_FIELD, *_varint(len(name)))) + name if name else b""
        self._reader = BlockReader(dict)
        self._buffer = bytearray()
        self._block = bytearray()
        self._body = bytearray()
        self._status = 0
        self._first = True
        self.is_over = False
        self.serving: Serving | None = None
        self.why = ""  # there is no answer

    def begin(self, authority: str, *, secure: bool = False) -> bytes:
        """What is said first."""
        fields = (
            (b":method", b"POST"),
            (b":scheme", b"https" if secure else b"http"),
            (b":path", PATH),
            (b":authority", authority.encode()),
            (b"te", b"trailers"),
            (b"content-type", b"application/grpc"),
            (b"user-agent", b"meshdev-probe"),
        )
        message = b"\0" + len(self._words).to_bytes(4, "big") + self._words
        return (
            PREFACE
            + frame(Frame.SETTINGS, 0, 0, SETTING.pack(_ENABLE_PUSH, 0))
            + header_frames(_STREAM, literal(fields), FIRST_FRAME_SIZE, ends=False)
            + frame(Frame.DATA, END_STREAM, _STREAM, message)
        )

    def feed(self, data: bytes) -> bytes:
        """More of what the server says; gives what is to be answered. Raises NoHttp2Error, BlockError."""
        self._buffer += data
        if self._first and (self._buffer[3:4] or b"\x04") != bytes((Frame.SETTINGS,)):
            raise NoHttp2Error
        out = b""
        for whole in whole_frames(self._buffer):
            self._first = False
            if not self.is_over:
                out += self._take(whole)
        if len(self._body) + len(self._block) + len(self._buffer) > _MOST_ANSWER:
            raise NoHttp2Error
        return out

    def _take(self, whole: Whole) -> bytes:
        kind, flags, payload = whole.kind, whole.flags, whole.payload
        if kind in {Frame.SETTINGS, Frame.PING} and not flags & ACK:
            return frame(kind, ACK, 0, b"" if kind == Frame.SETTINGS else payload)
        if kind == Frame.GOAWAY and NUMBER.unpack_from(payload)[0] < _STREAM:
            self._end(f"the server goes away ({error_name(NUMBER.unpack_from(payload, NUMBER.size)[0])})")
        elif whole.stream != _STREAM:
            return b""
        elif kind == Frame.RST_STREAM:
            self._end(status_of_reset(NUMBER.unpack(payload)[0]).name)
        elif kind == Frame.DATA:
            self._body += bare(payload, flags) or b""
        elif kind in {Frame.HEADERS, Frame.CONTINUATION}:
            self._block += bare(payload, flags, prioritised=True) or b"" if kind == Frame.HEADERS else payload
            if flags & END_HEADERS:
                block = bytes(self._block)
                self._block.clear()
                self._head(self._reader.read(block))
        if kind in {Frame.DATA, Frame.HEADERS} and flags & END_STREAM and not self.is_over:
            self._end(status_of_http(self._status).name)
        return b""

    def _head(self, fields: dict[bytes, bytes]) -> None:
        if b":status" in fields:
            self._status = int(fields[b":status"]) if fields[b":status"].isdigit() else 0
            if self._status >= _HTTP_OK and self._status != _HTTP_OK:
                self._end(f"HTTP status {self._status}")
        written = fields.get(b"grpc-status")
        if written is None or self.is_over:
            return
        status = status_of(written)
        if status is Status.OK and len(self._body) >= PREFIX_SIZE:
            self.serving = _serving(bytes(self._body[PREFIX_SIZE:]))
            self.is_over = True
        else:
            message = unquote(fields.get(b"grpc-message", b"").decode("utf-8", "replace"))
            self._end(f"{status.name}: {message}" if message else status.name)

    def _end(self, why: str) -> None:
        self.why, self.is_over = why, True


def _serving(message: bytes) -> Serving:
    """The answer; what nobody knows is UNKNOWN."""
    if len(message) > 1 and message[0] == _STATUS_FIELD and message[1] in set(Serving):
        return Serving(message[1])
    return Serving.UNKNOWN


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:  # noqa: PLR2004 - more than fits into one byte
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
