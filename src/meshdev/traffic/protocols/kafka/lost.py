"""What cutters of a connection tell each other of requests whose answers have to be changed, or are ours."""

from struct import pack
from typing import Final, NamedTuple

from meshdev.traffic.protocols.kafka.apis import API_VERSIONS, PRODUCE, api_of
from meshdev.traffic.protocols.kafka.fields import MalformedError, Reader
from meshdev.traffic.protocols.kafka.spans import length

MOST_REMEMBERED: Final = 4096
_HEAD: Final = 8
_NOT_TOLD: Final = -1
_TIME, _START, _ERRORS = 2, 5, 8  # versions from which on an answer has them


class LostTopic(NamedTuple):
    """Partitions of a topic, which is written as in the request, that the broker has not seen."""

    name: bytes
    partitions: list[int]


class Lost(NamedTuple):
    """What a Produce of that version has not in it any more; ``whole`` if something else was asked in its place."""

    version: int
    topics: list[LostTopic]
    whole: bool


class Cuts:
    """By correlation ids: what was lost, which are fetches (and of which version), which nobody has asked but us."""

    __slots__ = ("_last", "fetches", "lost", "own")

    def __init__(self) -> None:
        self.lost: dict[int, Lost] = {}
        self.fetches: dict[int, int] = {}
        self.own: set[int] = set()
        self._last = -1

    def fetching(self, correlation: int, version: int) -> None:
        """A fetch was asked; the oldest are forgotten."""
        self.fetches[correlation] = version
        if len(self.fetches) > MOST_REMEMBERED:
            del self.fetches[next(iter(self.fetches))]

    def number(self) -> int:
        """For a request of our own: callers count upwards from 0."""
        self._last -= 1
        self.own.add(self._last)
        return self._last


def ask_instead(correlation: int) -> bytes:
    """A request that every broker answers, and that does nothing."""
    return pack(">ihhih", 10, API_VERSIONS, 0, correlation, -1)


def supplemented(answer: bytes, lost: Lost) -> bytes:
    """A Produce's answer that has what was lost, too, as taken; where, and at which offset, is not told."""
    version = lost.version
    flexible = version >= api_of(PRODUCE).flexible
    here = b"".join(_topic(topic, version, flexible=flexible) for topic in lost.topics)
    head = answer[4:_HEAD] + (b"\0" if flexible else b"")
    if lost.whole:
        body = (
            head
            + length(len(lost.topics), flexible=flexible)
            + here
            + pack(">i", 0)
            + (b"\0" if flexible else b"")
        )
    else:
        reader = Reader(answer, _HEAD, len(answer), flexible=flexible)
        try:
            reader.tags()
            begin = reader.at
            count = max(reader.length(), 0)
        except MalformedError:
            return answer
        number = length(count + len(lost.topics), flexible=flexible)
        body = b"".join((answer[4:begin], number, here, answer[reader.at :]))
    return pack(">i", len(body)) + body


def _topic(topic: LostTopic, version: int, *, flexible: bool) -> bytes:
    tags = b"\0" if flexible else b""
    partitions = b"".join(_partition(index, version, flexible=flexible) + tags for index in topic.partitions)
    return topic.name + length(len(topic.partitions), flexible=flexible) + partitions + tags


def _partition(index: int, version: int, *, flexible: bool) -> bytes:
    out = pack(">ihq", index, 0, _NOT_TOLD)
    if version >= _TIME:
        out += pack(">q", _NOT_TOLD)
    if version >= _START:
        out += pack(">q", _NOT_TOLD)
    if version >= _ERRORS:
        out += length(0, flexible=flexible) + (b"\0" if flexible else pack(">h", -1))
    return out
