"""What passes an HTTP edge, kept as it was: in a ring of the last exchanges, and on its way to the recorder.

Rules: what is kept are references to the bytes that pass anyway, nothing is copied or looked at here · the ring is
bounded in bytes, of one body it keeps `RING_BODY` bytes, and at most `MOST_KEPT` exchanges are put in between two
telemetry frames, as many as are told one by one: a flood would push out everything anyway · while the edge is recorded,
an exchange that grows large or lasts goes to the recorder piece by piece, so that it needs no memory here, and of each
direction the policy's ``body_cap`` bytes; all others go as a whole when they are over · nothing here ever holds up a
byte.

On the hot path (a request without a body over a kept connection, answered in one piece) an exchange costs one call and
one tuple (`EdgeCapture.keep`). All others have a `Take`.
"""

from collections import deque
from time import perf_counter
from typing import Final, Protocol

from msgspec.structs import replace

from meshdev.mesh.exchanges import UNMARKED, Marks
from meshdev.mesh.recorder_link import RecorderLink
from meshdev.wire.capture import Closed, Facts, Opened, Piece, Whole
from meshdev.wire.mesh import EdgeKey, EdgePolicy

MOST_KEPT: Final = 500
ENDLESS: Final = 1 << 62
RING_BODY: Final = 64 * 1024
LASTS_AFTER: Final = 500_000  # microseconds from when on an answer that still comes is told piece by piece
OVERHEAD: Final = 600  # bytes of memory that an exchange takes beside its bytes, or so


class Lasting(Protocol):
    """Something under way that the recorder may be told of before its end."""

    def lasts(self) -> None:
        """It goes on for long."""
        ...


class Kept(Protocol):
    """A stream that is over (`stream_capture`); ``cost`` are bytes of memory, or so."""

    @property
    def cost(self) -> int:
        """As long as it lives in the ring."""
        ...

    def whole(self, edge: int, /) -> Whole:
        """All of it, written."""
        ...


Plain = tuple[bytes, float, float, int, bytes, str, bytes]


class EdgeCapture:
    """One edge's ring, and its way to the recorder."""

    __slots__ = (
        "_key",
        "_limit",
        "_link",
        "_number",
        "_ring",
        "_size",
        "body_cap",
        "recorded",
        "room",
        "underway",
    )

    def __init__(self, number: int, key: EdgeKey, link: RecorderLink) -> None:
        self._number = number
        self._key = key
        self._link = link
        self._limit = 0
        self._ring: deque[Plain | Whole | Kept] = deque()
        self._size = 0
        self.recorded = False
        self.room = 0  # exchanges that may be taken before the next telemetry frame
        self.body_cap = 0
        self.underway: set[Lasting] = set()  # streams, which may go on for long without a word

    def adopt(self, policy: EdgePolicy) -> None:
        """Keep and tell as much as ``policy`` says."""
        self._limit = policy.keep
        if self.recorded and not policy.recorded:
            for take in self.underway:
                take.lasts()
        self.recorded = policy.recorded
        self.body_cap = policy.body_cap
        self.refill()
        self._trim()

    def refill(self) -> None:
        """A telemetry frame has been told: there is room again."""
        self.room = ENDLESS if self.recorded else MOST_KEPT

    def keep(
        self, request: bytes, started: float, status: int, answer: bytes, instance: str, ids: bytes
    ) -> None:
        """A plain exchange that is over now."""
        self.room -= 1
        item = (request, started, perf_counter(), status, answer, instance, ids)
        self._ring.append(item)
        self._size += len(answer) + len(request) + OVERHEAD
        if self._size > self._limit:
            self._trim()
        if self.recorded:
            self._send(_whole(self._number, item))

    def keep_whole(self, item: Whole) -> None:
        """Any other exchange that is over now and went not in pieces."""
        self.room -= 1
        self._ring.append(item)
        self._size += _cost(item)
        if self._size > self._limit:
            self._trim()
        if self.recorded:
            self._send(item)

    def keep_stream(self, stream: "Kept") -> None:
        """A stream that is over now and went not in pieces; it is written only when somebody wants it."""
        self.room -= 1
        self._ring.append(stream)
        self._size += stream.cost
        if self._size > self._limit:
            self._trim()
        if self.recorded:
            self._send(stream.whole(self._number))

    def dump(self, token: int, since: float, span: bytes = b"") -> None:
        """Send the recorder what is in the ring and began at ``since`` (`perf_counter`) or later.

        With a ``span``, only the exchange that has it.
        """
        for item in self._ring:
            if span and not _ids_of(item).endswith(span):
                continue
            if isinstance(item, tuple):
                whole = _whole(self._number, item)
            else:
                whole = item if isinstance(item, Whole) else item.whole(self._number)
            if whole.started >= since:
                self._send(replace(whole, token=token))

    def open(self, started: float) -> int:
        """Begin an exchange that goes piece by piece; its number, 0 when there is no room."""
        number = self._link.next_take()
        opened = Opened(number, self._number, started)
        if self._link.add(self._number, self._key, opened, 0):
            return number
        self._link.lose()
        return 0

    def piece(self, piece: Piece) -> bool:
        """Send one; False when there is no room."""
        return self._link.add(self._number, self._key, piece, len(piece.data))

    def close(self, closed: Closed) -> None:
        """One that went piece by piece is over."""
        if not self._link.add(self._number, self._key, closed, 0):
            self._link.lose()

    @property
    def number(self) -> int:
        """The edge's, in messages."""
        return self._number

    def _send(self, item: Whole) -> None:
        if not self._link.add(self._number, self._key, item, len(item.request) + len(item.answer)):
            self._link.lose()

    def _trim(self) -> None:
        ring = self._ring
        while self._size > self._limit and ring:
            old = ring.popleft()
            if isinstance(old, tuple):
                self._size -= len(old[4]) + len(old[0]) + OVERHEAD
            else:
                self._size -= _cost(old) if isinstance(old, Whole) else old.cost


class _Way:
    """What goes one way: how much there was, and what is kept of it; once something did not fit nothing more is."""

    __slots__ = ("full", "kept", "pieces", "seen")

    def __init__(self) -> None:
        self.seen = 0
        self.kept = 0
        self.full = False
        self.pieces: list[tuple[int, bytes]] = []

    def has_room(self, size: int, most: int) -> bool:
        """Whether ``size`` bytes more are to be kept."""
        self.full = self.full or self.kept + size > most
        self.kept += 0 if self.full else size
        return not self.full


class Take:
    """One exchange on its way: what its caller asks and hears, in pieces."""

    __slots__ = ("_asked", "_capture", "_heard", "_lost", "_number", "_sent", "_started")

    def __init__(self, capture: EdgeCapture, head: bytes, started: float) -> None:
        self._capture = capture
        self._started = started
        self._asked = _Way()
        self._heard = _Way()
        self._sent = 0
        self._number = 0  # of an exchange that goes piece by piece
        self._lost = False
        self._add(self._asked, 0, head)

    def ask(self, data: bytes) -> None:
        """More of the request, or of what the caller says in a tunnel."""
        self._sent = self._now()
        self._add(self._asked, self._sent, data)

    def hear(self, data: bytes) -> None:
        """More of the answer, or of what the callee says in a tunnel."""
        at = self._now()
        if at > LASTS_AFTER:
            self.lasts()
        self._add(self._heard, at, data)

    def lasts(self) -> None:
        """It goes on for long: what there is of it shall not wait for its end."""
        if not self._number and self._capture.recorded:
            self._begin()

    def over(self, status: int, instance: str, ids: bytes, error: str, marks: Marks = UNMARKED) -> None:
        """Nothing more of it comes."""
        facts = Facts(instance, ids, status, error, marks.by, marks.retries, marks.faults)
        now, sizes = self._now(), (self._asked.seen, self._heard.seen)
        if self._number:
            self._capture.close(Closed(self._number, now, facts, *sizes, self._lost))
            return
        heard = self._heard.pieces
        asked = self._asked.pieces
        request = b"".join([data for _, data in asked])
        answer = b"".join([data for _, data in heard])
        first = heard[0][0] if heard else now
        times = self._sent, first, _offsets(heard)
        began = self._capture.number, self._started, now
        self._capture.keep_whole(Whole(*began, request, answer, facts, *times, *sizes, sends=_offsets(asked)))

    def _now(self) -> int:
        return int((perf_counter() - self._started) * 1e6)

    def _add(self, way: _Way, at: int, data: bytes) -> None:
        size = len(data)
        way.seen += size
        if not self._number and not way.full and way.kept + size > RING_BODY and self._capture.recorded:
            self._begin()
        if not way.has_room(size, self._capture.body_cap if self._number else RING_BODY):
            return
        if self._number:
            self._tell(Piece(self._number, way is self._asked, at, data))
        else:
            way.pieces.append((at, data))

    def _begin(self) -> None:
        self._number = self._capture.open(self._started)
        if self._number:
            for way in (self._asked, self._heard):
                for at, data in way.pieces:
                    self._tell(Piece(self._number, way is self._asked, at, data))
                way.pieces = []

    def _tell(self, piece: Piece) -> None:
        if not self._lost and not self._capture.piece(piece):
            self._lost = True


def _offsets(pieces: list[tuple[int, bytes]]) -> tuple[tuple[int, int], ...]:
    if len(pieces) < 2:  # noqa: PLR2004 - it came at once
        return ()
    found = []
    offset = 0
    for at, data in pieces:
        found.append((offset, at))
        offset += len(data)
    return tuple(found)


def _ids_of(item: "Plain | Whole | Kept") -> bytes:
    """Its trace and its span; a stream has none."""
    if isinstance(item, tuple):
        return item[6]
    return item.facts.ids if isinstance(item, Whole) else b""


def _whole(edge: int, item: Plain) -> Whole:
    request, started, ended, status, answer, instance, ids = item
    took = int((ended - started) * 1e6)
    facts = Facts(instance, ids, status)
    return Whole(edge, started, took, request, answer, facts, 0, took)


def _cost(item: Whole) -> int:
    return len(item.request) + len(item.answer) + OVERHEAD
