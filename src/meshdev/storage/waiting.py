"""What waits to be written to one node's log: chunks, joined where they may be, shed when there are too many.

Pure bookkeeping, without files, threads or clocks. Rules: chunks of one source and one moment become one; the
oldest go first when memory runs out, and every line and byte that goes is counted until the log has said so.
"""

from dataclasses import dataclass, field

from meshdev.storage.layout import CHUNK_MOST, Source

MERGE_NS = 10_000_000
"""Bytes of one source that come within 10 ms become one chunk, with the time of the first."""


@dataclass(slots=True)
class Chunk:
    """Text of one source; ``parts`` joined are whole lines unless ``open``."""

    source: Source
    time_ns: int
    parts: list[bytes]
    size: int
    open: bool = False
    continued: bool = False

    def lines(self) -> int:
        """How many lines end in it."""
        return sum(part.count(b"\n") for part in self.parts)


@dataclass(slots=True)
class Loss:
    """Text that could not be kept."""

    lines: int = 0
    bytes: int = 0

    def add(self, chunk: Chunk) -> None:
        """Count a chunk as lost."""
        self.lines += chunk.lines()
        self.bytes += chunk.size


@dataclass(slots=True)
class Waiting:
    """The queue of one node. ``refused`` is the disk's reason while it refuses; ``gap`` is not yet told losses."""

    chunks: list[Chunk] = field(default_factory=list)
    size: int = 0
    refused: str = ""
    gap: Loss = field(default_factory=Loss)
    lost: Loss = field(default_factory=Loss)

    def put(self, chunk: Chunk) -> None:
        """Queue a chunk."""
        self.size += chunk.size
        last = self.chunks[-1] if self.chunks else None
        if last is not None and _one_moment(last, chunk):
            last.parts += chunk.parts
            last.size += chunk.size
        else:
            self.chunks.append(chunk)

    def take(self) -> list[Chunk]:
        """Everything that waits, oldest first; nothing waits any more."""
        chunks, self.chunks, self.size = self.chunks, [], 0
        return chunks

    def put_back(self, chunks: list[Chunk], reason: str) -> None:
        """The disk refused these: they wait again, before what came meanwhile."""
        self.chunks[:0] = chunks
        self.size += sum(chunk.size for chunk in chunks)
        self.refused = reason

    def written(self) -> None:
        """The disk took everything, and the log says what is missing."""
        self.refused = ""
        self.gap = Loss()

    def shed(self, excess: int) -> None:
        """Let the oldest chunks go until ``excess`` bytes are gained; the newest chunk stays in any case."""
        gone = 0
        for chunk in self.chunks[:-1]:
            if excess <= 0:
                break
            excess -= chunk.size
            self.size -= chunk.size
            self.gap.add(chunk)
            self.lost.add(chunk)
            gone += 1
        del self.chunks[:gone]


def _one_moment(last: Chunk, chunk: Chunk) -> bool:
    return (
        last.source is chunk.source
        and not (last.open or chunk.open)
        and last.size < CHUNK_MOST
        and 0 <= chunk.time_ns - last.time_ns < MERGE_NS
    )
