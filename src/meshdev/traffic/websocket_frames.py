"""WebSocket frames read along (RFC 6455 §5): how many messages pass in one direction, and how large they are. Sans-IO.

Bytes go in as they come and how they are cut changes nothing. Payloads are skipped, not kept and not unmasked; sizes
are those on the wire, so of compressed messages the compressed ones. No input raises: what is no WebSocket ends the
reading with `GaveUp`, once, and nothing that comes later is read. So does everything after a close frame, which both
ends discard, too.

What is checked is what must hold for the frames' bounds to be believed: known opcodes, masking (callers always,
callees never), no reserved bit without an extension, whole control frames of at most 125 bytes, fragments in order.
"""

from dataclasses import dataclass
from typing import Final

_CONTINUATION: Final = 0
_TEXT: Final = 1
_BINARY: Final = 2
_CLOSE: Final = 8
_PING: Final = 9
_PONG: Final = 10
_CONTROL: Final = 8  # this bit of the opcode
_KNOWN: Final = frozenset({_CONTINUATION, _TEXT, _BINARY, _CLOSE, _PING, _PONG})
_FIN: Final = 0x80
_RESERVED: Final = 0x70
_MASKED: Final = 0x80
_LENGTH: Final = 0x7F
_MASK_BYTES: Final = 4
_LEAST: Final = 2
_MOST_CONTROL_BYTES: Final = 125
_EXTENDED: Final = {126: 2, 127: 8}
_MOST_BYTES: Final = 1 << 63


@dataclass(frozen=True, slots=True)
class Message:
    """A whole message of so many bytes in all its frames."""

    text: bool
    size: int


@dataclass(frozen=True, slots=True)
class Control:
    """A ping, pong or close (``opcode`` 9, 10, 8) with so many bytes."""

    opcode: int
    size: int


@dataclass(frozen=True, slots=True)
class GaveUp:
    """Why nothing more is read."""

    reason: str


Event = Message | Control | GaveUp


class FrameScanner:
    """One direction of a WebSocket; ``masked`` for what the caller says.

    ``extended`` when the two agreed on extensions, which may use the reserved bits. ``messages`` counts whole ones.
    """

    __slots__ = (
        "_extended",
        "_fin",
        "_frame",
        "_head",
        "_left",
        "_masked",
        "_opcode",
        "_over",
        "_size",
        "_text",
        "messages",
    )

    def __init__(self, *, masked: bool, extended: bool = False) -> None:
        self._masked = masked
        self._extended = extended
        self._over = False
        self._head = b""  # of the current frame, as far as it is here
        self._opcode = 0
        self._fin = True
        self._frame = 0  # bytes of the current frame's payload
        self._left = 0  # of them, those that are yet to come
        self._text: bool | None = None  # the current message's kind; None between messages
        self._size = 0  # of its payload so far
        self.messages = 0

    def feed(self, data: bytes) -> list[Event]:
        """What ``data`` completes."""
        events: list[Event] = []
        at, size = 0, len(data)
        while at < size and not self._over:
            if self._left:
                taken = min(self._left, size - at)
                at += taken
                self._left -= taken
                if not self._left:
                    self._frame_ends(events)
                continue
            piece = data[at : at + self._head_size() - len(self._head)]
            at += len(piece)
            self._head += piece
            if len(self._head) == _LEAST and (reason := self._objection()):
                self._over = True
                events.append(GaveUp(reason))
            elif len(self._head) == self._head_size():
                self._frame_begins(events)
        return events

    def _head_size(self) -> int:
        head = self._head
        if len(head) < _LEAST:
            return _LEAST
        return _LEAST + _EXTENDED.get(head[1] & _LENGTH, 0) + (_MASK_BYTES if self._masked else 0)

    def _objection(self) -> str:
        """Why a frame cannot begin like this; empty when it can."""
        first, second = self._head
        opcode = first & 0x0F
        if opcode not in _KNOWN:
            return f"a frame with the opcode {opcode}"
        if first & _RESERVED and not self._extended:
            return "a frame with reserved bits, and no extension was agreed on"
        if bool(second & _MASKED) is not self._masked:
            return (
                "a frame of the callee is masked"
                if second & _MASKED
                else "a frame of the caller is not masked"
            )
        if opcode & _CONTROL:
            bad = not first & _FIN or second & _LENGTH > _MOST_CONTROL_BYTES
            return "a control frame that is too long or in fragments" if bad else ""
        if (opcode == _CONTINUATION) is not (self._text is None):
            return ""
        return "a message begins within another" if opcode else "a fragment of no message"

    def _frame_begins(self, events: list[Event]) -> None:
        head, self._head = self._head, b""
        size = head[1] & _LENGTH
        if size in _EXTENDED:
            size = int.from_bytes(head[_LEAST : _LEAST + _EXTENDED[size]])
        if size >= _MOST_BYTES:
            self._over = True
            events.append(GaveUp("a frame that is too long"))
            return
        self._fin = bool(head[0] & _FIN)
        self._opcode = head[0] & 0x0F
        self._left = self._frame = size
        if not self._opcode & _CONTROL:
            if self._opcode != _CONTINUATION:
                self._text, self._size = self._opcode == _TEXT, 0
            self._size += size
        if not size:
            self._frame_ends(events)

    def _frame_ends(self, events: list[Event]) -> None:
        if self._opcode & _CONTROL:
            events.append(Control(self._opcode, self._frame))
            self._over = self._opcode == _CLOSE
        elif self._fin:
            events.append(Message(bool(self._text), self._size))
            self.messages += 1
            self._text = None
