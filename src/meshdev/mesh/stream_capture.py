"""Streams of HTTP/2 kept as they pass: what `capture` is to HTTP/1, for the streams that a scanner reads.

Rules: a stream goes into the edge's ring, and to the recorder, as `traffic.protocols.http2.kept` writes it · heads and
ends are kept beyond every cap, so that it is known how a call ended of which too much was said · what is kept is what
the caller said and got, faults included · where an edge keeps nothing there are plain streams, and none of this is
imported.
"""

from typing import TYPE_CHECKING

from meshdev.mesh.capture import EdgeCapture, Take
from meshdev.mesh.exchanges import Marks
from meshdev.traffic.protocols.http2.heads import Asked, Heard
from meshdev.traffic.protocols.http2.kept import END_PART, data_part, head_part
from meshdev.traffic.protocols.http2.scanner import Http2Scanner
from meshdev.traffic.protocols.http2.stream import Stream
from meshdev.traffic.protocols.operation import Operation, Scanner
from meshdev.wire.capture import Piece
from meshdev.wire.mesh import EdgeError

if TYPE_CHECKING:
    from meshdev.mesh.scanned_link import ScannedLink


class StreamTake(Take):
    """One stream on its way."""

    __slots__ = ()

    def __init__(self, capture: EdgeCapture, head: bytes, started: float) -> None:
        super().__init__(capture, head, started)
        capture.underway.add(self)

    def must(self, part: bytes, *, asked: bool) -> None:
        """Keep a part that has to be there, whatever the cap says."""
        way = self._asked if asked else self._heard
        at = self._now()
        if asked:
            self._sent = at
        way.seen += len(part)
        way.kept += len(part)
        if self._number:
            self._tell(Piece(self._number, asked, at, part))
        else:
            way.pieces.append((at, part))

    def ends(self, status: int, instance: str, ids: bytes, error: str, marks: Marks) -> None:
        """Nothing more of it comes."""
        self._capture.underway.discard(self)
        self.over(status, instance, ids, error, marks)


class KeptStream(Stream):
    """A stream whose bytes are kept, too."""

    __slots__ = ("_link", "_take")

    def __init__(
        self, asked: Asked, now: float, size: int, capture: EdgeCapture, link: "ScannedLink"
    ) -> None:
        super().__init__(asked, now, size)
        self._link = link
        self._take = StreamTake(capture, head_part(asked.fields), now)

    def passed(self, buffer: bytes, at: int, end: int, *, by_caller: bool) -> None:
        """More of a body."""
        super().passed(buffer, at, end, by_caller=by_caller)
        if at < end:
            part = data_part(buffer[at:end])
            if by_caller:
                self._take.ask(part)
            else:
                self._take.hear(part)

    def heard(self, head: Heard) -> None:
        """A head of the callee's, or its trailers."""
        super().heard(head)
        self._take.must(head_part(head.fields), asked=False)

    def asked_all(self) -> None:
        """The caller has said all."""
        self._take.must(END_PART, asked=True)

    def answered(self, now: float) -> Operation:
        """The callee has said all."""
        self._take.must(END_PART, asked=False)
        self._end("")
        return super().answered(now)

    def reset(self, now: float, error: int, *, by_caller: bool) -> Operation:
        """One side has reset it."""
        self._end(EdgeError.CALLER_RESET if by_caller else EdgeError.CALLEE_RESET)
        return super().reset(now, error, by_caller=by_caller)

    def lost(self, now: float, code: str = "") -> Operation:
        """No answer will come."""
        self._end(EdgeError.CALLEE_RESET)
        return super().lost(now, code)

    def given_up(self) -> None:
        """Nothing more of it can be read."""
        self._end(EdgeError.REFUSED_MESSAGE)

    def _end(self, error: str) -> None:
        upstream = self._link.upstream
        asked = self.asked
        ids = f"{asked.trace}-".encode()
        marks = Marks(by=self.answered_by if self.status else "", faults=self.faults)
        instance = upstream.instance if upstream is not None else ""
        self._take.ends(self.status, instance, ids, error, marks)


class Streams:
    """Has the streams of one link kept, as long as its edge keeps anything."""

    __slots__ = ("_link",)

    def __init__(self, link: "ScannedLink") -> None:
        self._link = link

    def opened(self, asked: Asked, now: float, size: int) -> Stream:
        """A new stream."""
        capture = self._link.edge.capture
        if capture is None or not capture.room:
            return Stream(asked, now, size)
        return KeptStream(asked, now, size, capture, self._link)


def keep_streams(link: "ScannedLink", scanner: Scanner) -> None:
    """From now on the streams of ``link``, which ``scanner`` reads, are kept."""
    if isinstance(scanner, Http2Scanner) and not scanner.keeps:
        scanner.keep(Streams(link).opened)
