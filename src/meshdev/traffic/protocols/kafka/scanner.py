"""Kafka: requests and their answers by correlation id; what is produced and fetched by topic.

| what passes | what is told |
|---|---|
| Produce | published ones for each topic: how many, the first one's beginning; without acks it ends as asked |
| Fetch with records | delivered ones for each topic, and how many are still behind them |
| Fetch, JoinGroup, SyncGroup | no latency: they wait as long as the caller wishes (``detail`` has it) |
| a record with a traceparent | an operation of its own, if it is not compressed and begins in a batch's first 16 KiB |
| any other request | its name, its group or its only topic, the first error of its answer |
| TLS, SASL without frames, what is no Kafka | it gives up |

A request in a version that is not known yet is told by its name alone.
"""

from collections.abc import Callable, Iterable
from struct import unpack_from
from typing import TYPE_CHECKING, Any, ClassVar, Final

from meshdev.traffic.protocols.cutting import Cutter
from meshdev.traffic.protocols.incoming import Incoming, Reading
from meshdev.traffic.protocols.kafka.apis import (
    API_VERSIONS,
    FETCH,
    MOST_API,
    PRODUCE,
    SASL_HANDSHAKE,
    api_of,
)
from meshdev.traffic.protocols.kafka.asked import Asked, first_error, operation_of, operations_of, subject
from meshdev.traffic.protocols.kafka.fields import MalformedError, Reader
from meshdev.traffic.protocols.kafka.heads import (
    fetched_head,
    fetched_partition,
    produce_head,
    produced_partition,
)
from meshdev.traffic.protocols.kafka.names import SHARED, TopicNames
from meshdev.traffic.protocols.kafka.shapes import ANSWERS, REQUESTS
from meshdev.traffic.protocols.kafka.topics import HEAD_BYTES, Layout, Topic, read_topics
from meshdev.traffic.protocols.operation import Operation
from meshdev.traffic.protocols.pairing import PairingScanner, UnreadableError

if TYPE_CHECKING:
    from meshdev.traffic.protocols.kafka.lost import Cuts

MOST_WAITING: Final = 4096
MOST_BYTES: Final = 512 * 1024 * 1024  # of a message
MOST_WHOLE: Final = 1024 * 1024  # of a message that is read as a whole; of a larger one only the name is told
_LEAST_REQUEST: Final = 10
_LEAST_ANSWER: Final = 4
_TLS: Final = 0x1603
_BY_ID: Final = 13  # the version from which on Produce and Fetch have topics by their ids
_NOT_KAFKA: Final = "it is not Kafka's protocol"


def _nobody_listens(_text: str) -> None:
    """No person is told."""


class KafkaScanner(PairingScanner[Asked]):
    """Reads one connection of Kafka along (`operation.Scanner`)."""

    __slots__ = ("_cuts", "_ends", "_names", "complain")

    name: ClassVar[str] = "kafka"

    def __init__(self, names: TopicNames = SHARED) -> None:
        super().__init__()
        self._names = names
        self._ends = {
            True: 0,
            False: 0,
        }  # of the message that is being read, of what the caller says or the callee
        self._cuts: Cuts | None = None  # what those tell each other who cut the connection
        self.complain: Callable[[str], None] = _nobody_listens

    def cutter(self, *, asked: bool) -> Cutter:
        """From where the scanner is."""
        incoming, end = (self._asked if asked else self._answered), self._ends[asked]
        received = incoming.received
        out = incoming.data[len(incoming.data) - (received - end) :] if received > end else b""
        return self._cutter(asked=asked, out=out, skip=max(end - received, 0))

    def first_cutter(self, *, asked: bool) -> Cutter:
        """From the beginning."""
        return self._cutter(asked=asked)

    def _cutter(self, *, asked: bool, out: bytes = b"", skip: int = 0) -> Cutter:
        from meshdev.traffic.protocols.kafka import cutting, lost  # noqa: PLC0415 - only faults need them

        cuts = self._cuts
        if cuts is None:
            cuts = self._cuts = lost.Cuts()
            for waiting in self._waiting.values():
                if waiting.key == FETCH and waiting.version <= waiting.api.known:
                    cuts.fetching(waiting.correlation, waiting.version)
        make = cutting.AskedBorders if asked else cutting.AnsweredBorders
        return Cutter(make(cuts, self._names, self.complain), out=out, skip=skip, lasting=True)

    def _unanswered(self, asked: Asked, now: float) -> Iterable[Operation]:
        if asked.topics:
            return operations_of(asked, asked.topics, {}, now, 0, self._names)
        return (operation_of(asked, now, 0),)

    def _requests(self, incoming: Incoming) -> Reading:
        while True:
            yield 4
            begin = incoming.position
            size = unpack_from(">i", incoming.data, incoming.at)[0]
            if size >> 16 == _TLS:
                raise UnreadableError("it is encrypted (TLS)")
            if not _LEAST_REQUEST <= size <= MOST_BYTES:
                raise UnreadableError(_NOT_KAFKA)
            incoming.at += 4
            end = self._ends[True] = begin + 4 + size
            yield min(size, HEAD_BYTES)
            key, version, correlation = unpack_from(">hhi", incoming.data, incoming.at)
            if not (0 <= key <= MOST_API and version >= 0) or correlation in self._waiting:
                raise UnreadableError(_NOT_KAFKA)
            api = api_of(key)
            asked = Asked(key, version, api, correlation, self._now, size + 4)
            reader = _reader(incoming, min(size, HEAD_BYTES))
            reader.at += 8
            acks = True
            topics: list[Topic] = []
            try:
                reader.string()  # the client's id
                reader.flexible = version >= api.flexible
                reader.tags()
                if key == PRODUCE and version <= api.known:
                    acks = produce_head(reader, version)
                    incoming.at = reader.at
                    layout = Layout(version >= _BY_ID, reader.flexible, produced_partition)
                    yield from read_topics(incoming, end, layout, topics)
                elif key in REQUESTS and version <= api.known and size <= MOST_WHOLE:
                    yield size
                    reader.data, reader.end = incoming.data, incoming.at + size
                    asked = asked._replace(target=subject(reader.fields(REQUESTS[key], version), self._names))
            except MalformedError:
                topics = []
            incoming.skip(max(end - incoming.position, 0))
            yield 0
            asked = asked._replace(started=self._now, topics=topics)
            if key == FETCH and self._cuts is not None and version <= api.known:
                self._cuts.fetching(correlation, version)
            if acks:
                self._waiting[correlation] = asked
            else:
                self._done += operations_of(asked, topics, {}, self._now, 0, self._names)
            if len(self._waiting) > MOST_WAITING:
                raise UnreadableError(f"more than {MOST_WAITING} requests wait for their answers")

    def _answers(self, incoming: Incoming) -> Reading:
        while True:
            yield 4
            begin = incoming.position
            size = unpack_from(">i", incoming.data, incoming.at)[0]
            if not _LEAST_ANSWER <= size <= MOST_BYTES:
                raise UnreadableError(_NOT_KAFKA)
            incoming.at += 4
            end = self._ends[False] = begin + 4 + size
            yield 4
            correlation = unpack_from(">i", incoming.data, incoming.at)[0]
            asked = self._waiting.get(correlation)
            if asked is None:
                if self._cuts is not None and correlation in self._cuts.own:
                    incoming.skip(size)
                    yield 0
                    continue
                raise UnreadableError("the broker answered what nobody had asked")
            incoming.at += 4
            answer: dict[str, Any] = {}
            topics: list[Topic] = []
            known = asked.version <= asked.api.known and not self._is_replaced(correlation)
            flexible = asked.version >= asked.api.flexible
            try:
                if asked.key == FETCH and known:
                    yield min(size - 4, HEAD_BYTES)
                    reader = _reader(incoming, min(size - 4, HEAD_BYTES), flexible=flexible)
                    reader.tags()
                    answer = {"error": fetched_head(reader, asked.version)}
                    incoming.at = reader.at
                    layout = Layout(asked.version >= _BY_ID, flexible, fetched_partition(asked.version))
                    yield from read_topics(incoming, end, layout, topics)
                elif asked.key in ANSWERS and known and size <= MOST_WHOLE:
                    yield size - 4
                    reader = _reader(incoming, size - 4, flexible=flexible)
                    if asked.key != API_VERSIONS:  # whose head is for everybody
                        reader.tags()
                    answer = reader.fields(ANSWERS[asked.key], asked.version)
            except MalformedError:
                pass
            incoming.skip(max(end - incoming.position, 0))
            yield 0
            del self._waiting[asked.correlation]
            self._answer(asked, answer, topics, size + 4)

    def _is_replaced(self, correlation: int) -> bool:
        """Whether something else was asked in its place."""
        lost = self._cuts.lost.get(correlation) if self._cuts is not None else None
        return lost is not None and lost.whole

    def _answer(self, asked: Asked, answer: dict[str, Any], topics: list[Topic], size: int) -> None:
        now, names = self._now, self._names
        told = [topic for topic in topics if topic.records or topic.error]
        if "brokers" in answer or asked.api.name == "CreateTopics":
            names.learn(answer.get("topics", []))
        if asked.topics:
            errors = {
                names.target(topic.get("name", ""), topic.get("id", b"")): first_error(topic)
                for topic in answer.get("topics", ())
            }
            self._done += operations_of(asked, asked.topics, errors, now, size, names)
        elif told:
            self._done += operations_of(asked, told, {}, now, size, names)
        else:
            self._done.append(operation_of(asked, now, size, first_error(answer)))
        if asked.key == SASL_HANDSHAKE and not asked.version:
            raise UnreadableError("SASL goes on without Kafka's frames")


def _reader(incoming: Incoming, size: int, *, flexible: bool = False) -> Reader:
    return Reader(incoming.data, incoming.at, incoming.at + size, flexible=flexible)
