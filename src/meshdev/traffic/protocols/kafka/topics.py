"""What Kafka's Produce requests and Fetch answers have in common: topics, their partitions, batches of records.

Of a batch the head is read and, up to `KEPT_BYTES` and unless it is compressed, its records: for the first one's
beginning, and for the traces in their headers. The rest is skipped.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from struct import unpack_from
from typing import Final, NamedTuple

from meshdev.traffic.protocols.incoming import Incoming, Reading
from meshdev.traffic.protocols.kafka.fields import MalformedError, Reader
from meshdev.traffic.protocols.operation import MOST_PAYLOAD
from meshdev.traffic.trace_context import ids_at

KEPT_BYTES: Final = 16 * 1024  # a batch's usual size
MOST_TOPICS: Final = 1024
MOST_TRACED: Final = 256  # records of one topic in one message
HEAD_BYTES: Final = 4096
_OLD_HEAD: Final = 17  # up to a message's format
_BATCH_HEAD: Final = 61
_FRAME: Final = 12  # what a batch's length does not count
_FORMAT_AT: Final = 16
_FORMAT: Final = 2
_COMPRESSED: Final = 0x07
_CONTROL: Final = 0x20
_TRACEPARENT: Final = re.compile(rb"\x16traceparent\x6e(?=[0-9a-f]{2}-)")  # lengths as records have them


class Partition(NamedTuple):
    """A partition's own fields: an error's number, the offset up to which it is filled (-1 when it is not told)."""

    error: int = 0
    filled: int = -1


@dataclass(slots=True)
class Topic:
    """What one message has of a topic; ``lag`` is how many records are behind those, None when it is not told."""

    name: str
    id: bytes = b""
    error: int = 0
    records: int = 0
    size: int = 0
    lag: int | None = None
    payload: bytes = b""
    traces: list[tuple[str, str]] = field(default_factory=list)


class Layout(NamedTuple):
    """How a version writes them: ``partition`` reads the fields before the records."""

    by_id: bool
    flexible: bool
    partition: Callable[[Reader], Partition]


def read_topics(incoming: Incoming, end: int, layout: Layout, found: list[Topic]) -> Reading:
    """Read topics into ``found``; ``incoming`` stands at their count, the message ends at ``end``."""
    yield min(end - incoming.position, HEAD_BYTES)
    reader = _reader(incoming, end, layout)
    count = reader.length()
    incoming.at = reader.at
    for _ in range(count):
        yield min(end - incoming.position, HEAD_BYTES)
        reader = _reader(incoming, end, layout)
        topic = Topic("", reader.uuid()) if layout.by_id else Topic(reader.string())
        partitions = reader.length()
        incoming.at = reader.at
        if len(found) >= MOST_TOPICS:
            raise MalformedError
        found.append(topic)
        for _ in range(partitions):
            yield min(end - incoming.position, HEAD_BYTES)
            reader = _reader(incoming, end, layout)
            partition = layout.partition(reader)
            size = reader.length()
            incoming.at = reader.at
            topic.error = topic.error or partition.error
            if size > 0:
                yield from _records(incoming, min(incoming.position + size, end), topic, partition)
            yield from _tags(incoming, end, layout)
        yield from _tags(incoming, end, layout)


def _reader(incoming: Incoming, end: int, layout: Layout) -> Reader:
    at = incoming.at
    return Reader(incoming.data, at, at + min(end - incoming.position, HEAD_BYTES), flexible=layout.flexible)


def _tags(incoming: Incoming, end: int, layout: Layout) -> Reading:
    if layout.flexible:
        yield min(end - incoming.position, HEAD_BYTES)
        reader = _reader(incoming, end, layout)
        reader.tags()
        incoming.at = reader.at


def _records(incoming: Incoming, end: int, topic: Topic, partition: Partition) -> Reading:
    """Batches (or messages of the old formats, of which only the number is told) up to ``end``."""
    behind = None
    while (left := end - incoming.position) > 0:
        yield min(left, _BATCH_HEAD)
        data, at = incoming.data, incoming.at
        size = left
        if left >= _OLD_HEAD:
            size = _FRAME + max(unpack_from(">i", data, at + 8)[0], 0)
        whole = size <= left
        if whole and left >= _OLD_HEAD and data[at + _FORMAT_AT] < _FORMAT:
            topic.records += 1
        elif whole and size >= _BATCH_HEAD:
            yield min(size, KEPT_BYTES)
            behind = _batch(incoming.data, incoming.at, min(size, KEPT_BYTES), topic, partition)
        topic.size += min(size, left)
        incoming.skip(min(size, left))
        yield 0
    if behind is not None:
        topic.lag = behind if topic.lag is None else topic.lag + behind


def _batch(data: bytes, at: int, size: int, topic: Topic, partition: Partition) -> int | None:
    """Take over what a batch says; how many records are behind it."""
    attributes, last = unpack_from(">hi", data, at + 21)
    count = unpack_from(">i", data, at + 57)[0]
    next_offset = unpack_from(">q", data, at)[0] + last + 1
    behind = max(partition.filled - next_offset, 0) if partition.filled >= 0 else None
    if attributes & _CONTROL:
        return behind
    topic.records += max(count, 0)
    if not attributes & _COMPRESSED:
        _uncompressed(data, at, size, topic)
    return behind


def _uncompressed(data: bytes, at: int, size: int, topic: Topic) -> None:
    if not topic.payload:
        topic.payload = _first_value(data[at + _BATCH_HEAD : at + min(size, _BATCH_HEAD + 4 * MOST_PAYLOAD)])
    for match in _TRACEPARENT.finditer(data, at + _BATCH_HEAD, at + size):
        trace, parent = ids_at(data, match.end(), at + size)
        if trace and len(topic.traces) < MOST_TRACED:
            topic.traces.append((trace, parent))


def _first_value(records: bytes) -> bytes:
    """The beginning of the first record's value; empty when there is none, or when its key is too long."""
    reader = Reader(records, 0, len(records), flexible=True)
    try:
        reader.unsigned()  # the record's length
        reader.skip(1)
        _skip_varint(reader)  # its time
        reader.unsigned()
        reader.skip(max(_signed(reader), 0))
        size = max(_signed(reader), 0)
    except MalformedError:
        return b""
    return records[reader.at : reader.at + min(size, MOST_PAYLOAD)]


def _signed(reader: Reader) -> int:
    number = reader.unsigned()
    return (number >> 1) ^ -(number & 1)


def _skip_varint(reader: Reader) -> None:
    while True:
        reader.skip(1)
        if reader.data[reader.at - 1] < 0x80:  # noqa: PLR2004 - the last of its bytes
            return
