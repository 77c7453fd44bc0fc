"""Kafka cut into requests and answers whose records are messages: what leaves in their place, in every version."""

import os
from collections.abc import Sequence
from random import Random
from struct import unpack_from
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meshdev.traffic.protocols.cutting import Composed, Cutter, Part, Piece
from meshdev.traffic.protocols.kafka.batches import opened
from meshdev.traffic.protocols.kafka.cutting import AskedBorders
from meshdev.traffic.protocols.kafka.lost import Cuts
from meshdev.traffic.protocols.kafka.names import TopicNames
from meshdev.traffic.protocols.kafka.scanner import KafkaScanner
from meshdev.traffic.protocols.kafka.sequences import MOST_CHANGES, MOST_PRODUCERS, Sequences
from support_kafka_messages import CLASSES, batch, idempotent, message
from support_scanning import cut_at

PRODUCE, FETCH, API_VERSIONS = 0, 1, 18
EXAMPLES = int(os.environ.get("MESHDEV_FUZZ", "50"))
PRODUCES = range(3, 14)
FETCHES = range(4, 19)
GONE, TWICE = Part(0), Part(2)
MUD = Part(1, lambda _: b"mud")


def request(version: int, *topics: dict[int, bytes], acks: int = 1) -> bytes:
    """A Produce with these topics' partitions."""
    data = [
        SimpleNamespace(
            name=f"topic{number}",
            topic_id=None,
            partition_data=[SimpleNamespace(index=index, records=records, tags=set(), unknown_tags=None)
                            for index, records in partitions.items()],
            tags=set(),
            unknown_tags=None,
        )
        for number, partitions in enumerate(topics)
    ]  # fmt: skip
    return message(
        PRODUCE, version, Random(1), asked=True, acks=acks, topic_data=data, transactional_id=None
    ).data


def told(data: bytes, version: int, key: int = PRODUCE, *, asked: bool = True) -> Any:
    """A message as kafka-python reads it."""
    return CLASSES[key, asked].decode(data, version=version, header=True, framed=True)


def values(records: bytes) -> list[bytes | None]:
    """Of a batch."""
    return [record.value for record in opened(records).records]


def contents(data: bytes, version: int) -> dict[tuple[str, int], list[bytes | None]]:
    """What a Produce brings, by topic and partition."""
    found = told(data, version)
    return {
        (topic.name, partition.index): values(bytes(partition.records))
        for topic in found.topic_data
        for partition in topic.partition_data
    }


def asked_borders(cuts: Cuts | None = None, sequences: Sequences | None = None) -> AskedBorders:
    """Of a caller."""
    return AskedBorders(cuts or Cuts(), TopicNames(), lambda _: None, sequences or Sequences())


def sent(borders: AskedBorders, data: bytes, *parts: Part) -> bytes:
    """What leaves of a request when this becomes of its records."""
    unit = borders.measure(data, 0)
    assert unit is not None
    assert unit.size == len(data)
    assert len(unit.parts) == len(parts)
    return borders.with_parts(data, unit.parts, parts)


@pytest.mark.parametrize("version", [version for version in PRODUCES if version < 13])
def test_records_of_a_request(version: int) -> None:
    """Left out, doubled, changed; a partition without records is none, nor is a topic without partitions."""
    data = request(version, {0: batch([b"a", b"b"]), 7: batch([b"c"])}, {3: batch([b"d"])})
    keep = Part()
    assert sent(asked_borders(), data, keep, keep, keep, keep) == data
    changed = sent(asked_borders(), data, TWICE, GONE, MUD, keep)
    assert contents(changed, version) == {
        ("topic0", 0): [b"a", b"a"],
        ("topic0", 7): [b"mud"],
        ("topic1", 3): [b"d"],
    }
    cuts = Cuts()
    changed = sent(asked_borders(cuts), data, keep, keep, GONE, GONE)
    assert contents(changed, version) == {("topic0", 0): [b"a", b"b"]}
    assert [[topic.partitions, cuts.lost[7].whole] for topic in cuts.lost[7].topics] == [
        [[7], False],
        [[3], False],
    ]


@pytest.mark.parametrize("version", [version for version in PRODUCES if version < 13])
def test_one_record_alone(version: int) -> None:
    """A request of its own, whose answer nobody hears; what it was keyed and headed by is in it."""
    cuts = Cuts()
    borders = asked_borders(cuts)
    data = request(version, {0: batch([b"a", b"b"])}, {3: batch([b"d"], [[("h", b"1")]])}, acks=-1)
    unit = borders.measure(data, 0)
    assert unit is not None
    alone = told(made := borders.alone(data, unit.parts[2], MUD), version)
    assert (alone.acks, alone.header.correlation_id, alone.transactional_id) == (1, -2, None)
    assert contents(made, version) == {("topic1", 3): [b"mud"]}
    assert opened(bytes(alone.topic_data[0].partition_data[0].records)).records[0].texts() == {"h": "1"}
    assert cuts.own == {-2}


@pytest.mark.parametrize("version", [version for version in PRODUCES if version < 13])
def test_the_answer_has_what_was_lost(version: int) -> None:
    """As if it had been taken: beside what the broker says, or alone when something else was asked."""
    answered = SimpleNamespace(
        index=0, error_code=0, base_offset=5, log_append_time_ms=1, log_start_offset=0, record_errors=[],
        error_message=None, current_leader=None, tags=set(), unknown_tags=None,
    )  # fmt: skip
    topic = SimpleNamespace(name="topic0", partition_responses=[answered], tags=set(), unknown_tags=None)
    answer = message(PRODUCE, version, Random(1), asked=False, responses=[topic]).data
    versions = message(API_VERSIONS, 0, Random(1), asked=False).data
    data = request(version, {0: batch([b"a"]), 7: batch([b"c"])}, {3: batch([b"d"])})
    for parts, said, expected in (
        ([Part(), GONE, GONE], answer, [("topic0", 7, -1), ("topic1", 3, -1), ("topic0", 0, 5)]),
        ([GONE] * 3, versions, [("topic0", 0, -1), ("topic0", 7, -1), ("topic1", 3, -1)]),
    ):
        scanner = KafkaScanner()
        scanner.asked(data[:0], 0.0)
        upstream, downstream = (scanner.cutter(asked=asked) for asked in (True, False))
        scanner.asked(data, 0.0)
        [piece] = upstream.cut(data)
        borders = upstream.borders
        assert isinstance(borders, Composed)
        left = borders.with_parts(piece.data, piece.parts, parts)
        assert unpack_from(">h", left, 4)[0] == (PRODUCE if said is answer else API_VERSIONS)
        operations = scanner.answered(said, 1.0)
        assert {operation.code for operation in operations} == {""}
        assert sum(operation.messages_in or 0 for operation in operations) == 3
        [piece] = downstream.cut(said)
        found = told(piece.data, version, asked=False)
        assert [
            (topic.name, it.index, it.base_offset)
            for topic in found.responses
            for it in topic.partition_responses
        ] == expected
        assert {it.error_code for topic in found.responses for it in topic.partition_responses} == {0}


def test_answers_to_nobody() -> None:
    """They are read by nobody, and are gone."""
    scanner = KafkaScanner()
    upstream, downstream = (scanner.cutter(asked=asked) for asked in (True, False))
    data = request(9, {0: batch([b"a"])})
    scanner.asked(data, 0.0)
    [piece] = upstream.cut(data)
    borders = upstream.borders
    assert isinstance(borders, Composed)
    borders.alone(piece.data, piece.parts[0], Part())
    said = message(PRODUCE, 9, Random(1), asked=False, correlation=-2).data
    assert scanner.answered(said, 0.0) == ()
    assert not scanner.gave_up
    assert [piece.data for piece in downstream.cut(said[:9]) + downstream.cut(said[9:])] == [b""]


def test_without_acks_nothing_takes_the_place() -> None:
    """Nobody would answer it."""
    cuts = Cuts()
    assert sent(asked_borders(cuts), request(9, {0: batch([b"a"])}, acks=0), GONE) == b""
    assert not cuts.lost


def test_sequences_go_on() -> None:
    """Whatever was lost or added before; what is sent again has its number again."""
    sequences = Sequences()
    borders = asked_borders(None, sequences)

    def leaves(sequence: int, *parts: Part, records: int = 2) -> tuple[int, int, int]:
        data = request(9, {0: idempotent(batch([b"x"] * records), 7, sequence)})
        out = told(sent(borders, data, *parts), 9)
        return opened(bytes(out.topic_data[0].partition_data[0].records)).producer

    assert leaves(0, Part(), GONE) == (7, 1, 0)
    assert leaves(2, Part(), Part()) == (7, 1, 1)
    assert sent(borders, request(9, {0: idempotent(batch([b"x"]), 7, 4)}), GONE)[4:8] == b"\0\x12\0\0"
    assert leaves(5, TWICE, Part()) == (7, 1, 3)
    assert leaves(7, Part(), Part()) == (7, 1, 6)
    assert leaves(2, Part(), Part()) == (7, 1, 1)
    assert leaves(0, Part(), Part()) == (7, 1, 0)
    assert leaves(2, Part(), Part()) == (7, 1, 2)


def test_the_book_of_sequences_is_bounded() -> None:
    """Old changes are summed up, old producers forgotten."""
    sequences = Sequences()
    for number in range(MOST_CHANGES * 2):
        sequences.changed((1, 0, "t", 0), number * 2, -1)
    assert sequences.now((1, 0, "t", 0), MOST_CHANGES * 4) == MOST_CHANGES * 2
    for number in range(MOST_PRODUCERS + 1):
        sequences.changed((number, 1, "t", 0), 0, -1)
    assert sequences.now((1, 0, "t", 0), 9) == 9


def test_records_of_a_transaction_stay_in_it() -> None:
    """They cannot leave alone."""
    unit = asked_borders().measure(request(9, {0: idempotent(batch([b"x"]), 7, 0, transactional=True)}), 0)
    assert unit is not None
    assert [part.fixed for part in unit.parts] == [True]


def answer(version: int, records: bytes) -> bytes:
    """A Fetch's answer with one partition."""
    partition = SimpleNamespace(
        partition_index=3, error_code=0, high_watermark=9, last_stable_offset=9, log_start_offset=0,
        aborted_transactions=[], preferred_read_replica=-1, records=records, tags=set(), unknown_tags=None,
        diverging_epoch=None, current_leader=None, snapshot_id=None,
    )  # fmt: skip
    topic = SimpleNamespace(
        topic="topic0", topic_id=None, partitions=[partition], tags=set(), unknown_tags=None
    )
    return message(FETCH, version, Random(1), asked=False, responses=[topic], error_code=0).data


def fetching(version: int) -> tuple[KafkaScanner, Cutter]:
    """A connection on which something is fetched, cut."""
    scanner = KafkaScanner()
    scanner.asked(message(FETCH, version, Random(1), asked=True).data, 0.0)
    return scanner, scanner.cutter(asked=False)


@pytest.mark.parametrize("version", [version for version in FETCHES if version < 13])
def test_records_of_an_answer(version: int) -> None:
    """Without one, with another value; it is the same batch with the same offsets."""
    records = batch([b"a", b"b", b"c"]) + batch([b"d"])
    data = answer(version, records)
    _, cutter = fetching(version)
    [piece] = cutter.cut(data)
    assert [(part.subject, part.fixed) for part in piece.parts] == [("topic0", True)] * 4
    borders = cutter.borders
    assert isinstance(borders, Composed)
    assert borders.with_parts(piece.data, piece.parts, [Part()] * 4) == data
    left = told(
        borders.with_parts(piece.data, piece.parts, [GONE, TWICE, MUD, Part()]), version, FETCH, asked=False
    )
    found = bytes(left.responses[0].partitions[0].records)
    assert found.endswith(batch([b"d"]))
    first = opened(found[: -len(batch([b"d"]))])
    assert [(record.offset, record.value) for record in first.records] == [(1, b"b"), (2, b"mud")]


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.floats(0, 1), st.lists(st.floats(0, 1), max_size=6), st.booleans())
def test_no_byte_is_lost(begun: float, places: Sequence[float], asked: bool) -> None:  # noqa: FBT001
    """Wherever it begins, however the bytes come."""
    said = [
        message(FETCH, 11, Random(2), asked=True, correlation=8).data,
        request(9, {0: batch([b"a"])}),
        message(API_VERSIONS, 3, Random(2), asked=True, correlation=9).data,
    ]
    answers = [
        answer(11, batch([b"a"])),
        message(PRODUCE, 9, Random(2), asked=False, correlation=8).data,
    ]
    whole = b"".join(said if asked else answers)
    read = int(begun * len(whole))
    scanner = KafkaScanner()
    if not asked:
        scanner.asked(message(FETCH, 11, Random(2), asked=True).data, 0.0)
        scanner.asked(request(9, {0: batch([b"a"])}).replace(b"\0\0\0\x07", b"\0\0\0\x08", 1), 0.0)
    feed = scanner.asked if asked else scanner.answered
    feed(whole[:read], 0.0)
    cutter = scanner.cutter(asked=asked)
    pieces: list[Piece] = []
    for data in cut_at(places)(whole[read:]):
        feed(data, 0.0)
        pieces += cutter.cut(data)
    borders = cutter.borders
    assert isinstance(borders, Composed)
    out = b"".join(
        borders.with_parts(piece.data, piece.parts, [Part()] * len(piece.parts))
        if piece.parts
        else piece.data
        for piece in pieces
    )
    assert out == whole[read:]
    assert not cutter.lost
    assert not scanner.gave_up


@given(st.binary(max_size=100))
def test_any_bytes_are_survived(data: bytes) -> None:
    """Whatever they are."""
    cutter = Cutter(asked_borders())
    assert b"".join(piece.data for piece in cutter.cut(data)) + cutter.rest() == data
