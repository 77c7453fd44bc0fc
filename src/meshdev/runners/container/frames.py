"""Streams of a container told apart: frames of eight bytes' head (stream, length) and payload. Sans-IO."""

from collections.abc import Iterator

_HEAD = 8
STDOUT, STDERR = 1, 2


class Frames:
    """Takes bytes in any pieces, gives whole frames as (stream, payload)."""

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """The frames that ``data`` completes, in order. To be used up before the next call."""
        buffer = self._buffer + data if self._buffer else data
        position, size = 0, len(buffer)
        while position + _HEAD <= size:
            end = position + _HEAD + int.from_bytes(buffer[position + 4 : position + _HEAD], "big")
            if end > size:
                break
            yield buffer[position], buffer[position + _HEAD : end]
            position = end
        self._buffer = buffer[position:]
