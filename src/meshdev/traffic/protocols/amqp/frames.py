"""The frames of one way of an AMQP connection, cut anyhow: methods and headers whole, bodies by their beginning."""

import struct
from typing import Final, Protocol

from meshdev.traffic.protocols.amqp.channel import Content

MOST_FRAME: Final = 256 * 1024  # of methods and headers

_METHOD: Final = 1
_HEADER: Final = 2
_BODY: Final = 3
_HEARTBEAT: Final = 8
_END: Final = 0xCE
_FRAME: Final = struct.Struct(">BHI").unpack_from
_NUMBER: Final = struct.Struct(">I").unpack_from
_HEAD_BYTES: Final = 7
FRAME_BYTES: Final = 8  # around what it carries


class UnreadableError(Exception):
    """What makes the scanner give up, for a person."""


class Sink(Protocol):
    """Who is told. All may raise `UnreadableError`."""

    def method(self, channel: int, method: int, args: bytes, now: float) -> None:
        """A method has passed."""
        ...

    def header(self, channel: int, data: bytes, at: int, stop: int) -> Content | None:
        """The header of a message has passed, from ``at`` to ``stop``; whose it is."""
        ...

    def body(self, channel: int, size: int) -> Content | None:
        """Part of a body begins to pass; whose it is, and from whose ``left`` it was taken."""
        ...

    def complete(self, channel: int, content: Content, now: float) -> None:
        """A message has passed as a whole."""
        ...


class Frames:
    """Cuts what one side says into frames."""

    __slots__ = ("_body_left", "_channel", "_content", "_need", "_rest", "_sink")

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._rest = bytearray()  # of a frame that is not whole
        self._need = 0  # how long it has to be
        self._body_left = 0  # bytes of a body's frame to come, its end included
        self._content: Content | None = None  # whose body that is, on which channel
        self._channel = 0

    @property
    def place(self) -> tuple[bytes, int]:
        """What has been read of a frame that is not whole, and how many bytes of a body's frame are to come."""
        return bytes(self._rest), self._body_left

    def read(self, data: bytes, now: float) -> None:
        """More bytes. Raises `UnreadableError`."""
        if self._rest:
            self._rest += data
            if len(self._rest) < self._need:
                return
            data = bytes(self._rest)
            self._rest.clear()
        at = self._go_on(data, now) if self._body_left else 0
        end = len(data)
        sink = self._sink
        while end - at >= _HEAD_BYTES:
            kind, channel, size = _FRAME(data, at)
            begin = at + _HEAD_BYTES
            stop = begin + size
            if kind == _BODY:
                at = self._body(data, channel, begin, size, now)
                continue
            if stop >= end:
                self._need = _need(kind, size)
                self._rest += data[at:]
                return
            if data[stop] != _END:
                raise UnreadableError("a frame does not end as frames do")
            if kind == _METHOD:
                sink.method(channel, _NUMBER(data, begin)[0], data[begin + 4 : stop], now)
            elif kind == _HEADER:
                content = sink.header(channel, data, begin, stop)
                if content is not None and not content.left:
                    sink.complete(channel, content, now)
            elif kind != _HEARTBEAT:
                raise UnreadableError(f"there is a frame of type {kind}")
            at = stop + 1
        if at < end:
            self._need = _HEAD_BYTES
            self._rest += data[at:]

    def _body(self, data: bytes, channel: int, begin: int, size: int, now: float) -> int:
        """A frame of a body, perhaps only its beginning; where the next one begins."""
        content = self._sink.body(channel, size)
        stop = begin + size
        if content is not None and content.wanted:
            _keep(content, data, begin, stop)
        if stop >= len(data):
            self._body_left = stop + 1 - len(data)
            self._content = content
            self._channel = channel
            return len(data)
        if data[stop] != _END:
            raise UnreadableError("a frame does not end as frames do")
        if content is not None and not content.left:
            self._sink.complete(channel, content, now)
        return stop + 1

    def _go_on(self, data: bytes, now: float) -> int:
        """More of a body's frame; where the next one begins."""
        content = self._content
        left = self._body_left
        if content is not None and content.wanted:
            _keep(content, data, 0, left - 1)
        if len(data) < left:
            self._body_left = left - len(data)
            return len(data)
        if data[left - 1] != _END:
            raise UnreadableError("a frame does not end as frames do")
        self._body_left = 0
        self._content = None
        if content is not None and not content.left:
            self._sink.complete(self._channel, content, now)
        return left


def _need(kind: int, size: int) -> int:
    """How many bytes there have to be before such a frame can be read."""
    if kind not in {_METHOD, _HEADER, _HEARTBEAT}:
        raise UnreadableError(f"there is a frame of type {kind}")
    if size > MOST_FRAME:
        raise UnreadableError(f"a frame that is no body has {size} bytes")
    return _HEAD_BYTES + size + 1


def _keep(content: Content, data: bytes, begin: int, stop: int) -> None:
    piece = data[begin : min(stop, begin + content.wanted)]
    content.wanted -= len(piece)
    content.payload += piece
