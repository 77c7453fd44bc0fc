"""Streams of HTTP/2 kept as they pass: what `capture` is to HTTP/1, for the streams that a scanner reads.

Rules: a stream collects references, and goes into the ring of its edge as it is; only what the recorder is told is
written (`traffic.protocols.http2.kept`), piece by piece if it grows large or lasts · heads and ends are kept beyond
every cap, so that it is known how a call ended of which too much was said · what is kept is what the caller said and
got, faults included · where an edge keeps nothing there are plain streams, and none of this is imported.
"""

from typing import TYPE_CHECKING, Final

from meshdev.mesh.capture import LASTS_AFTER, OVERHEAD, RING_BODY, EdgeCapture
from meshdev.traffic.protocols.http2.heads import Asked, Heard
from meshdev.traffic.protocols.http2.kept import PartKind, part
from meshdev.traffic.protocols.http2.scanner import Http2Scanner
from meshdev.traffic.protocols.http2.stream import Stream
from meshdev.traffic.protocols.operation import Operation, Scanner
from meshdev.wire.capture import Closed, Facts, Piece, Whole
from meshdev.wire.mesh import EdgeError

if TYPE_CHECKING:
    from meshdev.mesh.scanned_link import ScannedLink
    from meshdev.traffic.protocols.http2.hpack_blocks import Fields

_HEAD_COST: Final = 500  # bytes of memory that a head takes, or so
_LASTS_AFTER: Final = LASTS_AFTER / 1e6
_HEAD, _DATA, _END = PartKind.HEAD, PartKind.DATA, PartKind.END

Said = tuple[float, bool, PartKind, "bytes | Fields"]


class KeptStream(Stream):
    """A stream whose bytes are kept, too."""

    __slots__ = (
        "_capture",
        "_ended",
        "_error",
        "_instance",
        "_link",
        "_lost",
        "_number",
        "_said",
        "_seen",
        "_size",
    )

    def __init__(
        self, asked: Asked, now: float, size: int, capture: EdgeCapture, link: "ScannedLink"
    ) -> None:
        super().__init__(asked, now, size)
        self._link: ScannedLink | None = link
        self._capture = capture
        self._said: list[Said] = [(now, True, _HEAD, asked.fields)]
        self._size = [0, 0]  # bytes of bodies that are kept: heard, asked; -1 once something did not fit
        self._seen = [0, 0]  # and how many there were
        self._number = 0  # of a stream that goes piece by piece
        self._lost = False
        self._ended = 0.0
        self._error = self._instance = ""
        capture.underway.add(self)

    # --- what passes ------------------------------------------------------------------------------

    def passed(self, buffer: bytes, at: int, end: int, now: float, *, by_caller: bool) -> None:
        """More of a body."""
        super().passed(buffer, at, end, now, by_caller=by_caller)
        length = end - at
        if not length:
            return
        size = self._size
        self._seen[by_caller] += length
        capture = self._capture
        if capture.recorded and not self._number:
            large = size[by_caller] + length > RING_BODY
            if large or (not by_caller and now - self.started > _LASTS_AFTER):
                self.lasts()
        kept = size[by_caller]
        if kept < 0 or kept + length > (capture.body_cap if self._number else RING_BODY):
            size[by_caller] = -1
            return
        size[by_caller] = kept + length
        self._add((now, by_caller, _DATA, buffer[at:end]))

    def heard(self, head: Heard, now: float) -> None:
        """A head of the callee's, or its trailers."""
        super().heard(head, now)
        self._add((now, False, _HEAD, head.fields))

    def asked_all(self, now: float) -> None:
        """The caller has said all."""
        self._add((now, True, _END, b""))

    def answered(self, now: float) -> Operation:
        """The callee has said all."""
        self._add((now, False, _END, b""))
        self._end(now, "")
        return super().answered(now)

    def reset(self, now: float, error: int, *, by_caller: bool) -> Operation:
        """One side has reset it."""
        self._end(now, EdgeError.CALLER_RESET if by_caller else EdgeError.CALLEE_RESET)
        return super().reset(now, error, by_caller=by_caller)

    def lost(self, now: float, code: str = "") -> Operation:
        """No answer will come."""
        self._end(now, EdgeError.CALLEE_RESET)
        return super().lost(now, code)

    def given_up(self, now: float) -> None:
        """Nothing more of it can be read."""
        self._end(now, EdgeError.REFUSED_MESSAGE)

    # --- what becomes of it -----------------------------------------------------------------------

    @property
    def cost(self) -> int:
        """Bytes of memory, or so."""
        asked, heard = self._size
        return max(0, asked) + max(0, heard) + OVERHEAD + 2 * _HEAD_COST

    def lasts(self) -> None:
        """It goes on for long: what there is of it shall not wait for its end."""
        if not self._number and self._capture.recorded:
            self._number = self._capture.open(self.started)
            if self._number:
                said, self._said = self._said, []
                for one in said:
                    self._tell(one)

    def whole(self, edge: int) -> Whole:
        """All of it, written."""
        ways: tuple[list[bytes], list[bytes]] = ([], [])
        times: tuple[list[tuple[int, int]], list[tuple[int, int]]] = ([], [])
        sizes = [0, 0]
        for now, asked, kind, content in self._said:
            data = part(kind, content)
            times[asked].append((sizes[asked], int((now - self.started) * 1e6)))
            ways[asked].append(data)
            sizes[asked] += len(data)
        heard, asked_at = times
        took = int((self._ended - self.started) * 1e6)
        return Whole(
            edge,
            self.started,
            took,
            b"".join(ways[1]),
            b"".join(ways[0]),
            self._facts(),
            asked_at[-1][1],
            heard[0][1] if heard else took,
            tuple(heard) if len(heard) > 1 else (),
            sizes[1] + self._missing(asked=True),
            sizes[0] + self._missing(asked=False),
            sends=tuple(asked_at) if len(asked_at) > 1 else (),
        )

    def _missing(self, *, asked: bool) -> int:
        return self._seen[asked] - sum(
            [len(one[3]) for one in self._said if one[1] is asked and one[2] is _DATA]
        )

    def _add(self, said: Said) -> None:
        if self._number:
            self._tell(said)
        else:
            self._said.append(said)

    def _tell(self, said: Said) -> None:
        if not self._lost:
            now, asked, kind, content = said
            data = part(kind, content)
            self._seen[asked] += len(data) - (len(content) if kind is _DATA else 0)
            at = int((now - self.started) * 1e6)
            self._lost = not self._capture.piece(Piece(self._number, asked, at, data))

    def _facts(self) -> Facts:
        asked = self.asked
        ids = f"{asked.trace}-".encode() if asked.trace else b""
        by = self.answered_by if self.status else ""
        return Facts(self._instance, ids, self.status, self._error, by, 0, self.faults)

    def _end(self, now: float, error: str) -> None:
        capture, link = self._capture, self._link
        capture.underway.discard(self)
        if link is None:
            return
        self._link = None  # the ring shall not hold a connection
        upstream = link.upstream
        self._instance = upstream.instance if upstream is not None else ""
        self._ended, self._error = now, error
        if self._number:
            took = int((now - self.started) * 1e6)
            heard, asked = self._seen
            capture.close(Closed(self._number, took, self._facts(), asked, heard, self._lost))
        else:
            capture.keep_stream(self)


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
