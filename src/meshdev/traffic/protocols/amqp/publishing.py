"""One message to a broker of AMQP 0-9-1: to ``exchange/routing.key``, or to a queue.

The login is ``guest``, as brokers give to callers on their own machine. The channel confirms, and the message is
mandatory: one that no queue takes is refused.
"""

import struct
from collections.abc import Generator, Mapping
from typing import Final

from meshdev.traffic.protocols.amqp import methods as m
from meshdev.traffic.protocols.publishing import NAME, Dialogue, Outgoing, RefusedError, without

_GREETING: Final = b"AMQP\0\0\x09\x01"
_LOGIN: Final = b"\0guest\0guest"
_START, _START_OK = m.method(10, 10), m.method(10, 11)
_TUNE, _TUNE_OK = m.method(10, 30), m.method(10, 31)
_CHANNEL_OPEN, _CHANNEL_OPEN_OK = m.method(20, 10), m.method(20, 11)
_CONFIRM_OK: Final = m.method(85, 11)
_FRAME: Final = struct.Struct(">BHI")
_METHOD, _HEADER, _BODY = 1, 2, 3
_END: Final = b"\xce"
_HEADERS_FLAG: Final = 0x2000
_MANDATORY: Final = 1
_BASIC: Final = 60
_LEAST_FRAME: Final = 4096
_AROUND: Final = 8
_MOST_NAME: Final = 255

Method = tuple[int, bytes]


def publish(message: Outgoing) -> Dialogue:
    """Taken when the broker confirms it."""
    exchange, slash, key = message.topic.partition("/")
    if not slash:
        exchange, key = "", message.topic
    if not message.topic or max(len(exchange.encode()), len(key.encode())) > _MOST_NAME:
        raise RefusedError("names of exchanges, queues and routing keys have 1 to 255 bytes")
    without(message, key=True)
    if any(len(name.encode()) > _MOST_NAME for name in message.headers):
        raise RefusedError("the name of a header has at most 255 bytes")
    frames = _Frames()
    yield from frames.answer(_GREETING, _START)
    start = _long(_PROPERTIES) + _short("PLAIN") + _long(_LOGIN) + _short("en_US")
    tune = yield from frames.answer(_method(0, _START_OK, start), _TUNE)
    channels, most, _ = struct.unpack_from(">HIH", tune)
    opening = _method(0, _TUNE_OK, struct.pack(">HIH", channels, most, 0))
    opening += _method(0, m.CONNECTION_OPEN, _short("/") + b"\0\0")
    yield from frames.answer(opening, m.CONNECTION_OPEN_OK)
    yield from frames.answer(_method(1, _CHANNEL_OPEN, b"\0"), _CHANNEL_OPEN_OK)
    yield from frames.answer(_method(1, m.CONFIRM_SELECT, b"\0"), _CONFIRM_OK)
    size = max(most or _LEAST_FRAME, _LEAST_FRAME) - _AROUND
    yield from frames.answer(_message(exchange, key, message, size), m.ACK)
    goodbye = struct.pack(">H", m.GOODBYE) + _short("") + bytes(4)
    yield from frames.answer(_method(0, m.CONNECTION_CLOSE, goodbye), m.CONNECTION_CLOSE_OK)


class _Frames:
    """What the broker says, frame by frame."""

    def __init__(self) -> None:
        self._heard = b""

    def answer(self, said: bytes, wanted: int) -> Generator[bytes, bytes, bytes]:
        """Say it, and hear until the method ``wanted`` comes; its arguments. Raises RefusedError."""
        self._heard += yield said
        while True:
            kind, payload = yield from self._frame()
            if kind != _METHOD:
                continue
            method = int.from_bytes(payload[:4])
            if method == wanted:
                return payload[4:]
            _check(method, payload[4:])

    def _frame(self) -> Generator[bytes, bytes, tuple[int, bytes]]:
        while True:
            if self._heard[:4] == _GREETING[:4]:
                raise RefusedError("it speaks another version of AMQP than 0-9-1")
            if len(self._heard) >= _FRAME.size:
                kind, _, size = _FRAME.unpack_from(self._heard)
                end = _FRAME.size + size + len(_END)
                if len(self._heard) >= end:
                    payload, self._heard = self._heard[_FRAME.size : end - 1], self._heard[end:]
                    return kind, payload
            self._heard += yield b""


def _check(method: int, args: bytes) -> None:
    """Raises RefusedError when a method says no."""
    if method == m.NACK:
        raise RefusedError("it could not take it (nack)")
    if method not in {m.CONNECTION_CLOSE, m.CHANNEL_CLOSE, m.RETURN}:
        return
    try:
        reason = m.reason_of(args, cause=False)
    except (m.MalformedError, struct.error):
        raise RefusedError("it closes the connection") from None
    if reason.code == "NO_ROUTE":
        raise RefusedError("no queue takes it (NO_ROUTE)")
    text = reason.text.removeprefix(f"{reason.code} - ")
    raise RefusedError(f"{text} ({reason.code})" if text else reason.code)


def _message(exchange: str, key: str, message: Outgoing, size: int) -> bytes:
    """The method, the header, and the body in frames of ``size``."""
    body = message.payload
    method = struct.pack(">H", 0) + _short(exchange) + _short(key) + bytes((_MANDATORY,))
    properties = _long(_table(message.headers)) if message.headers else b""
    flags = _HEADERS_FLAG if message.headers else 0
    header = struct.pack(">HHQH", _BASIC, 0, len(body), flags) + properties
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    frames = (_frame(_BODY, 1, piece) for piece in pieces)
    return _method(1, m.PUBLISH, method) + _frame(_HEADER, 1, header) + b"".join(frames)


def _method(channel: int, method: int, args: bytes) -> bytes:
    return _frame(_METHOD, channel, method.to_bytes(4) + args)


def _frame(kind: int, channel: int, payload: bytes) -> bytes:
    return _FRAME.pack(kind, channel, len(payload)) + payload + _END


def _short(text: str) -> bytes:
    data = text.encode()
    return bytes((len(data),)) + data


def _long(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def _table(texts: Mapping[str, str]) -> bytes:
    return b"".join(_short(name) + b"S" + _long(text.encode()) for name, text in texts.items())


_REASONS: Final = _short("authentication_failure_close") + b"t\1"  # a login that is refused is told
_PROPERTIES: Final = _table({"product": NAME}) + _short("capabilities") + b"F" + _long(_REASONS)
