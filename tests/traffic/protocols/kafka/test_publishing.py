"""A record to a broker of Kafka by hand: what is said, by kafka-python's reading, and what the answers mean."""

from collections.abc import Callable
from random import Random
from struct import unpack_from
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka.partitioner.default import murmur2 as others_murmur2
from kafka.record import MemoryRecords

from meshdev.traffic.protocols.kafka.murmur import murmur2
from meshdev.traffic.protocols.kafka.publishing import publish
from meshdev.traffic.protocols.publishing import Outgoing, RefusedError
from support_kafka_messages import CLASSES, message

PRODUCE, METADATA, API_VERSIONS = 0, 3, 18
NEW = SimpleNamespace(tags=set(), unknown_tags=None)


def plain(**values: Any) -> SimpleNamespace:
    """A structure without tags."""
    return SimpleNamespace(**values, **vars(NEW))


class Broker:
    """Answers each request; ``leads`` are the partitions that it leads, ``topic`` the topic's error."""

    def __init__(
        self, *, most: int = 99, leads: tuple[int, ...] = (0, 1), errors: list[int] | None = None
    ) -> None:
        self.most = most
        self.leads = leads
        self.errors = errors or []
        self.produced: list[Any] = []

    def answer(self, said: bytes) -> bytes:
        """What it says to a request."""
        key, version, correlation = unpack_from(">hhi", said, 4)
        asked = CLASSES[key, True].decode(said, version=version, header=True, framed=True)
        values: dict[str, Any] = {}
        if key == API_VERSIONS:
            keys = [plain(api_key=api, min_version=0, max_version=self.most) for api in (PRODUCE, METADATA)]
            values = {"api_keys": keys, "error_code": 0}
        elif key == METADATA:
            [topic] = asked.topics
            error = self.errors.pop(0) if self.errors else 0
            partitions = [
                plain(error_code=0, partition_index=it, leader_id=1, leader_epoch=0, replica_nodes=[], isr_nodes=[],
                      offline_replicas=[])
                for it in ((1, 0) if not error else ())
            ]  # fmt: skip
            told = plain(
                error_code=error, name=topic.name, topic_id=None, is_internal=False, partitions=partitions,
                authorized_operations=set(), topic_authorized_operations=set(),
            )  # fmt: skip
            values = {"topics": [told]}
        else:
            self.produced.append(asked)
            [topic] = asked.topic_data
            [partition] = topic.partition_data
            error = 0 if partition.index in self.leads else 6
            taken = plain(
                index=partition.index, error_code=error, base_offset=0, log_append_time_ms=0, log_start_offset=0,
                record_errors=[], error_message=None, current_leader=None,
            )  # fmt: skip
            values = {"responses": [plain(name=topic.name, partition_responses=[taken])]}
        return message(key, version, Random(1), asked=False, correlation=correlation, **values).data


def held(outgoing: Outgoing, answer: Callable[[bytes], bytes]) -> None:
    """The whole dialogue, answers cut anyhow; raises RefusedError."""
    dialogue = publish(outgoing)
    said = next(dialogue)
    while True:
        heard = answer(said)
        try:
            for begin in (0, 1, 9):
                said = dialogue.send(heard[begin : {0: 1, 1: 9, 9: None}[begin]])
        except StopIteration:
            return


@pytest.mark.parametrize("most", [4, 7, 8, 99])
def test_what_is_said(most: int) -> None:
    """The record with its key, its headers and its time, to the partition of the key, once the topic is there."""
    broker = Broker(most=most, errors=[5, 3])
    held(Outgoing("orders", b"{}", {"a": "b"}, "k", 1_700_000_000.5), broker.answer)
    [asked] = broker.produced
    assert asked.acks == -1
    [partition] = asked.topic_data[0].partition_data
    assert partition.index == others_murmur2(b"k") % 2
    batch = MemoryRecords(bytes(partition.records)).next_batch()
    assert batch.validate_crc()
    [record] = batch
    assert (record.key, record.value, record.headers) == (b"k", b"{}", [("a", b"b")])
    assert (record.timestamp, record.offset) == (1_700_000_000_500, 0)


def test_another_partition_is_tried() -> None:
    """If this broker does not lead the first, and no key says which it must be."""
    broker = Broker(leads=(1,))
    held(Outgoing("orders", b"{}"), broker.answer)
    assert [asked.topic_data[0].partition_data[0].index for asked in broker.produced] == [0, 1]


@pytest.mark.parametrize(
    ("broker", "why"),
    [
        (Broker(leads=()), "another broker leads"),
        (Broker(errors=[29]), "TOPIC_AUTHORIZATION_FAILED"),
        (Broker(errors=[5] * 500), "LEADER_NOT_AVAILABLE"),
        (Broker(most=2), "no version"),
    ],
)
def test_a_refusal_says_why(broker: Broker, why: str) -> None:
    """In the protocol's words."""
    with pytest.raises(RefusedError, match=why):
        held(Outgoing("orders", b"{}"), broker.answer)


def test_what_is_no_kafka() -> None:
    """It is told."""
    with pytest.raises(RefusedError, match="does not speak"):
        held(Outgoing("orders", b"{}"), lambda _: b"\0\0\0\x04\0\0\0\x63")


@given(st.binary(max_size=50))
def test_partitions_of_keys(key: bytes) -> None:
    """As clients find them."""
    assert murmur2(key) == others_murmur2(key) & 0x7FFFFFFF


def test_a_name_that_cannot_be_written() -> None:
    """Its length has two bytes."""
    with pytest.raises(RefusedError, match="at most 32767"):
        next(publish(Outgoing("t" * 32_768, b"x")))


@pytest.mark.parametrize("answer", [b"", b"\0\0", b"\0\0\0\0\0\x09", b"\0\0\x7f\xff\xff\xff"])
def test_versions_that_break_off(answer: bytes) -> None:
    """They are not understood."""
    dialogue = publish(Outgoing("t", b"x"))
    next(dialogue)
    with pytest.raises(RefusedError, match="not understood"):
        dialogue.send((4 + len(answer)).to_bytes(4) + b"\0\0\0\1" + answer)
