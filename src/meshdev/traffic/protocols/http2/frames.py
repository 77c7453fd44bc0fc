"""Frames of HTTP/2 (RFC 9113 §4, §6): their numbers, and how they are written."""

from collections.abc import Iterator
from enum import IntEnum
from struct import Struct
from typing import Final, NamedTuple

PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HEAD: Final = Struct(">HBBBI")  # length (16 + 8 bits), type, flags, stream
HEAD_SIZE: Final = 9
STREAM: Final = 0x7FFFFFFF  # without the reserved bit
FIRST_FRAME_SIZE: Final = 16384  # what a peer takes that says nothing else
NUMBER: Final = Struct(">I")
SETTING: Final = Struct(">HI")
FIRST_TABLE_SIZE: Final = 4096


class Frame(IntEnum):
    """Types that matter here."""

    DATA = 0
    HEADERS = 1
    PRIORITY = 2
    RST_STREAM = 3
    SETTINGS = 4
    PUSH_PROMISE = 5
    PING = 6
    GOAWAY = 7
    WINDOW_UPDATE = 8
    CONTINUATION = 9


END_STREAM: Final = 0x1
ACK: Final = 0x1
END_HEADERS: Final = 0x4
PADDED: Final = 0x8
PRIORITY: Final = 0x20
PRIORITY_SIZE: Final = 5
HEADER_TABLE_SIZE: Final = 0x1  # a setting
MAX_FRAME_SIZE: Final = 0x5


class Error(IntEnum):
    """Why a stream or a connection ends (§7)."""

    NO_ERROR = 0
    PROTOCOL_ERROR = 1
    INTERNAL_ERROR = 2
    FLOW_CONTROL_ERROR = 3
    SETTINGS_TIMEOUT = 4
    STREAM_CLOSED = 5
    FRAME_SIZE_ERROR = 6
    REFUSED_STREAM = 7
    CANCEL = 8
    COMPRESSION_ERROR = 9
    CONNECT_ERROR = 10
    ENHANCE_YOUR_CALM = 11
    INADEQUATE_SECURITY = 12
    HTTP_1_1_REQUIRED = 13


def begins_http2(said: bytes) -> bool:
    """Whether a caller begins with HTTP/2, as far as it has said anything."""
    return said.startswith(PREFACE) or PREFACE.startswith(said)


def error_name(code: int) -> str:
    """The name of an error, or its number."""
    return Error(code).name if code <= Error.HTTP_1_1_REQUIRED else f"error {code}"


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """One frame."""
    length = len(payload)
    return HEAD.pack(length >> 8, length & 0xFF, kind, flags, stream) + payload


class Whole(NamedTuple):
    """A frame as it came; ``raw`` is all of it."""

    kind: int
    flags: int
    stream: int
    raw: bytes

    @property
    def payload(self) -> bytes:
        """What follows its head."""
        return self.raw[HEAD_SIZE:]


def whole_frames(buffer: bytearray) -> Iterator[Whole]:
    """The frames that are whole, taken out of ``buffer`` once all of them were looked at."""
    at = 0
    while len(buffer) - at >= HEAD_SIZE:
        high, low, kind, flags, stream = HEAD.unpack_from(buffer, at)
        end = at + HEAD_SIZE + (high << 8 | low)
        if end > len(buffer):
            break
        yield Whole(kind, flags, stream & STREAM, bytes(buffer[at:end]))
        at = end
    del buffer[:at]


def header_frames(stream: int, block: bytes, most: int, *, ends: bool) -> bytes:
    """A header block in as many frames as it needs when none may have more than ``most`` bytes."""
    flags = END_STREAM if ends else 0
    if len(block) <= most:
        return frame(Frame.HEADERS, flags | END_HEADERS, stream, block)
    out = [frame(Frame.HEADERS, flags, stream, block[:most])]
    for at in range(most, len(block), most):
        last = END_HEADERS if at + most >= len(block) else 0
        out.append(frame(Frame.CONTINUATION, last, stream, block[at : at + most]))
    return b"".join(out)


def reset_frame(stream: int, error: int) -> bytes:
    """A stream is over."""
    return frame(Frame.RST_STREAM, 0, stream, NUMBER.pack(error))


def window_frame(stream: int, size: int) -> bytes:
    """So many bytes more may be sent."""
    return frame(Frame.WINDOW_UPDATE, 0, stream, NUMBER.pack(size))


def bare(payload: bytes, flags: int, *, prioritised: bool = False) -> bytes | None:
    """A payload without padding and priority; None when it cannot be."""
    begin, end = 0, len(payload)
    if flags & PADDED:
        if not payload:
            return None
        begin, end = 1, end - payload[0]
    if prioritised and flags & PRIORITY:
        begin += PRIORITY_SIZE
    return payload[begin:end] if begin <= end else None


def settings_of(payload: bytes) -> dict[int, int]:
    """What a SETTINGS frame sets."""
    whole = len(payload) - len(payload) % SETTING.size
    return dict(SETTING.iter_unpack(payload[:whole]))
