"""A WebSocket's messages out of its frames (RFC 6455 §5), unmasked and inflated (RFC 7692).

Rules: what makes no sense ends that direction, with what came before kept · a message is of the time at which its last
byte was there · one that inflates to more than `MOST_BYTES` is cut.
"""

import zlib
from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import Final

from meshdev.recording.model import Cut, Headers, Message, MessageKind

MOST_BYTES: Final = 16 * 1024 * 1024
_KINDS: Final = {
    1: MessageKind.TEXT,
    2: MessageKind.BINARY,
    8: MessageKind.CLOSE,
    9: MessageKind.PING,
    10: MessageKind.PONG,
}
_CONTROL: Final = 8
_FIN: Final = 0x80
_COMPRESSED: Final = 0x40
_OTHERS: Final = 0x30
_MASKED: Final = 0x80
_LENGTH: Final = 0x7F
_SIZES: Final = {126: 2, 127: 8}
_TAIL: Final = b"\x00\x00\xff\xff"
_CLOSE: Final = 8


class Messages:
    """Both directions of one WebSocket; ``headers`` are those of the answer that agreed to it."""

    def __init__(self, headers: Headers) -> None:
        extensions = ",".join(value for name, value in headers if name.lower() == "sec-websocket-extensions")
        offers = [part.strip() for part in extensions.lower().replace(",", ";").split(";")]
        self._deflated = "permessage-deflate" in offers
        self._fresh = {
            True: "client_no_context_takeover" in offers,
            False: "server_no_context_takeover" in offers,
        }

    def read(
        self, asked: Sequence[tuple[int, bytes]], heard: Sequence[tuple[int, bytes]]
    ) -> tuple[Message, ...]:
        """The messages of both directions, in the order of their times."""
        found = [*self._one_way(asked, outgoing=True), *self._one_way(heard, outgoing=False)]
        return tuple(sorted(found, key=attrgetter("at")))

    def _one_way(self, pieces: Sequence[tuple[int, bytes]], *, outgoing: bool) -> Iterator[Message]:
        reader = _Direction(outgoing=outgoing, deflated=self._deflated, fresh=self._fresh[outgoing])
        for at, data in pieces:
            yield from reader.feed(data, at)


class _Direction:
    """What one side says."""

    def __init__(self, *, outgoing: bool, deflated: bool, fresh: bool) -> None:
        self._outgoing = outgoing
        self._deflated = deflated
        self._fresh = fresh
        self._inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        self._buffer = bytearray()
        self._parts: list[bytes] = []
        self._kind: MessageKind | None = None
        self._compressed = False
        self._over = False

    def feed(self, data: bytes, at: int) -> Iterator[Message]:
        self._buffer += data
        while not self._over and (frame := self._frame()) is not None:
            first, payload = frame
            opcode = first & 0x0F
            if opcode & _CONTROL:
                self._over = opcode == _CLOSE or opcode not in _KINDS
                if opcode in _KINDS:
                    yield Message(at, self._outgoing, _KINDS[opcode], payload)
                continue
            yield from self._data_frame(first, payload, at)

    def _data_frame(self, first: int, payload: bytes, at: int) -> Iterator[Message]:
        opcode = first & 0x0F
        if (opcode != 0) is not (self._kind is None) or (opcode and opcode not in _KINDS) or first & _OTHERS:
            self._over = True
            return
        if opcode:
            self._kind = _KINDS[opcode]
            self._compressed = bool(first & _COMPRESSED) and self._deflated
        self._parts.append(payload)
        if first & _FIN and self._kind is not None:
            data, cut = self._content(b"".join(self._parts))
            kind, self._kind = self._kind, None
            self._parts = []
            yield Message(at, self._outgoing, kind, data, cut)

    def _content(self, data: bytes) -> tuple[bytes, Cut | None]:
        if not self._compressed:
            return data, None
        try:
            content = self._inflater.decompress(data + _TAIL, MOST_BYTES)
        except zlib.error:
            self._over = True
            return b"", Cut.OPAQUE
        cut = Cut.CAP if self._inflater.unconsumed_tail else None
        if self._fresh:
            self._inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        return content, cut

    def _frame(self) -> tuple[int, bytes] | None:
        """The next whole frame: its first byte and its payload."""
        buffer = self._buffer
        if len(buffer) < 2:  # noqa: PLR2004 - the least that a frame has
            return None
        size, at = buffer[1] & _LENGTH, 2
        if size in _SIZES:
            width = _SIZES[size]
            if len(buffer) < at + width:
                return None
            size = int.from_bytes(buffer[at : at + width])
            at += width
        mask = b""
        if buffer[1] & _MASKED:
            mask = bytes(buffer[at : at + 4])
            at += 4
        if len(buffer) < at + size:
            return None
        first, payload = buffer[0], bytes(buffer[at : at + size])
        del buffer[: at + size]
        return first, _unmasked(payload, mask) if mask else payload


def _unmasked(payload: bytes, mask: bytes) -> bytes:
    size = len(payload)
    pad = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload) ^ int.from_bytes(pad)).to_bytes(size)
