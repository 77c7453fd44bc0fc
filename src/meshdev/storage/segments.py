"""One node's log on disk: appending chunks, closing segments, dropping the oldest.

Rules: everything is appended; what could not be written whole is cut off again, so the files never hold half a
batch and the caller may try the same batch later. The text goes first, then the sources, then the records
(`layout`). Every method may raise OSError and leaves the log usable.
"""

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from meshdev.storage.layout import (
    CHUNK_MOST,
    RECORD,
    Mark,
    Source,
    read_sources,
    segment_index,
    segment_log,
    segment_numbers,
    unpack,
)
from meshdev.storage.waiting import Chunk


@dataclass(slots=True)
class _File:
    """A file that is only appended to, and how much of it is known to be good."""

    fd: int
    size: int

    def append(self, data: bytes) -> None:
        """Write all of ``data`` or raise OSError."""
        view = memoryview(data)
        while view:
            view = view[os.write(self.fd, view) :]

    def undo(self) -> None:
        """Cut off what is not known to be good, as far as the disk lets us."""
        with contextlib.suppress(OSError):
            os.ftruncate(self.fd, self.size)


def _open(path: Path) -> _File:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    return _File(fd, os.fstat(fd).st_size)


@dataclass(slots=True)
class _Segment:
    """The segment that is written to."""

    number: int
    log: _File
    index: _File

    def close(self) -> None:
        os.close(self.log.fd)
        os.close(self.index.fd)


@dataclass(slots=True)
class NodeLog:
    """The files of one node. ``segment_most`` is the size in bytes (text and index) at which a segment is closed."""

    directory: Path
    segment_most: int
    lines: int = 0
    sizes: dict[int, int] = field(default_factory=dict)
    _sources: dict[Source, int] = field(default_factory=dict)
    _sources_written: int = 0
    _segment: _Segment | None = None
    _next: int = 1
    _open_source: Source | None = None
    _adopted: bool = False

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(self.sizes.values())

    def append(self, chunks: list[Chunk]) -> None:
        """Write the chunks, all or none."""
        if not self._adopted:
            self._adopt()
        segment = self._segment
        if segment is not None and segment.log.size + segment.index.size >= self.segment_most:
            self.rotate()
            segment = self._segment
        if segment is None:
            segment = self._segment = self._open_segment()
        text, records, lines, open_source = self._compose(chunks, segment.log.size)
        try:
            segment.log.append(text)
            self._write_sources()
            segment.index.append(records)
        except OSError:
            segment.log.undo()
            segment.index.undo()
            raise
        segment.log.size += len(text)
        segment.index.size += len(records)
        self.sizes[segment.number] = segment.log.size + segment.index.size
        self.lines = lines
        self._open_source = open_source

    def rotate(self) -> None:
        """Close the segment that is written to; the next append begins another."""
        segment = self._segment
        if segment is None:
            return
        end = RECORD.pack(0, self.lines, segment.log.size, 0, 0, Mark.LAST)
        try:
            segment.index.append(end)
        except OSError:
            segment.index.undo()
            raise
        self.sizes[segment.number] += len(end)
        self._segment = None
        self._open_source = None
        segment.close()

    def drop_oldest(self) -> int:
        """Delete the oldest closed segment; returns the bytes freed, 0 when there is none."""
        active = self._segment.number if self._segment else None
        number = next((number for number in self.sizes if number != active), None)
        if number is None:
            return 0
        # The index goes first: a reader that still finds the text has no use for it.
        segment_index(self.directory, number).unlink(missing_ok=True)
        segment_log(self.directory, number).unlink(missing_ok=True)
        return self.sizes.pop(number)

    def close(self) -> None:
        """Close the files."""
        if self._segment is not None:
            self._segment.close()
            self._segment = None

    def _compose(self, chunks: list[Chunk], offset: int) -> tuple[bytes, bytes, int, Source | None]:
        """Text and records of a batch that begins at ``offset``, and the state after it."""
        text: list[bytes] = []
        records: list[bytes] = []
        lines, open_source = self.lines, self._open_source
        for chunk in chunks:
            if open_source is not None and not (chunk.continued and open_source == chunk.source):
                text.append(b"\n")
                offset += 1
            data = chunk.parts[0] if len(chunk.parts) == 1 else b"".join(chunk.parts)
            source = self._sources.setdefault(chunk.source, len(self._sources))
            marks = Mark.CONTINUED if chunk.continued else Mark.NONE
            if chunk.open:
                marks |= Mark.OPEN
            for piece in [data] if chunk.open else _cut(data):
                records.append(RECORD.pack(chunk.time_ns, lines, offset, len(piece), source, marks))
                text.append(piece)
                offset += len(piece)
                lines += piece.count(b"\n")
                marks = Mark.NONE
            open_source = chunk.source if chunk.open else None
        return b"".join(text), b"".join(records), lines, open_source

    def _open_segment(self) -> _Segment:
        self.directory.mkdir(parents=True, exist_ok=True)
        log = _open(segment_log(self.directory, self._next))
        try:
            index = _open(segment_index(self.directory, self._next))
        except OSError:
            os.close(log.fd)
            raise
        segment = _Segment(self._next, log, index)
        self.sizes[self._next] = log.size + index.size
        self._next += 1
        return segment

    def _write_sources(self) -> None:
        new = list(self._sources)[self._sources_written :]
        if not new:
            return
        file = _open(self.directory / "sources")
        try:
            file.append(b"".join(json.dumps(source).encode() + b"\n" for source in new))
        except OSError:
            file.undo()
            raise
        finally:
            os.close(file.fd)
        self._sources_written += len(new)

    def _adopt(self) -> None:
        """Go on after the segments of an earlier writer of the same run, if there are any."""
        numbers = segment_numbers(self.directory)
        for number in numbers:
            log, index = segment_log(self.directory, number), segment_index(self.directory, number)
            self.sizes[number] = log.stat().st_size + index.stat().st_size
        if numbers:
            self._next = numbers[-1] + 1
            _mend_sources(self.directory)
            self._sources = {source: number for number, source in enumerate(read_sources(self.directory))}
            self._sources_written = len(self._sources)
            self.lines = _finish(self.directory, numbers[-1])
        self._adopted = True


def _mend_sources(directory: Path) -> None:
    """Cut off half a line that a writer left behind."""
    path = directory / "sources"
    if path.exists():
        os.truncate(path, path.read_bytes().rfind(b"\n") + 1)


def _finish(directory: Path, number: int) -> int:
    """Close the segment of a writer that could not do it itself; returns the lines that were logged until then."""
    index = segment_index(directory, number)
    last = None
    for last in unpack(index.read_bytes()):  # noqa: B007 — the last one is what is wanted
        pass
    if last is None or last.marks & Mark.LAST:
        return last.line if last else 0
    with segment_log(directory, number).open("rb") as log:
        log.seek(last.offset)
        lines = last.line + log.read(last.length).count(b"\n")
    file = _open(index)
    try:
        file.size -= file.size % RECORD.size
        file.undo()
        file.append(RECORD.pack(0, lines, 0, 0, 0, Mark.LAST))
    finally:
        os.close(file.fd)
    return lines


def _cut(data: bytes) -> Iterator[bytes]:
    """Pieces of at most about `CHUNK_MOST` bytes, cut after a line feed."""
    start = 0
    while len(data) - start > CHUNK_MOST:
        end = data.rfind(b"\n", start, start + CHUNK_MOST) + 1 or data.find(b"\n", start) + 1 or len(data)
        yield data[start:end]
        start = end
    if start < len(data):
        yield data[start:] if start else data
