"""Frames on a byte stream: four bytes of length (big-endian), then that many bytes of body.

Bounded on both sides: a frame that is too large is refused when it is written, and when its length is read, so a
peer that has gone wrong can never make us buffer without end.
"""

from typing import Final

LENGTH_BYTES: Final = 4
MOST_BYTES: Final = 16 * 1024 * 1024


class FrameError(ValueError):
    """The stream is not one of ours, or a frame is larger than `MOST_BYTES`; the connection is of no more use."""


def frame(body: bytes) -> bytes:
    """The bytes that carry ``body``. Raises FrameError when it is too large."""
    if len(body) > MOST_BYTES:
        msg = f"a frame of {len(body)} bytes is over the limit of {MOST_BYTES}"
        raise FrameError(msg)
    return len(body).to_bytes(LENGTH_BYTES, "big") + body


class FrameReader:
    """Takes the stream in any pieces and gives back whole bodies, in order."""

    __slots__ = ("_buffer",)

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The bodies that are complete now. Raises FrameError when the announced length is over the limit."""
        buffer = self._buffer
        buffer += data
        bodies: list[bytes] = []
        start = 0
        while len(buffer) - start >= LENGTH_BYTES:
            begin = start + LENGTH_BYTES
            size = int.from_bytes(buffer[start:begin], "big")
            if size > MOST_BYTES:
                msg = f"the stream announces a frame of {size} bytes, over the limit of {MOST_BYTES}"
                raise FrameError(msg)
            if len(buffer) - begin < size:
                break
            bodies.append(bytes(buffer[begin : begin + size]))
            start = begin + size
        del buffer[:start]
        return bodies

    @property
    def pending(self) -> int:
        """Bytes of a frame that is not complete yet."""
        return len(self._buffer)
