"""Where the topics, partitions and records of a whole Produce request or Fetch answer stand, to put others there."""

from collections.abc import Mapping
from struct import pack
from typing import NamedTuple

from meshdev.traffic.protocols.kafka.fields import MalformedError, Reader, varint
from meshdev.traffic.protocols.kafka.topics import Layout


class PartitionSpan(NamedTuple):
    """A partition: where it begins, its number, where the length of its records stands, they begin and end, it ends."""

    begin: int
    number: int
    length: int
    records: int
    end: int
    stop: int


class TopicSpan(NamedTuple):
    """A topic: where it begins, its name or id, where the number of its partitions stands, they, where it ends."""

    begin: int
    name: str
    id: bytes
    counted: int
    partitions: list[PartitionSpan]
    stop: int


class TopicsSpan(NamedTuple):
    """All topics: where their number stands, they, where they end."""

    counted: int
    topics: list[TopicSpan]
    stop: int


Place = tuple[int, int]
"""A topic and a partition by their order."""


def topics_at(reader: Reader, layout: Layout) -> TopicsSpan:
    """Topics from where the reader is, up to behind the last one. Raises MalformedError."""
    count = reader.at
    topics = [_topic(reader, layout) for _ in range(_count(reader))]
    return TopicsSpan(count, topics, reader.at)


def _topic(reader: Reader, layout: Layout) -> TopicSpan:
    begin = reader.at
    name, uuid = ("", reader.uuid()) if layout.by_id else (reader.string(), b"")
    count = reader.at
    partitions = [_partition(reader, layout) for _ in range(_count(reader))]
    reader.tags()
    return TopicSpan(begin, name, uuid, count, partitions, reader.at)


def _partition(reader: Reader, layout: Layout) -> PartitionSpan:
    begin = reader.at
    index = Reader(reader.data, begin, reader.end, flexible=False).integer("i4")
    layout.partition(reader)
    length = reader.at
    size = max(reader.length(), 0)
    records = reader.at
    reader.skip(size)
    end = reader.at
    reader.tags()
    return PartitionSpan(begin, index, length, records, end, reader.at)


def _count(reader: Reader) -> int:
    count = max(reader.length(), 0)
    if count > reader.end - reader.at:  # each takes a byte at least
        raise MalformedError
    return count


def with_records(
    data: bytes, span: TopicsSpan, changed: Mapping[Place, bytes | None], *, flexible: bool
) -> bytes:
    """The message with other records in some partitions; those with None are left out, and topics without others."""
    topics: list[bytes] = []
    for number, topic in enumerate(span.topics):
        partitions = [
            _other(data, partition, changed.get((number, place), b""), flexible=flexible)
            for place, partition in enumerate(topic.partitions)
            if changed.get((number, place), b"") is not None
        ]
        if partitions or not topic.partitions:
            end = topic.partitions[-1].stop if topic.partitions else topic.stop
            head = data[topic.begin : topic.counted] + length(len(partitions), flexible=flexible)
            topics.append(head + b"".join(partitions) + data[end : topic.stop])
    body = b"".join(
        (data[4 : span.counted], length(len(topics), flexible=flexible), *topics, data[span.stop :])
    )
    return pack(">i", len(body)) + body


def _other(data: bytes, partition: PartitionSpan, records: bytes | None, *, flexible: bool) -> bytes:
    if not records:
        return data[partition.begin : partition.stop]
    size = length(len(records), flexible=flexible)
    return data[partition.begin : partition.length] + size + records + data[partition.end : partition.stop]


def length(number: int, *, flexible: bool) -> bytes:
    """How many elements or bytes follow."""
    return varint(number + 1) if flexible else pack(">i", number)
