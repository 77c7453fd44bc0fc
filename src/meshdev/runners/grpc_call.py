"""The client of one call of gRPC over HTTP/2, sans-IO, on a connection of its own.

Write what `Call.begin` gives, `feed` it what comes, write what that gives, until it `is_over`. Its caller says all at
once and hears any number of messages, so it does for unary calls, and for streams that answer question by question.
"""

from collections.abc import Sequence
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
    window_frame,
)
from meshdev.traffic.protocols.http2.grpc import (
    PREFIX_SIZE,
    Status,
    status_of,
    status_of_http,
    status_of_reset,
)
from meshdev.traffic.protocols.http2.hpack_blocks import BlockReader, literal

_STREAM: Final = 1
_ENABLE_PUSH: Final = 2
_INITIAL_WINDOW: Final = 4
_HTTP_OK: Final = 200
FIRST_WINDOW: Final = 65535


class NoHttp2Error(Exception):
    """What the other side says is no HTTP/2, or too much of it."""


class Call:
    """One call of ``path``; at most ``most`` bytes are heard, for so much its window has room."""

    __slots__ = (
        "_block",
        "_body",
        "_buffer",
        "_first",
        "_most",
        "_path",
        "_reader",
        "_said",
        "_status",
        "is_over",
        "status",
        "why",
    )

    def __init__(self, path: bytes, messages: Sequence[bytes], most: int = FIRST_WINDOW) -> None:
        self._path = path
        self._said = b"".join(b"\0" + len(one).to_bytes(4, "big") + one for one in messages)
        self._most = most
        self._reader = BlockReader(dict)
        self._buffer = bytearray()
        self._block = bytearray()
        self._body = bytearray()
        self._status = 0
        self._first = True
        self.is_over = False
        self.status: Status | None = None  # as the callee told it
        self.why = ""  # it did not go well

    def begin(self, authority: str, *, secure: bool = False) -> bytes:
        """What is said first: all of it."""
        fields = (
            (b":method", b"POST"),
            (b":scheme", b"https" if secure else b"http"),
            (b":path", self._path),
            (b":authority", authority.encode()),
            (b"te", b"trailers"),
            (b"content-type", b"application/grpc"),
            (b"user-agent", b"meshdev-probe"),
        )
        settings = SETTING.pack(_ENABLE_PUSH, 0)
        window = b""
        if self._most > FIRST_WINDOW:
            settings += SETTING.pack(_INITIAL_WINDOW, self._most)
            window = window_frame(0, self._most - FIRST_WINDOW)
        cut = [self._said[at : at + FIRST_FRAME_SIZE] for at in range(0, len(self._said), FIRST_FRAME_SIZE)]
        *parts, last = cut or [b""]
        return (
            PREFACE
            + frame(Frame.SETTINGS, 0, 0, settings)
            + window
            + header_frames(_STREAM, literal(fields), FIRST_FRAME_SIZE, ends=False)
            + b"".join(frame(Frame.DATA, 0, _STREAM, part) for part in parts)
            + frame(Frame.DATA, END_STREAM, _STREAM, last)
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
        if len(self._body) + len(self._block) + len(self._buffer) > self._most:
            raise NoHttp2Error
        return out

    def messages(self) -> list[bytes]:
        """What was heard, whole messages only."""
        found, at, body = [], 0, bytes(self._body)
        while at + PREFIX_SIZE <= len(body):
            end = at + PREFIX_SIZE + int.from_bytes(body[at + 1 : at + PREFIX_SIZE], "big")
            if end > len(body):
                break
            found.append(body[at + PREFIX_SIZE : end])
            at = end
        return found

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
        self.status = status_of(written)
        message = unquote(fields.get(b"grpc-message", b"").decode("utf-8", "replace"))
        if self.status is Status.OK:
            self._end("")
        else:
            self._end(f"{self.status.name}: {message}" if message else self.status.name)

    def _end(self, why: str) -> None:
        self.why, self.is_over = why, True
