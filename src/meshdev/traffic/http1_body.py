"""Where the body of an HTTP/1.x message ends: by count, by chunks (RFC 9112 §7.1), or with the connection.

`scan(data, start)` gives the offset up to which bytes belong to the body and are in order; what is left is needed
again with more behind it (a line that is not complete), or belongs to whatever follows once `done`. Lines are bounded.
"""

import re
from typing import Final, Protocol

from meshdev.traffic.http1_head import BadMessageError, is_field_line

MOST_LINE_BYTES: Final = 8 * 1024
MOST_TRAILER_BYTES: Final = 64 * 1024
_SIZE_LINE: Final = re.compile(rb"([0-9A-Fa-f]{1,15})(?:;[\t\x20-\x7e\x80-\xff]*+)?\r\n")
_SIZE_SO_FAR: Final = re.compile(rb"[0-9A-Fa-f]{0,15}(?:;[\t\x20-\x7e\x80-\xff]*+)?\r?")
_CRLF: Final = b"\r\n"


class Body(Protocol):
    """A body being read."""

    done: bool

    def scan(self, data: bytes, start: int) -> int:
        """The offset up to which the body is known to be in order. Raises BadMessageError."""


class Counted:
    """A body of as many bytes as were announced."""

    __slots__ = ("done", "left")

    def __init__(self, length: int) -> None:
        self.left = length
        self.done = length == 0

    def scan(self, data: bytes, start: int) -> int:
        """Count."""
        taken = min(self.left, len(data) - start)
        self.left -= taken
        self.done = self.left == 0
        return start + taken


class Endless:
    """A body that ends with the connection."""

    __slots__ = ("done",)

    def __init__(self) -> None:
        self.done = False

    def scan(self, data: bytes, start: int) -> int:
        """Everything belongs to it."""
        del start
        return len(data)


class Chunked:
    """A chunked body with its trailers."""

    __slots__ = ("_in_trailers", "_left", "_trailer_bytes", "done")

    def __init__(self) -> None:
        self.done = False
        self._left = 0  # bytes of the current chunk, its CR LF included
        self._in_trailers = False
        self._trailer_bytes = 0

    def scan(self, data: bytes, start: int) -> int:
        """Walk from line to line."""
        at, size = start, len(data)
        while at < size and not self.done:
            if self._left > len(_CRLF):
                taken = min(self._left - len(_CRLF), size - at)
                self._left -= taken
                at += taken
            elif self._left:
                if at + 1 == size and data[at] == _CRLF[0]:
                    return at  # given out together with its LF, or not at all
                if not data.startswith(_CRLF, at):
                    raise BadMessageError("a chunk is longer than it says", good=at)
                self._left = 0
                at += len(_CRLF)
            else:
                end = data.find(_CRLF, at, at + MOST_LINE_BYTES)
                if end < 0:
                    self._check_incomplete(data, at)
                    return at
                end += len(_CRLF)
                (self._trailer if self._in_trailers else self._size)(data, at, end)
                at = end
        return at

    def _size(self, data: bytes, at: int, end: int) -> None:
        match = _SIZE_LINE.fullmatch(data, at, end)
        if match is None:
            raise BadMessageError("a malformed chunk size", good=at)
        size = int(match[1], 16)
        self._left = size + len(_CRLF) if size else 0
        self._in_trailers = size == 0

    def _trailer(self, data: bytes, at: int, end: int) -> None:
        if end - at == len(_CRLF):
            self.done = True
            return
        self._trailer_bytes += end - at
        if self._trailer_bytes > MOST_TRAILER_BYTES or not is_field_line(data[at:end]):
            raise BadMessageError("a malformed trailer", good=at)

    def _check_incomplete(self, data: bytes, at: int) -> None:
        """Refuse early what no further byte can mend, so that a peer does not wait for ever."""
        if len(data) - at >= MOST_LINE_BYTES:
            raise BadMessageError(
                "a malformed trailer" if self._in_trailers else "a malformed chunk size", good=at
            )
        if self._in_trailers:
            if b"\n" in data[at:]:
                raise BadMessageError("a malformed trailer", good=at)
        elif _SIZE_SO_FAR.fullmatch(data, at) is None:
            raise BadMessageError("a malformed chunk size", good=at)
