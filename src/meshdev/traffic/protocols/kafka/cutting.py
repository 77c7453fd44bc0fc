"""Kafka's requests and answers for faults on messages: every record of a Produce, or of a Fetch's answer, is one.

Upstream a record that is lost or late is left out of its request. A partition of which no record is left is taken out,
and put back into the broker's answer as one that was taken; of a request of which no partition is left an ApiVersions
takes the place, so that the broker answers it. What is late leaves in a Produce of its own, as nobody's, whose answer
nobody hears. Records of a transaction cannot: they come in it or never.

Downstream records keep their offsets; a batch may have none left. What is late holds up all that follows.
"""

from collections.abc import Callable, Iterator, Sequence
from struct import pack, unpack_from
from typing import Final, NamedTuple

from meshdev.traffic.protocols.cutting import MOST_MESSAGE, LostPlaceError, Message, Part, Unit
from meshdev.traffic.protocols.kafka import batches
from meshdev.traffic.protocols.kafka.apis import FETCH, PRODUCE, api_of
from meshdev.traffic.protocols.kafka.batches import Batch, Record, UnopenedError
from meshdev.traffic.protocols.kafka.fields import MalformedError, Reader
from meshdev.traffic.protocols.kafka.heads import (
    fetched_head,
    fetched_partition,
    produce_head,
    produced_partition,
)
from meshdev.traffic.protocols.kafka.lost import Cuts, Lost, LostTopic, ask_instead, supplemented
from meshdev.traffic.protocols.kafka.names import TopicNames
from meshdev.traffic.protocols.kafka.sequences import SHARED, Sender, Sequences
from meshdev.traffic.protocols.kafka.spans import Place, TopicsSpan, length, topics_at, with_records
from meshdev.traffic.protocols.kafka.topics import Layout

_MOST_BYTES: Final = 512 * 1024 * 1024
_TLS: Final = 0x1603
_LEAST: Final = 8  # of a message, with its length
_REQUEST_HEAD: Final = 12
_OLDEST: Final = 3  # version of a Produce with batches as they are now
_BY_ID: Final = 13
_INNER: Final = "__"
_PATIENCE: Final = 30_000  # milliseconds that a broker may take for what was late
_WAITING: Final = (Message(""),)


class Opened(NamedTuple):
    """A whole message whose batches are read, by their places."""

    span: TopicsSpan
    found: dict[Place, list[Batch]]
    version: int
    flexible: bool
    answered: bool = True


class _Mark(NamedTuple):
    """Where a record stands."""

    opened: Opened
    place: Place
    batch: int
    record: int


class _Borders:
    """What both directions have in common."""

    __slots__ = ("_complain", "_cuts", "_names")

    def __init__(self, cuts: Cuts, names: TopicNames, complain: Callable[[str], None]) -> None:
        self._cuts = cuts
        self._names = names
        self._complain = complain

    def payload(self, data: bytes) -> bytes:
        """Messages are parts here."""
        raise NotImplementedError

    def with_payload(self, data: bytes, payload: bytes) -> bytes:
        """Messages are parts here."""
        raise NotImplementedError

    def _messages(
        self, reader: Reader, layout: Layout, version: int, *, asked: bool, answered: bool = True
    ) -> list[Message]:
        """The records from where the reader is. Raises MalformedError."""
        span = topics_at(reader, layout)
        opened = Opened(span, {}, version, layout.flexible, answered)
        messages: list[Message] = []
        for number, topic in enumerate(span.topics):
            name = topic.name or self._names.name(topic.id)
            for at, partition in enumerate(topic.partitions):
                place = number, at
                here = opened.found[place] = list(self._open(reader.data[partition.records : partition.end]))
                messages += (
                    Message(
                        name,
                        record.texts,
                        name.startswith(_INNER),
                        _Mark(opened, place, in_order, n),
                        fixed=not asked or batch.is_transactional,
                    )
                    for in_order, batch in enumerate(here)
                    for n, record in enumerate(batch.records)
                )
        return messages

    def _open(self, data: bytes) -> Iterator[Batch]:
        for one in batches.split(data):
            try:
                yield batches.opened(one)
            except UnopenedError as error:
                self._complain(f"faults on messages do nothing to some records: {error}")
                yield Batch(one, [])


class AskedBorders(_Borders):
    """What a caller says."""

    __slots__ = ("_sequences",)

    def __init__(
        self, cuts: Cuts, names: TopicNames, complain: Callable[[str], None], sequences: Sequences = SHARED
    ) -> None:
        super().__init__(cuts, names, complain)
        self._sequences = sequences

    def measure(self, data: bytes, at: int) -> Unit | None:
        """The request at ``at``."""
        whole = _size(data, at)
        if whole is None or len(data) - at < _REQUEST_HEAD:
            return None
        key, version = unpack_from(">hh", data, at + 4)
        if key != PRODUCE or not _OLDEST <= version <= api_of(PRODUCE).known or whole > MOST_MESSAGE:
            return Unit(whole)
        if at + whole > len(data):
            return Unit(whole, parts=_WAITING)
        reader = Reader(data[at : at + whole], _REQUEST_HEAD, whole, flexible=False)
        try:
            reader.string()
            reader.flexible = version >= api_of(PRODUCE).flexible
            reader.tags()
            answered = produce_head(reader, version)
            layout = Layout(version >= _BY_ID, reader.flexible, produced_partition)
            return Unit(whole, parts=self._messages(reader, layout, version, asked=True, answered=answered))
        except MalformedError:
            return Unit(whole)

    def with_parts(self, data: bytes, messages: Sequence[Message], parts: Sequence[Part]) -> bytes:
        """The request without what was lost, or something in its place."""
        opened = _opened(messages)
        changed: dict[Place, bytes | None] = {}
        for place, here in _by_place(messages, parts).items():
            batch_bytes = [
                self._batch(opened, place, batch, here.get(number))
                for number, batch in enumerate(opened.found[place])
            ]
            records = b"".join(batch_bytes)
            if batch_bytes != [batch.data for batch in opened.found[place]]:
                changed[place] = records or None
        if not changed:
            return data
        correlation = unpack_from(">i", data, 8)[0]
        whole = all(changed.get(place, b"") is None for place in opened.found)
        lost = _lost_topics(data, opened, changed)
        if lost and opened.answered:
            self._cuts.lost[correlation] = Lost(opened.version, lost, whole)
        if whole:
            return ask_instead(correlation) if opened.answered else b""
        return with_records(data, opened.span, changed, flexible=opened.flexible)

    def _batch(
        self, opened: Opened, place: Place, batch: Batch, parts: Sequence[tuple[int, Part]] | None
    ) -> bytes:
        """A batch as it leaves; empty when no record of it is left."""
        if parts is None:
            return batch.data
        records = [_changed(batch.records[number], part) for number, part in parts for _ in range(part.times)]
        producer, epoch, sequence = batch.producer
        if producer >= 0:
            topic = opened.span.topics[place[0]]
            sender: Sender = (
                producer,
                epoch,
                topic.name or topic.id.hex(),
                topic.partitions[place[1]].number,
            )
            now = self._sequences.now(sender, sequence)
            self._sequences.changed(sender, sequence, len(records) - len(batch.records))
        else:
            now = sequence
        if now == sequence and all(part == Part() for _, part in parts):
            return batch.data
        return batches.produced(batch, records, now) if records else b""

    def alone(self, data: bytes, message: Message, part: Part) -> bytes:
        """A Produce of one record."""
        mark = _mark(message)
        opened, (number, at) = mark.opened, mark.place
        batch = opened.found[mark.place][mark.batch]
        records = batches.of_nobody(batch, _changed(batch.records[mark.record], part))
        reader = Reader(data, _REQUEST_HEAD, len(data), flexible=False)
        reader.string()
        reader.flexible = flexible = opened.flexible
        reader.tags()
        tags = b"\0" if flexible else b""
        topic = opened.span.topics[number]
        body = b"".join(
            (
                pack(">hhi", PRODUCE, opened.version, self._cuts.number()),
                data[_REQUEST_HEAD : reader.at],
                b"\0" if flexible else pack(">h", -1),  # no transaction
                pack(">hi", 1, _PATIENCE),
                length(1, flexible=flexible),
                data[topic.begin : topic.counted],
                length(1, flexible=flexible),
                pack(">i", topic.partitions[at].number),
                length(len(records), flexible=flexible),
                records,
                tags * 3,
            )
        )
        return pack(">i", len(body)) + body


class AnsweredBorders(_Borders):
    """What a broker says."""

    __slots__ = ()

    def measure(self, data: bytes, at: int) -> Unit | None:
        """The answer at ``at``."""
        whole = _size(data, at)
        if whole is None or len(data) - at < _LEAST:
            return None
        cuts, end = self._cuts, at + whole
        correlation = unpack_from(">i", data, at + 4)[0]
        if correlation in cuts.own or correlation in cuts.lost:
            if end > len(data):
                return None
            cuts.own.discard(correlation)
            lost = cuts.lost.pop(correlation, None)
            return Unit(whole, instead=b"" if lost is None else supplemented(data[at:end], lost))
        version = cuts.fetches.get(correlation)
        if version is None:
            return Unit(whole)
        if whole <= MOST_MESSAGE and end > len(data):
            return Unit(whole, parts=_WAITING)
        del cuts.fetches[correlation]
        return Unit(whole, parts=self._fetched(data[at:end], version) if whole <= MOST_MESSAGE else ())

    def _fetched(self, answer: bytes, version: int) -> list[Message]:
        flexible = version >= api_of(FETCH).flexible
        reader = Reader(answer, _LEAST, len(answer), flexible=flexible)
        try:
            reader.tags()
            fetched_head(reader, version)
            layout = Layout(version >= _BY_ID, flexible, fetched_partition(version))
            return self._messages(reader, layout, version, asked=False)
        except MalformedError:
            return []

    def with_parts(self, data: bytes, messages: Sequence[Message], parts: Sequence[Part]) -> bytes:
        """The answer without what was lost, or with other values."""
        if all(part == Part() for part in parts):
            return data
        opened = _opened(messages)
        changed: dict[Place, bytes | None] = {}
        for place, here in _by_place(messages, parts).items():
            changed[place] = b"".join(
                _fetched(batch, here.get(number)) for number, batch in enumerate(opened.found[place])
            )
        return with_records(data, opened.span, changed, flexible=opened.flexible)

    def alone(self, data: bytes, message: Message, part: Part) -> bytes:
        """No record leaves alone."""
        raise NotImplementedError


def _size(data: bytes, at: int) -> int | None:
    """How long the message at ``at`` is, with its length."""
    if len(data) - at < 4:  # noqa: PLR2004 - the length
        return None
    size: int = unpack_from(">i", data, at)[0]
    if not 4 <= size <= _MOST_BYTES or size >> 16 == _TLS:  # noqa: PLR2004 - an answer's head
        raise LostPlaceError
    return size + 4


def _opened(messages: Sequence[Message]) -> Opened:
    return _mark(messages[0]).opened


def _mark(message: Message) -> _Mark:
    mark = message.mark
    if not isinstance(mark, _Mark):
        raise TypeError(mark)
    return mark


def _by_place(
    messages: Sequence[Message], parts: Sequence[Part]
) -> dict[Place, dict[int, list[tuple[int, Part]]]]:
    """What becomes of records, by their place and their batch's number there."""
    found: dict[Place, dict[int, list[tuple[int, Part]]]] = {}
    for message, part in zip(messages, parts, strict=True):
        _, place, batch, record = _mark(message)
        found.setdefault(place, {}).setdefault(batch, []).append((record, part))
    return found


def _changed(record: Record, part: Part) -> Record:
    return record if part.payload is None else record._replace(value=part.payload(record.value or b""))


def _fetched(batch: Batch, parts: Sequence[tuple[int, Part]] | None) -> bytes:
    if parts is None or all(part.times and part.payload is None for _, part in parts):
        return batch.data
    return batches.fetched(
        batch, [_changed(batch.records[number], part) for number, part in parts if part.times]
    )


def _lost_topics(data: bytes, opened: Opened, changed: dict[Place, bytes | None]) -> list[LostTopic]:
    found = []
    for number, topic in enumerate(opened.span.topics):
        gone = [
            partition.number
            for at, partition in enumerate(topic.partitions)
            if changed.get((number, at), b"") is None
        ]
        if gone:
            found.append(LostTopic(data[topic.begin : topic.counted], gone))
    return found
