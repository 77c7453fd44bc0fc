"""aiokafka: records one by one and in batches, and the same records fetched again.

It stays at the port that it was given, wherever the broker says that it is: else it would pass by the proxy.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.structs import BrokerMetadata

MESSAGES = 50
VISITS = 20
PATIENCE = 60.0


def work(port: int, going: Callable[[], bool]) -> Counter[str]:
    """A topic after the other."""
    done: Counter[str] = Counter()
    while going():
        asyncio.run(_visit(port, going, done))
    return done


async def _visit(port: int, going: Callable[[], bool], done: Counter[str]) -> None:
    topic = uuid4().hex
    at = f"127.0.0.1:{port}"
    producer = AIOKafkaProducer(bootstrap_servers=at)
    consumer = AIOKafkaConsumer(bootstrap_servers=at, auto_offset_reset="earliest")
    for each in (producer.client, consumer._client):  # noqa: SLF001 - it has no other way
        each.cluster.broker_metadata = lambda node: BrokerMetadata(node, "127.0.0.1", port, None)
    await producer.start()
    await consumer.start()
    try:
        await producer.send_and_wait(topic, b"first", partition=0)
        consumer.assign([TopicPartition(topic, 0)])
        sent = 1
        for _ in range(VISITS):
            if not going():
                break
            for _ in range(MESSAGES):
                await producer.send_and_wait(topic, b"x" * 100, partition=0)
            many = [await producer.send(topic, b"x" * 100, partition=0) for _ in range(MESSAGES)]
            await asyncio.gather(*many)
            sent += 2 * MESSAGES
        for _ in range(sent):
            await asyncio.wait_for(consumer.getone(), PATIENCE)
        done["Produce {id}"] += sent
        done["Fetch {id}"] += sent
    finally:
        await consumer.stop()
        await producer.stop()
