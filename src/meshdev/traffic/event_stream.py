"""Server-sent events read along (WHATWG HTML §9.2.6): how many events an answer has brought so far. Sans-IO.

An event is what a blank line ends and at least one ``data`` line belongs to; comments (``: keep-alive``), retry times
and ids alone are none. How the bytes are cut changes nothing, long lines are not kept, and no input raises.

Answers mostly come in chunks; `Unchunked` takes the chunks' own lines out. It expects what `http1_body` has checked.
"""

import re
from typing import Final

from meshdev.traffic.http1_head import Framing, ResponseHead

HINT: Final = b"event-stream"  # in a head without these bytes nothing is looked at more closely
_EVENTS: Final = re.compile(rb"\r\ncontent-type:[\t ]*text/event-stream[\t ]*[;\r]")
_CODED: Final = re.compile(rb"\r\ncontent-encoding:[\t ]*+(?!identity[\t ]*+\r)[^\r]")
_NAME: Final = b"data"
_KEPT: Final = len(_NAME) + 1
_BOM: Final = b"\xef\xbb\xbf"
_ENDS: Final = (13, 10)
_MOST_SIZE_DIGITS: Final = 16
_OK: Final = 200


def brings_events(head: ResponseHead) -> bool:
    """Whether this answer is a stream of events."""
    return HINT in head.raw and head.status == _OK and _EVENTS.search(head.raw.lower()) is not None


def readable_events(head: ResponseHead) -> "EventCounter | None":
    """What counts the events of an answer that brings some; None when they are compressed."""
    coded = _CODED.search(head.raw.lower()) is not None
    return None if coded else EventCounter(chunked=head.framing is Framing.CHUNKED)


class Unchunked:
    """Takes the framing out of a chunked body: sizes, extensions, trailers."""

    __slots__ = ("_left", "_line", "over")

    def __init__(self) -> None:
        self._left = 0  # of the current chunk, with the CR LF behind it
        self._line = b""
        self.over = False  # whether the last chunk has begun

    def feed(self, data: bytes) -> list[bytes]:
        """The pieces of content in ``data``."""
        found: list[bytes] = []
        at, size = 0, len(data)
        while at < size and not self.over:
            if self._left:
                taken = min(self._left, size - at)
                content = min(taken, max(0, self._left - len(b"\r\n")))
                if content:
                    found.append(data[at : at + content])
                self._left -= taken
                at += taken
                continue
            end = data.find(b"\n", at)
            self._line = (self._line + data[at : end + 1 if end >= 0 else size])[:_MOST_SIZE_DIGITS]
            at = end + 1 if end >= 0 else size
            if end >= 0:
                self._chunk_begins()
        return found

    def _chunk_begins(self) -> None:
        line, self._line = self._line, b""
        try:
            size = int(line.partition(b";")[0].strip(), 16)
        except ValueError:
            size = 0
        self.over = size <= 0  # the last chunk; what follows are trailers
        self._left = size + len(b"\r\n") if size > 0 else 0


class EventCounter:
    """Counts the events of one answer in ``events``; ``chunked`` if its body is."""

    __slots__ = ("_after_cr", "_beginning", "_chunks", "_has_data", "_line", "events")

    def __init__(self, *, chunked: bool = False) -> None:
        self._chunks = Unchunked() if chunked else None
        self._beginning = b""  # of the stream, while it may be a byte order mark
        self._line = b""  # the beginning of the current line
        self._after_cr = False  # whether an LF would belong to the line before
        self._has_data = False
        self.events = 0

    def feed(self, data: bytes) -> None:
        """Read the next piece of the body."""
        for piece in (data,) if self._chunks is None else self._chunks.feed(data):
            self._read(piece)

    def _read(self, data: bytes) -> None:
        if self._after_cr and data.startswith(b"\n"):
            data = data[1:]
        elif not data:
            return
        self._after_cr = data.endswith(b"\r")
        for line in data.splitlines(keepends=True):
            ended = line[-1] in _ENDS
            room = _KEPT + len(_BOM) - len(self._line)
            if room > 0:
                self._line += line.rstrip(b"\r\n")[:room] if ended else line[:room]
            if ended:
                self._line_ends()

    def _line_ends(self) -> None:
        line, self._line = self._line, b""
        if not self.events and not self._has_data:
            line = line.removeprefix(_BOM)
        if not line:
            self.events += self._has_data
            self._has_data = False
        elif line.partition(b":")[0] == _NAME:
            self._has_data = True
