"""Talks over NATS JetStream: ``publish`` tells of twenty orders a second, ``consume FILE`` writes down what it got.

Both serve /healthz on $PORT once they are connected, and find the broker by $EVENTS_URL.
"""

import asyncio
import contextlib
import os
import sys
from pathlib import Path

import nats
from nats.js import JetStreamContext, api

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


async def publish(stream: JetStreamContext) -> None:
    """An order after the other, each with an id of its own."""
    number = 0
    while True:
        number += 1
        headers = {"Nats-Msg-Id": f"{number}", "traceparent": TRACEPARENT}
        await stream.publish("order.placed", b"%d" % number, headers=headers)
        await asyncio.sleep(0.05)


async def consume(stream: JetStreamContext, told: Path) -> None:
    """A line for each delivery."""
    pull = await stream.pull_subscribe("order.*", durable="mailer", stream="SHOP")
    with told.open("a", buffering=1) as lines:
        while True:
            with contextlib.suppress(TimeoutError):
                for message in await pull.fetch(1, timeout=1):
                    lines.write(f"{message.data.decode(errors='replace')}\n")
                    await message.ack()


async def main() -> None:
    """As the arguments say."""
    client = await nats.connect(os.environ["EVENTS_URL"])
    stream = client.jetstream()
    await stream.add_stream(api.StreamConfig(name="SHOP", subjects=["order.*"]))
    server = await asyncio.start_server(answer, "127.0.0.1", int(os.environ["PORT"]))
    async with server:
        await (publish(stream) if sys.argv[1] == "publish" else consume(stream, Path(sys.argv[2])))


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Says that it is well."""
    await reader.readline()
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok")
    writer.close()


asyncio.run(main())
