"""Reading one node's log backwards, chunk by chunk, without reading what is not asked for.

Rules: begins at the end as it is now, and never sees what comes later. The beginning of a line whose end has not
come is left out: it belongs to whoever reads forwards from the same place (`forward_from` hands it over). The end of
a line whose beginning the quota has taken is a line of its own.
"""

from meshdev.storage.forward import Forward
from meshdev.storage.layout import RECORD, Mark, Record
from meshdev.storage.line import Batch
from meshdev.storage.node import NodeFiles, Piece

_SCAN_MOST = 512
"""Chunks that are searched for lines without their end."""


class Backward:
    """Where a reader stands in one node's log, on its way to the beginning."""

    def __init__(self, files: NodeFiles) -> None:
        self.files = files
        self._segments = files.segments()
        self._segment = 0
        self._index = b""
        self._at = 0
        self._rests: dict[int, Piece] = {}
        self._head = self._previous()
        self._end = (self._segment, self._index, self._at + RECORD.size if self._head else 0)

    @property
    def time_ns(self) -> int | None:
        """When the next batch was read; None when there is nothing before this place."""
        if self._head is not None:
            return self._head.time_ns
        return max((rest.time_ns for rest in self._rests.values()), default=None)

    def take(self) -> Batch | None:
        """The batch before this place; None when its chunk held no whole line (go on while `time_ns` is not None)."""
        record = self._head
        if record is None:
            return self._orphan()
        data = next(self.files.texts(self._segment, [record]), b"")
        self._head = self._previous()
        if record.marks & Mark.OPEN:
            data = self._ended(record, data)
        if record.marks & Mark.CONTINUED and data:
            data = self._begun(record, data)
        return self._batch(record.source, record.time_ns, data) if data else None

    def forward_from(self) -> Forward:
        """A reader that goes on where this one began, with the lines whose end has not come."""
        segment, index, end = self._end
        forward = Forward(self.files, segment, end // RECORD.size)
        forward.stitcher.pieces = self._open_pieces(segment, index, end)
        return forward

    def _ended(self, record: Record, data: bytes) -> bytes:
        """The chunk's whole lines, its last line completed by what came later, when that is known."""
        cut = data.rfind(b"\n") + 1
        rest = self._rests.pop(record.source, None)
        if rest is None:
            return data[:cut]
        rest.prepend(data[cut:])
        if not cut and record.marks & Mark.CONTINUED:
            self._rests[record.source] = rest
            return b""
        return data[:cut] + rest.text() + b"\n"

    def _begun(self, record: Record, data: bytes) -> bytes:
        """Keep the chunk's first line for the chunk in which it began; the lines after it."""
        end = data.find(b"\n")
        rest = Piece(record.time_ns)
        rest.prepend(data[:end])
        self._rests[record.source] = rest
        return data[end + 1 :]

    def _orphan(self) -> Batch | None:
        """The end of a line whose beginning is gone."""
        if not self._rests:
            return None
        source = max(self._rests, key=lambda source: self._rests[source].time_ns)
        rest = self._rests.pop(source)
        return self._batch(source, rest.time_ns, rest.text() + b"\n")

    def _batch(self, source: int, time_ns: int, data: bytes) -> Batch:
        return Batch(self.files.node, self.files.source(source), time_ns / 1e9, data)

    def _previous(self) -> Record | None:
        """The chunk before."""
        while True:
            while self._at == 0:
                if not self._segments:
                    return None
                self._segment = self._segments.pop()
                self._index = self.files.index(self._segment)
                self._at = len(self._index)
            self._at -= RECORD.size
            record = _record(self._index, self._at)
            if not record.marks & Mark.LAST:
                return record

    def _open_pieces(self, segment: int, index: bytes, end: int) -> dict[int, Piece]:
        pieces: dict[int, Piece] = {}
        known: set[int] = set()
        for at in range(end - RECORD.size, max(-1, end - _SCAN_MOST * RECORD.size), -RECORD.size):
            record = _record(index, at)
            if record.source in known:
                continue
            if record.marks & Mark.OPEN:
                data = next(self.files.texts(segment, [record]), b"")
                cut = data.rfind(b"\n") + 1
                pieces.setdefault(record.source, Piece(record.time_ns)).prepend(data[cut:])
                if not cut and record.marks & Mark.CONTINUED:
                    continue
            known.add(record.source)
        return pieces


def _record(index: bytes, at: int) -> Record:
    return Record._make(RECORD.unpack_from(index, at))
