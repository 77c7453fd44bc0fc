"""WebSocket frames of a server (RFC 6455 §5): what a caller says, whole and unmasked, and what is said back. Sans-IO.

No extension is agreed on. What breaks the rules ends the reading with a close code.
"""

import hashlib
from base64 import b64encode
from typing import Final, NamedTuple

from meshdev.recording.model import MessageKind

MOST_BYTES: Final = 64 << 20
_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_KINDS: Final = {
    1: MessageKind.TEXT,
    2: MessageKind.BINARY,
    8: MessageKind.CLOSE,
    9: MessageKind.PING,
    10: MessageKind.PONG,
}
_OPCODES: Final = {kind: opcode for opcode, kind in _KINDS.items()}
_CONTROL: Final = 8
_FIN: Final = 0x80
_EXTENDED: Final = {126: 2, 127: 8}
_SMALL: Final = 126
_MEDIUM: Final = 1 << 16


class Heard(NamedTuple):
    """A whole message of the caller."""

    kind: MessageKind
    data: bytes


class FrameError(Exception):
    """The caller broke the rules; ``code`` is what the connection is closed with."""

    def __init__(self, reason: str, code: int = 1002) -> None:
        super().__init__(reason)
        self.code = code


def accept_key(key: bytes) -> str:
    """What a server answers to ``Sec-WebSocket-Key``."""
    return b64encode(hashlib.sha1(key + _GUID).digest()).decode()  # noqa: S324 -- RFC 6455 wants it


def frame(kind: MessageKind, data: bytes) -> bytes:
    """One unfragmented frame."""
    size = len(data)
    first = _FIN | _OPCODES[kind]
    if size < _SMALL:
        return bytes((first, size)) + data
    if size < _MEDIUM:
        return bytes((first, 126)) + size.to_bytes(2) + data
    return bytes((first, 127)) + size.to_bytes(8) + data


class FrameReader:
    """Reads what a caller says."""

    __slots__ = ("_bytes", "_kind", "_parts")

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._kind: MessageKind | None = None  # of the message whose fragments are coming
        self._parts: list[bytes] = []

    def feed(self, data: bytes) -> list[Heard]:
        """The messages that ``data`` completes. Raises FrameError."""
        self._bytes += data
        heard: list[Heard] = []
        while (frame := self._take()) is not None:
            opcode, fin, payload = frame
            if opcode & _CONTROL:
                heard.append(Heard(_KINDS[opcode], payload))
            elif (message := self._fragment(opcode, payload, fin=fin)) is not None:
                heard.append(message)
        return heard

    def _fragment(self, opcode: int, payload: bytes, *, fin: bool) -> Heard | None:
        if bool(opcode) is (self._kind is not None):
            raise FrameError("fragments out of order")
        kind = _KINDS[opcode] if opcode else self._kind
        self._parts.append(payload)
        if sum(map(len, self._parts)) > MOST_BYTES:
            raise FrameError("a message that is too long", 1009)
        self._kind = kind
        if not fin or kind is None:
            return None
        whole = Heard(kind, b"".join(self._parts))
        self._kind = None
        self._parts.clear()
        return whole

    def _take(self) -> tuple[int, bool, bytes] | None:
        """The first frame: opcode, whether it ends its message, payload; None while it is not whole."""
        data = self._bytes
        if len(data) < 2:  # noqa: PLR2004 -- the shortest head
            return None
        first, second = data[0], data[1]
        opcode, size = first & 0x0F, second & 0x7F
        if first & 0x70 or not second & 0x80 or (opcode and opcode not in _KINDS):
            raise FrameError("a frame that is none")
        if opcode & _CONTROL and (size in _EXTENDED or not first & _FIN):
            raise FrameError("a control frame that is too long or in fragments")
        extended = _EXTENDED.get(size, 0)
        body = 2 + extended + 4
        if len(data) < body:
            return None
        if extended:
            size = int.from_bytes(data[2 : 2 + extended])
        if size > MOST_BYTES:
            raise FrameError("a frame that is too long", 1009)
        if len(data) < body + size:
            return None
        payload = unmasked(bytes(data[body : body + size]), bytes(data[body - 4 : body]))
        del data[: body + size]
        return opcode, bool(first & _FIN), payload


def unmasked(data: bytes, mask: bytes) -> bytes:
    """``data`` without its mask (or with it)."""
    size = len(data)
    pad = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(data) ^ int.from_bytes(pad)).to_bytes(size)
