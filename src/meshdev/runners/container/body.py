"""The body of an engine's answer, as it comes: head, then chunks (or bytes until the end). Sans-IO.

Only what engines say: HTTP/1.1, one answer a connection. `Answer.feed` gives the pieces of the body; with a status
that is not one of success the whole body is kept in `Answer.complaint` instead.
"""

import json

_HEAD_MOST = 64 * 1024


class BadAnswer(ValueError):  # noqa: N818 -- what it is
    """What came is no HTTP answer."""


class Answer:
    """One answer while it arrives."""

    def __init__(self) -> None:
        self.status = 0
        self.ended = False
        self._buffer = b""
        self._chunked = False
        self._left = 0  # bytes of the chunk in hand, with its CRLF
        self._said = b""

    def feed(self, data: bytes) -> bytes:
        """The bytes of the body that ``data`` completes. Raises BadAnswer."""
        self._buffer += data
        if not self.status and not self._head():
            return b""
        body = self._chunks() if self._chunked else self._take()
        if self.status >= 300:  # noqa: PLR2004
            self._said += body
            return b""
        return body

    @property
    def complaint(self) -> str:
        """What the engine says about its refusal."""
        text = self._said.decode(errors="replace").strip()
        try:
            return str(json.loads(text)["message"])
        except (ValueError, KeyError, TypeError):
            return text or f"status {self.status}"

    def _take(self) -> bytes:
        body, self._buffer = self._buffer, b""
        return body

    def _head(self) -> bool:
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            if len(self._buffer) > _HEAD_MOST:
                raise BadAnswer("a head without an end")
            return False
        first, *fields = head.split(b"\r\n")
        words = first.split(b" ", 2)
        if not words[0].startswith(b"HTTP/1.") or len(words) < 2 or not words[1].isdigit():  # noqa: PLR2004
            raise BadAnswer(f"no HTTP answer: {first[:80]!r}")
        self.status = int(words[1])
        lowered = [field.lower().replace(b" ", b"") for field in fields]
        self._chunked = b"transfer-encoding:chunked" in lowered
        self._buffer = rest
        return True

    def _chunks(self) -> bytes:
        buffer, position, left = self._buffer, 0, self._left
        pieces: list[bytes] = []
        while not self.ended:
            if left:
                piece = buffer[position : position + left]
                if not piece:
                    break
                pieces.append(piece[: max(0, left - 2)])  # the last two bytes of a chunk are its CRLF
                position += len(piece)
                left -= len(piece)
                continue
            end = buffer.find(b"\r\n", position)
            if end < 0:
                break
            size = _size(buffer[position:end])
            position = end + 2
            if size == 0:
                self.ended = True
            left = size + 2
        self._buffer, self._left = buffer[position:], left
        return b"".join(pieces)


def _size(line: bytes) -> int:
    try:
        return int(line.partition(b";")[0], 16)
    except ValueError:
        raise BadAnswer(f"no chunk: {line[:40]!r}") from None
