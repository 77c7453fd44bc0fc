"""Kafka's scanner between a real broker (Tansu) and its clients: aiokafka, librdkafka, kafka-python."""

import uuid
from collections import Counter
from collections.abc import Iterator
from typing import Any

import confluent_kafka
import kafka
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from meshdev.traffic.protocols.kafka.scanner import KafkaScanner
from meshdev.traffic.protocols.operation import Kind, Operation, Outcome
from support_kafka import tansu
from support_mesh import free_port
from support_scanning import Scanned, same_in_other_cuts, scanned

pytestmark = pytest.mark.timeout(120)
TRACE = "0af7651916cd43dd8448eb211c80319c"
TRACEPARENT = f"00-{TRACE}-b7ad6b7169203331-01".encode()


@pytest.fixture(scope="module")
def relay() -> Iterator[Scanned]:
    """A relay that reads along, and a broker behind it that advertises the relay's address."""
    port = free_port()
    with scanned(KafkaScanner, port) as found, tansu(port=port, advertised=found.port):
        yield found


@pytest.fixture
def it(relay: Scanned) -> Scanned:
    """The relay, with nothing read yet."""
    relay.conversations.clear()
    return relay


@pytest.fixture
def topic() -> str:
    """A topic that nobody else uses."""
    return f"orders.{uuid.uuid4()}"


def of(it: Scanned, kind: Kind) -> list[Operation]:
    """The operations of that kind, as they ended."""
    return sorted((op for op in it.operations if op.kind is kind), key=lambda op: op.ended)


def counted(it: Scanned) -> tuple[int, int]:
    """How many were published and delivered."""
    return sum(op.messages_in or 0 for op in of(it, Kind.PUBLISH)), sum(
        op.messages_out or 0 for op in of(it, Kind.DELIVER)
    )


async def test_aiokafka(it: Scanned, topic: str) -> None:
    """Produces singly and in batches, compressed too; consumes in a group."""
    at = f"127.0.0.1:{it.port}"
    async with AIOKafkaProducer(bootstrap_servers=at) as producer:
        await producer.send_and_wait(topic, b"first", headers=[("traceparent", TRACEPARENT)])
        for n in range(20):
            await producer.send(topic, b"%d" % n)
        await producer.flush()
    async with AIOKafkaProducer(bootstrap_servers=at, compression_type="gzip", linger_ms=50) as producer:
        for n in range(10):
            await producer.send(topic, b"x" * 1000 + b"%d" % n)
        await producer.flush()
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=at, group_id="billing", auto_offset_reset="earliest", session_timeout_ms=6000
    )
    async with consumer:
        found = {(await anext(consumer)).value for _ in range(31)}
        await consumer.commit()
    assert len(found) == 31
    published, delivered = counted(it)
    assert published == 31
    assert delivered >= 31  # a group that is slow gets some twice
    pattern = "orders.{id}"
    assert {op.target for op in (*of(it, Kind.PUBLISH), *of(it, Kind.DELIVER))} == {pattern}
    first = of(it, Kind.PUBLISH)[0]
    assert (first.payload, first.trace, first.outcome) == (b"first", TRACE, Outcome.OK)
    assert TRACE in {op.trace for op in of(it, Kind.DELIVER)}
    assert of(it, Kind.DELIVER)[-1].lag == 0
    groups = Counter(op.name for op in it.operations if op.target == "billing")
    assert {"FindCoordinator", "JoinGroup", "SyncGroup", "OffsetCommit", "OffsetFetch"} <= set(groups)
    same_in_other_cuts(KafkaScanner, it)


def test_librdkafka(it: Scanned, topic: str) -> None:
    """The client below most languages' clients."""
    at = f"127.0.0.1:{it.port}"
    failed: list[Any] = []
    producer = confluent_kafka.Producer({"bootstrap.servers": at, "linger.ms": 20})
    for n in range(100):
        producer.produce(
            topic, b"%d" % n, on_delivery=lambda error, _: failed.append(error) if error else None
        )
    assert producer.flush(30) == 0
    assert not failed
    consumer = confluent_kafka.Consumer(
        {
            "bootstrap.servers": at,
            "group.id": "billing-2",
            "auto.offset.reset": "earliest",
            "session.timeout.ms": 6000,
        }
    )
    consumer.subscribe([topic])
    found: list[bytes] = []
    while len(found) < 100:
        record = consumer.poll(30)
        assert record is not None
        if record.error() is None:
            found.append(record.value() or b"")
    consumer.close()
    assert sorted(found, key=int) == [b"%d" % n for n in range(100)]
    published, delivered = counted(it)
    assert published == 100
    assert delivered >= 100
    same_in_other_cuts(KafkaScanner, it)


def test_kafka_python(it: Scanned, topic: str) -> None:
    """Without acks, with gzip, and by hand-picked partitions."""
    at = f"127.0.0.1:{it.port}"
    producer = kafka.KafkaProducer(bootstrap_servers=at, acks=1, compression_type="gzip")
    for n in range(5):
        producer.send(topic, b"%d" % n, partition=0).get(30)
    producer.close()
    consumer = kafka.KafkaConsumer(
        bootstrap_servers=at,
        auto_offset_reset="earliest",
        consumer_timeout_ms=10_000,
        enable_auto_commit=False,
    )
    consumer.assign([kafka.TopicPartition(topic, 0)])
    found = [next(consumer).value for _ in range(5)]
    consumer.close()
    assert found == [b"%d" % n for n in range(5)]
    assert counted(it) == (5, 5)
    same_in_other_cuts(KafkaScanner, it)
