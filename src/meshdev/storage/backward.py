"""Reading one node's log backwards, chunk by chunk, without reading what is not asked for.

Rules: begins at the end as it is now (or at a moment before it), and never sees what comes later. The beginning of a
line whose end has not come is left out: it belongs to whoever reads forwards from the same place (`forward_from` hands
it over). The end of a line whose beginning the quota has taken is a line of its own.
"""

from bisect import bisect_right
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from meshdev.storage.forward import Forward
from meshdev.storage.layout import RECORD, Mark, Record
from meshdev.storage.line import Batch
from meshdev.storage.node import BackwardText, NodeFiles, Piece

_SCAN_MOST = 512
"""Chunks that are searched for lines without their end."""


class Backward:
    """Where a reader stands in one node's log, on its way to the beginning.

    ``upto``, in epoch seconds, is the time of the last batch that counts; by default that is the newest one.
    """

    def __init__(self, files: NodeFiles, upto: float | None = None) -> None:
        self.files = files
        self._text = BackwardText(files)
        self._rests: dict[int, Piece] = {}
        self._walk = _walk(files, files.segments()) if upto is None else _walk_from(files, upto)
        self._head = next(self._walk, None)
        self._end = self._head

    @property
    def time_ns(self) -> int | None:
        """When the next batch was read; None when there is nothing before this place."""
        if self._head is not None:
            return self._head.record.time_ns
        return max((rest.time_ns for rest in self._rests.values()), default=None)

    def take(self) -> Batch | None:
        """The batch before this place; None when its chunk held no whole line (go on while `time_ns` is not None)."""
        if self._head is None:
            return self._orphan() if self._rests else None
        record, data = self._head.record, self._text.read(self._head.segment, self._head.record)
        self._head = next(self._walk, None)
        if record.marks & Mark.OPEN:
            data = self._ended(record, data)
        elif record.marks & Mark.CONTINUED:
            data = self._begun(record, data)
        return self._batch(record.source, record.time_ns, data) if data else None

    def forward_from(self) -> Forward:
        """A reader that goes on where this one began, with the lines whose end has not come."""
        end = self._end
        if end is None:
            return Forward(self.files)
        forward = Forward(self.files, end.segment, end.at // RECORD.size + 1)
        forward.stitcher.pieces = self._open_pieces(end)
        return forward

    def _ended(self, record: Record, data: bytes) -> bytes:
        """The line that this piece begins, completed by what came later; empty when it began earlier still."""
        rest = self._rests.pop(record.source, None)
        if rest is None:
            return b""  # its end has not come
        rest.prepend(data)
        if record.marks & Mark.CONTINUED:
            self._rests[record.source] = rest
            return b""
        return rest.text() + b"\n"

    def _begun(self, record: Record, data: bytes) -> bytes:
        """Keep the chunk's first line for the chunk in which it began; the lines after it."""
        end = data.find(b"\n")
        rest = Piece(record.time_ns)
        rest.prepend(data[:end])
        self._rests[record.source] = rest
        return data[end + 1 :]

    def _orphan(self) -> Batch:
        """The end of a line whose beginning is gone."""
        source = max(self._rests, key=lambda source: self._rests[source].time_ns)
        rest = self._rests.pop(source)
        return self._batch(source, rest.time_ns, rest.text() + b"\n")

    def _batch(self, source: int, time_ns: int, data: bytes) -> Batch:
        return Batch(self.files.node, self.files.source(source), time_ns / 1e9, data)

    def _open_pieces(self, end: "_Place") -> dict[int, Piece]:
        pieces: dict[int, Piece] = {}
        known: set[int] = set()
        earlier = [number for number in self.files.segments() if number < end.segment]
        walk = _walk(self.files, [*earlier, end.segment], end)
        for place in islice(walk, _SCAN_MOST):
            record = place.record
            if record.source in known:
                continue
            if record.marks & Mark.OPEN:
                pieces.setdefault(record.source, Piece(record.time_ns)).prepend(place.text(self.files))
                if record.marks & Mark.CONTINUED:
                    continue
            known.add(record.source)
        return pieces


class _Place(NamedTuple):
    """A record, and where it stands: in which segment, and at which byte of its index."""

    segment: int
    at: int
    record: Record

    def text(self, files: NodeFiles) -> bytes:
        """The chunk that it names; empty when it has gone."""
        return next(files.texts(self.segment, [self.record]), b"")


def _walk_from(files: NodeFiles, upto: float) -> Iterator[_Place]:
    """All records that are not later than ``upto``, last first."""
    segments = files.segments()
    while segments:
        index = files.index(segments[-1])
        times = range(0, len(index), RECORD.size)
        count = bisect_right(times, upto, key=lambda at, index=index: _time(index, at))  # type: ignore[misc]
        if count:
            at = times[count - 1]
            end = _Place(segments[-1], at, Record._make(RECORD.unpack_from(index, at)))
            return _walk(files, segments, end)
        segments.pop()
    return iter(())


def _time(index: bytes, at: int) -> float:
    record = Record._make(RECORD.unpack_from(index, at))
    # The end of a segment has no time of its own: it counts as later than all before it.
    return record.time_ns / 1e9 if not record.marks & Mark.LAST else float("inf")


def _walk(files: NodeFiles, segments: list[int], end: _Place | None = None) -> Iterator[_Place]:
    """All records, last first; from ``end`` (in the last of the segments) on, by default from the end as it is now."""
    for segment in reversed(segments):
        index = files.index(segment)
        if end is not None and segment == end.segment:
            index = index[: end.at + RECORD.size]
        for at in range(len(index) - RECORD.size, -1, -RECORD.size):
            record = Record._make(RECORD.unpack_from(index, at))
            if not record.marks & Mark.LAST:
                yield _Place(segment, at, record)
