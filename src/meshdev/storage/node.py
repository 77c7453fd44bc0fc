"""Reading one node's log: segments, records, sources, and lines put together again from their pieces.

Rules: only what the index names is read; a segment that has gone (the quota took it) is skipped; a folder that is
not there yet is empty. Nothing here waits.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from meshdev.storage.layout import (
    RECORD,
    Mark,
    Record,
    Source,
    read_sources,
    segment_index,
    segment_log,
    segment_numbers,
)
from meshdev.storage.line import LINE_MOST, Batch, cut_mark

_UNKNOWN = Source("", 0, "")
_BLOCK = 128 * 1024
_KEPT = LINE_MOST - 64
"""Bytes that are kept of a line in pieces: with the mark of what is missing it is still shown whole."""


@dataclass(slots=True)
class NodeFiles:
    """The files of one node, seen from a reader."""

    node: str
    directory: Path
    _sources: list[Source] = field(default_factory=list)

    def segments(self) -> list[int]:
        """The segments that exist, oldest first."""
        return segment_numbers(self.directory)

    def index(self, segment: int) -> bytes:
        """The whole records of a segment, still packed; empty when it is gone."""
        try:
            data = segment_index(self.directory, segment).read_bytes()
        except FileNotFoundError:
            return b""
        return data[: len(data) - len(data) % RECORD.size]

    def source(self, number: int) -> Source:
        """Who a record belongs to."""
        if number >= len(self._sources):
            self._sources = read_sources(self.directory)
        return self._sources[number] if number < len(self._sources) else _UNKNOWN

    def texts(self, segment: int, records: list[Record]) -> Iterator[bytes]:
        """The bytes of neighbouring records in their order; nothing when the segment is gone."""
        if not records:
            return
        first = records[0].offset
        data = self.read(segment, first, records[-1].offset + records[-1].length - first)
        if not data:
            return
        for record in records:
            start = record.offset - first
            yield data[start : start + record.length]

    def read(self, segment: int, start: int, length: int) -> bytes:
        """Bytes of a segment's text; empty when it is gone."""
        try:
            fd = os.open(segment_log(self.directory, segment), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return b""
        try:
            return os.pread(fd, length, start)
        finally:
            os.close(fd)


class BackwardText:
    """The text of a node's records that are asked for last first: the disk is read in larger blocks."""

    __slots__ = ("_block", "_files", "_from", "_segment")

    def __init__(self, files: NodeFiles) -> None:
        self._files = files
        self._segment = -1
        self._from = 0
        self._block = b""

    def read(self, segment: int, record: Record) -> bytes:
        """The bytes of ``record``; empty when the segment is gone."""
        start, end = record.offset, record.offset + record.length
        if segment != self._segment or start < self._from or end > self._from + len(self._block):
            self._segment, self._from = segment, max(0, min(start, end - _BLOCK))
            self._block = self._files.read(segment, self._from, end - self._from)
        return self._block[start - self._from : end - self._from]


class Piece:
    """The beginning of a line whose end has not come: as much of it as is ever shown, and how long it is."""

    __slots__ = ("kept", "size", "time_ns")

    def __init__(self, time_ns: int) -> None:
        self.kept = b""
        self.size = 0
        self.time_ns = time_ns

    def append(self, data: bytes) -> None:
        """The line goes on."""
        if len(self.kept) < _KEPT:
            self.kept += data[: _KEPT - len(self.kept)]
        self.size += len(data)

    def prepend(self, data: bytes) -> None:
        """Something came before (reading backwards)."""
        self.kept = (data[:_KEPT] + self.kept)[:_KEPT]
        self.size += len(data)

    def text(self) -> bytes:
        """The line, as far as it is shown."""
        missing = self.size - len(self.kept)
        return self.kept + cut_mark(missing) if missing else self.kept


@dataclass(slots=True)
class Stitcher:
    """Puts the pieces of lines together while records are read forwards."""

    files: NodeFiles
    pieces: dict[int, Piece] = field(default_factory=dict)

    def batch(self, record: Record, data: bytes) -> Batch | None:
        """The lines that are whole now; None when the record has none."""
        piece = self.pieces.pop(record.source, None) if record.marks & Mark.CONTINUED else None
        if record.marks & Mark.OPEN:
            piece = self.pieces[record.source] = piece or Piece(record.time_ns)
            piece.append(data)
            return None
        if piece is not None:
            end = data.index(b"\n")
            piece.append(data[:end])
            data = piece.text() + data[end:]
        return Batch(self.files.node, self.files.source(record.source), record.time_ns / 1e9, data)

    def unfinished(self) -> list[Batch]:
        """The lines whose end has not come, as they are now."""
        return [
            Batch(self.files.node, self.files.source(source), piece.time_ns / 1e9, piece.text())
            for source, piece in self.pieces.items()
        ]
