"""NodeEndpoints: in answers to Produce and Fetch, where the brokers are that lead partitions now (a tagged field)."""

from collections.abc import Callable
from struct import pack
from typing import Final, NamedTuple

from meshdev.traffic.protocols.kafka.apis import PRODUCE
from meshdev.traffic.protocols.kafka.fields import Reader, varint
from meshdev.traffic.protocols.kafka.heads import fetched_head, fetched_partition
from meshdev.traffic.protocols.kafka.shapes import ANSWERS
from meshdev.traffic.protocols.kafka.spans import topics_at
from meshdev.traffic.protocols.kafka.topics import Layout

_HEAD: Final = 8
_BY_ID: Final = 13
_TAG: Final = 0


class Address(NamedTuple):
    """Where somebody listens."""

    host: str
    port: int


Where = Callable[[int, Address], Address | None]
"""Where a broker shall be found, by its number and the address that it advertises; None where it keeps that."""


def with_endpoints(answer: bytes, key: int, version: int, where: Where) -> bytes:
    """An answer in which these brokers are elsewhere. Raises MalformedError."""
    reader = Reader(answer, _HEAD, len(answer), flexible=True)
    reader.tags()
    if key == PRODUCE:
        reader.fields(ANSWERS[PRODUCE], version)
        reader.integer("i4")
    else:
        fetched_head(reader, version)
        topics_at(reader, Layout(version >= _BY_ID, flexible=True, partition=fetched_partition(version)))
    for _ in range(reader.unsigned()):
        tag, size_at = reader.unsigned(), reader.at
        size = reader.unsigned()
        begin = reader.at
        reader.skip(size)
        if tag == _TAG:
            changed = _changed(Reader(answer, begin, reader.at, flexible=True), where)
            body = b"".join((answer[4:size_at], varint(len(changed)), changed, answer[reader.at :]))
            return pack(">i", len(body)) + body
    return answer


def _changed(reader: Reader, where: Where) -> bytes:
    data, begin = reader.data, reader.at
    count = reader.length()
    out = [data[begin : reader.at]]
    for _ in range(max(count, 0)):
        start = reader.at
        node, behind = reader.integer("i4"), reader.at
        host, port, end = reader.string(), reader.integer("i4"), reader.at
        reader.string()  # its rack
        reader.tags()
        place = where(node, Address(host, port))
        if place is None:
            out.append(data[start : reader.at])
        else:
            name = place.host.encode()
            out += (
                data[start:behind],
                varint(len(name) + 1),
                name,
                pack(">i", place.port),
                data[end : reader.at],
            )
    out.append(data[reader.at : reader.end])
    return b"".join(out)
