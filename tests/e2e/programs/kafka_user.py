"""``produce`` or ``consume``, the topic ``orders`` of the broker at BUS_HOST:BUS_PORT, for ever."""

import asyncio
import os
import sys
import time

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

AT = f"{os.environ['BUS_HOST']}:{os.environ['BUS_PORT']}"
LONG = 0.3


async def produce() -> None:
    """A record now and then; says when one took long."""
    async with AIOKafkaProducer(bootstrap_servers=AT) as producer:
        for n in range(1_000_000):
            begun = time.perf_counter()
            await producer.send_and_wait("orders", b"order %d" % n)
            if time.perf_counter() - begun > LONG:
                print("slow", flush=True)
            await asyncio.sleep(0.05)


async def consume() -> None:
    """Says the first that come."""
    consumer = AIOKafkaConsumer(
        "orders",
        bootstrap_servers=AT,
        group_id="billing",
        auto_offset_reset="earliest",
        session_timeout_ms=6000,
    )
    async with consumer:
        async for record in consumer:
            print(record.value, flush=True)


asyncio.run(produce() if sys.argv[1] == "produce" else consume())
