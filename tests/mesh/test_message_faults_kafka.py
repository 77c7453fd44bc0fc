"""Faults on records between clients of Kafka and a real broker (Tansu): each request is answered, offsets stay."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import confluent_kafka
import kafka
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from meshdev.traffic.protocols.kafka import batches
from meshdev.wire.mesh import Upstream
from support_faulty_edge import Faulty, edge_to, faulty
from support_kafka import tansu

PATIENCE = 10
PUBLISHED = {"direction": "upstream"}
pytestmark = pytest.mark.timeout(60)


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    """A broker."""
    with tansu() as port:
        yield port


def name() -> str:
    """A topic of a test's own."""
    return f"orders.{uuid4().hex}"


@asynccontextmanager
async def producing(it: Faulty, **options: Any) -> AsyncIterator[AIOKafkaProducer]:
    """A producer over the edge."""
    async with AIOKafkaProducer(bootstrap_servers=f"127.0.0.1:{it.port}", **options) as producer:
        yield producer


async def fetched(port: int, topic: str, count: int) -> list[str]:
    """The first records of a topic."""
    consumer = AIOKafkaConsumer(bootstrap_servers=f"127.0.0.1:{port}", auto_offset_reset="earliest")
    got: list[str] = []
    async with consumer, asyncio.timeout(PATIENCE):
        consumer.assign([TopicPartition(topic, 0)])
        while len(got) < count:
            got.append(((await anext(consumer)).value or b"").decode())
    return got


async def test_records_that_are_lost(server: int) -> None:
    """Some of a batch, a whole one; their producer hears that they were taken."""
    topic = name()
    lose = {"drop": PUBLISHED, "match": {"header": {"lose": "yes"}}}
    async with faulty(server, lose, protocol="kafka") as it, producing(it, linger_ms=50) as producer:
        lost = [("lose", b"yes")]
        async with asyncio.timeout(PATIENCE):
            sent = [
                await producer.send(topic, b"%d" % n, headers=lost if n % 2 else None, partition=0)
                for n in range(10)
            ]
            await asyncio.gather(*sent)
            await producer.send_and_wait(topic, b"alone", headers=lost, partition=0)
            it.on()
            await producer.send_and_wait(topic, b"last", partition=0)
        assert await fetched(server, topic, 6) == ["0", "2", "4", "6", "8", "last"]


@pytest.mark.parametrize("compression", [None, "gzip"])
async def test_records_that_are_twice_or_changed(server: int, compression: str | None) -> None:
    """Compressed or not."""
    topic = name()
    async with (
        faulty(server, {"duplicate": PUBLISHED}, protocol="kafka") as it,
        producing(it, linger_ms=50, compression_type=compression) as producer,
    ):
        async with asyncio.timeout(PATIENCE):
            for n in range(3):
                await producer.send(topic, b"%d" % n, partition=0)
            await producer.flush()
            it.on({"poison": {"payload": "<x>", "direction": "upstream"}})
            await producer.send_and_wait(topic, b"3", key=b"k", partition=0)
            it.on({"drop": PUBLISHED})
            await producer.send_and_wait(topic, b"lost", partition=0)
            it.on()
            await producer.send_and_wait(topic, b"last", partition=0)
        assert await fetched(server, topic, 8) == ["0", "0", "1", "1", "2", "2", "<x>", "last"]


async def test_what_cannot_be_opened(server: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Such records pass, and a person is told once."""
    monkeypatch.setattr(batches, "MOST_OPENED", 10)
    topic = name()
    upstream = Upstream("127.0.0.1", server)
    async with edge_to(Faulty, upstream, "kafka", {"drop": PUBLISHED}) as it, producing(it) as producer:
        for n in range(2):
            await producer.send_and_wait(topic, b"%d" % n * 100, partition=0)
        assert len(await fetched(server, topic, 2)) == 2
        assert len(it.troubles) == 1
        assert "faults on messages do nothing to some records" in it.troubles[0]


async def test_records_that_come_later(server: int) -> None:
    """Each by itself, when others have overtaken it, or when the fault is off."""
    topic = name()
    async with faulty(server, {"reorder": PUBLISHED}, protocol="kafka") as it, producing(it) as producer:
        async with asyncio.timeout(PATIENCE):
            for n in range(4):
                await producer.send_and_wait(topic, b"%d" % n, partition=0)
            assert await fetched(server, topic, 4) == ["1", "0", "3", "2"]
            it.on({"delay": "1h", "direction": "upstream", "match": {"header": {"late": "*"}}})
            await producer.send_and_wait(topic, b"late", headers=[("late", b"")], partition=0)
            await producer.send_and_wait(topic, b"soon", partition=0)
            it.on()
            await producer.send_and_wait(topic, b"last", partition=0)
        assert sorted((await fetched(server, topic, 7))[4:]) == ["last", "late", "soon"]


async def test_records_that_are_fetched(server: int) -> None:
    """Lost, spoilt or late; the consumer goes on behind them."""
    topic = name()
    async with faulty(server, protocol="kafka") as it, producing(it) as producer:
        for n in range(6):
            await producer.send_and_wait(topic, b"%d" % n, partition=0, headers=[("odd", b"%d" % (n % 2))])
        it.on({"drop": {"direction": "downstream"}, "match": {"header": {"odd": "1"}}})
        assert await fetched(it.port, topic, 3) == ["0", "2", "4"]
        it.on({"poison": {"payload": "<x>", "direction": "downstream"}})
        assert await fetched(it.port, topic, 6) == ["<x>"] * 6
        it.on({"delay": "200ms", "direction": "downstream"})
        assert await fetched(it.port, topic, 6) == [str(n) for n in range(6)]


def with_librdkafka(port: int, topic: str) -> list[str]:
    """Produces and consumes with the client below most languages' clients."""
    failed: list[Any] = []
    producer = confluent_kafka.Producer(
        {"bootstrap.servers": f"127.0.0.1:{port}", "enable.idempotence": True}
    )
    for n in range(6):
        producer.produce(
            topic,
            b"%d" % n,
            partition=0,
            headers=[("odd", str(n % 2))],
            on_delivery=lambda error, _: failed.append(error) if error else None,
        )
        producer.flush(PATIENCE)
    assert failed == []
    consumer = confluent_kafka.Consumer(
        {
            "bootstrap.servers": f"127.0.0.1:{port}",
            "group.id": topic,
            "auto.offset.reset": "earliest",
            "check.crcs": True,
        }
    )
    consumer.assign([confluent_kafka.TopicPartition(topic, 0, 0)])
    found: list[str] = []
    while len(found) < 3:
        record = consumer.poll(PATIENCE)
        assert record is not None
        assert record.error() is None
        found.append((record.value() or b"").decode())
    consumer.close()
    return found


def with_kafka_python(port: int, topic: str) -> list[str]:
    """The same with kafka-python."""
    at = f"127.0.0.1:{port}"
    producer = kafka.KafkaProducer(bootstrap_servers=at, enable_idempotence=True)
    for n in range(6):
        producer.send(topic, b"%d" % n, partition=0, headers=[("odd", b"%d" % (n % 2))]).get(PATIENCE)
    producer.close()
    consumer = kafka.KafkaConsumer(bootstrap_servers=at, auto_offset_reset="earliest", group_id=None)
    consumer.assign([kafka.TopicPartition(topic, 0)])
    found = [next(consumer).value.decode() for _ in range(3)]
    consumer.close()
    return found


@pytest.mark.parametrize("direction", ["upstream", "downstream"])
@pytest.mark.parametrize("work", [with_librdkafka, with_kafka_python])
async def test_other_clients(server: int, work: Callable[[int, str], list[str]], direction: str) -> None:
    """Idempotent producers are not stopped by what is lost, consumers not by what is missing."""
    lose = {"drop": {"direction": direction}, "match": {"header": {"odd": "1"}}}
    async with faulty(server, lose, protocol="kafka") as it, asyncio.timeout(PATIENCE * 2):
        assert await asyncio.to_thread(work, it.port, name()) == ["0", "2", "4"]
