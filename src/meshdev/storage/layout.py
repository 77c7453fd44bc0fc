"""How logs lie on disk: the one place that writer and reader share.

``<log_dir>/<node>/000001.log``  plain text, as the instances wrote it: `grep`, `tail`, `less` work on it
``<log_dir>/<node>/000001.idx``  fixed-size records, one for each chunk of that file (`Record`)
``<log_dir>/<node>/sources``     one line of JSON for each (instance, generation, stream) of that node

Rules:
- A record is written after the bytes that it names, so whoever reads the index first never reads past the text.
  A record that is only half there (a torn tail) is not there yet.
- Lines are never mixed: a chunk holds whole lines of one source. Only a line without its end (a prompt, a progress
  bar, a line longer than the writer holds in memory) is written in pieces: an `OPEN` chunk is one piece without a
  line feed, a `CONTINUED` one begins with a later piece. Bytes between two chunks belong to nobody: they are line
  feeds that keep pieces of different sources apart in the plain text.
- ``line`` counts the node's lines from the beginning of the run, so what the quota has dropped can be counted too.
- A segment that is finished ends with a record marked `LAST`; the next number follows.
"""

import json
import struct
from collections.abc import Iterator
from enum import IntFlag
from pathlib import Path
from typing import NamedTuple

from meshdev.errors import StorageError

RECORD = struct.Struct("<qQIIIHxx")
"""Epoch nanoseconds, line, offset, length, source, marks: 32 bytes, little-endian."""

CHUNK_MOST = 64 * 1024
"""Chunks are cut (between lines) at about this many bytes, so that a reader can page by chunks."""

MESHDEV_STREAM = "meshdev"
"""The stream of lines that meshdev itself puts into a node's log."""


class Mark(IntFlag):
    """What is special about a chunk."""

    NONE = 0
    OPEN = 1  # a piece of a line that goes on in a later chunk of the same source
    CONTINUED = 2  # its first line began in an earlier chunk of the same source
    LAST = 4  # no chunk, but the end of a segment


class Record(NamedTuple):
    """One chunk: where it is, when it was read (epoch nanoseconds), whose it is."""

    time_ns: int
    line: int
    offset: int
    length: int
    source: int
    marks: int


class Source(NamedTuple):
    """Who wrote a line: ``orders-0``, its generation, and ``stdout``, ``stderr`` or ``meshdev``."""

    instance: str
    generation: int
    stream: str


def unpack(data: bytes) -> Iterator[Record]:
    """The whole records in ``data``; half a record at the end is left out."""
    usable = len(data) - len(data) % RECORD.size
    return map(Record._make, RECORD.iter_unpack(data[:usable]))


def node_dir(log_dir: Path, node: str) -> Path:
    """The folder of a node's log. Raises StorageError for a name that is no plain file name."""
    if not node or node.startswith(".") or "/" in node or "\0" in node:
        raise StorageError(f"{node!r} cannot name a log", hint="a node's name is a plain file name")
    return log_dir / node


def segment_log(directory: Path, number: int) -> Path:
    """The text of a segment."""
    return directory / f"{number:06d}.log"


def segment_index(directory: Path, number: int) -> Path:
    """The records of a segment."""
    return directory / f"{number:06d}.idx"


def segment_numbers(directory: Path) -> list[int]:
    """The numbers of the segments that exist, oldest first; empty when there is no such folder."""
    try:
        names = [entry.name for entry in directory.iterdir()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted(int(name[:-4]) for name in names if name.endswith(".idx") and name[:-4].isdigit())


def read_sources(directory: Path) -> list[Source]:
    """The sources of a node in the order of their numbers; half a line at the end is left out."""
    try:
        lines = (directory / "sources").read_bytes().split(b"\n")[:-1]
    except FileNotFoundError:
        return []
    return [Source(*json.loads(line)) for line in lines]
