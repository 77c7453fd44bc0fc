"""Publishing by hand on real brokers, and what their clients get."""

import asyncio
from uuid import uuid4

import aio_pika
import pytest
from aiokafka import AIOKafkaConsumer

from meshdev.daemon.publisher import Publisher
from meshdev.errors import ServiceError
from meshdev.wire.mesh import Upstream
from meshdev.wire.topic_views import PublishRequest
from support_kafka import tansu

PATIENCE = 20


def publisher(protocol: str, port: int) -> Publisher:
    """On one broker."""
    one = (protocol, Upstream("127.0.0.1", port))
    return Publisher(brokers=lambda: {"brokers.bus": one}, topics=list)


async def test_amqp(rabbitmq: int) -> None:
    """A queue, an exchange with a routing key; what nobody takes is told."""
    by_hand = publisher("amqp", rabbitmq)
    connection = await aio_pika.connect(f"amqp://127.0.0.1:{rabbitmq}/")
    async with connection, asyncio.timeout(PATIENCE):
        channel = await connection.channel()
        queue = await channel.declare_queue(f"by-hand-{uuid4().hex}", exclusive=True)
        exchange = await channel.declare_exchange(f"ex-{uuid4().hex}", "topic", auto_delete=True)
        await queue.bind(exchange, "order.*")
        for topic in (queue.name, f"{exchange.name}/order.paid"):
            request = PublishRequest(topic=topic, payload="x" * 300_000, headers={"a": "b"})
            await by_hand.publish(request)
            message = await queue.get()
            await message.ack()
            assert (len(message.body), message.headers) == (300_000, {"a": "b"})
        for topic, why in (("nowhere", "NO_ROUTE"), ("nowhere/x", "NOT_FOUND")):
            with pytest.raises(ServiceError, match=why):
                await by_hand.publish(PublishRequest(topic=topic, payload=""))


async def test_kafka() -> None:
    """A topic that is there, and one that is not yet; records with the same key are in one partition."""
    with tansu() as port:
        by_hand = publisher("kafka", port)
        for number in range(3):
            request = PublishRequest(topic="notes", payload=f"{number}", key="k", headers={"a": "b"})
            await by_hand.publish(request)
        consumer = AIOKafkaConsumer(
            "notes", bootstrap_servers=f"127.0.0.1:{port}", auto_offset_reset="earliest"
        )
        async with consumer, asyncio.timeout(PATIENCE):
            got = [await anext(consumer) for _ in range(3)]
        assert [it.value for it in got] == [b"0", b"1", b"2"]
        assert {(it.key, it.headers) for it in got} == {(b"k", (("a", b"b"),))}
        await by_hand.publish(PublishRequest(topic="others", payload="x"))
