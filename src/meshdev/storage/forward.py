"""Reading one node's log forwards, and going on when more is there.

Rules: a poll without news costs one read of nothing; what is read at once is bounded; the end of a segment leads to
the next one that exists.
"""

import os
from bisect import bisect_left

from meshdev.storage.layout import RECORD, Mark, Record, segment_index, unpack
from meshdev.storage.line import Batch
from meshdev.storage.node import NodeFiles, Stitcher

_RECORDS_AT_ONCE = 4096


class Forward:
    """Where a reader stands in one node's log. Begins at ``segment`` and ``record``, by default at the beginning."""

    def __init__(self, files: NodeFiles, segment: int = 0, record: int = 0) -> None:
        self.files = files
        self.stitcher = Stitcher(files)
        self._segment = segment
        self._position = record * RECORD.size
        self._fd = -1

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def poll(self, most: int) -> tuple[list[Batch], bool]:
        """What has come since the last time, about ``most`` bytes of it, and whether there may be more."""
        batches: list[Batch] = []
        while most > 0 or not batches:
            if self._fd < 0 and not self._open():
                return batches, False
            data = os.pread(self._fd, _RECORDS_AT_ONCE * RECORD.size, self._position)
            records: list[Record] = []
            last = False
            for record in unpack(data):
                if record.marks & Mark.LAST:
                    last = True
                    break
                records.append(record)
                most -= record.length
                if most <= 0:
                    break
            if not records and not last:
                return batches, False
            self._position += len(records) * RECORD.size
            for record, text in zip(records, self.files.texts(self._segment, records), strict=False):
                batch = self.stitcher.batch(record, text)
                if batch is not None:
                    batches.append(batch)
            if last:
                self.close()
                self._segment += 1
                self._position = 0
        return batches, True

    def skip_to(self, time_ns: int) -> None:
        """Stand before the first record that is not older than ``time_ns``; only before the first poll."""
        for segment in reversed(self.files.segments()):
            index = self.files.index(segment)
            if index:
                times = range(0, len(index), RECORD.size)
                first = bisect_left(times, time_ns, key=lambda at: _time(index, at))
                self._segment, self._position = segment, first * RECORD.size
                if first > 0:
                    return

    def _open(self) -> bool:
        """Open the index of the segment to read, or of the next one that exists."""
        try:
            self._fd = self._open_index(self._segment)
        except FileNotFoundError:
            later = [number for number in self.files.segments() if number > self._segment]
            if not later:
                return False
            self._segment, self._position = later[0], 0
            try:
                self._fd = self._open_index(self._segment)
            except FileNotFoundError:
                return False
        return True

    def _open_index(self, segment: int) -> int:
        return os.open(segment_index(self.files.directory, segment), os.O_RDONLY | os.O_CLOEXEC)


def _time(index: bytes, at: int) -> int:
    record = Record._make(RECORD.unpack_from(index, at))
    # The end of a segment has no time of its own: it counts as later than all before it.
    return record.time_ns if not record.marks & Mark.LAST else 1 << 62
