"""nats-py: publishes and subscribes, requests and replies, JetStream with confirms."""

import asyncio
from collections import Counter
from collections.abc import Callable

import nats
from nats.aio.msg import Msg

MESSAGES = 50
VISITS = 20
PATIENCE = 60.0


def work(port: int, going: Callable[[], bool]) -> Counter[str]:
    """A connection after the other."""
    done: Counter[str] = Counter()
    while going():
        asyncio.run(_visit(port, going, done))
    return done


async def _visit(port: int, going: Callable[[], bool], done: Counter[str]) -> None:
    client = await nats.connect(f"nats://127.0.0.1:{port}")
    arrived = asyncio.Semaphore(0)

    async def take(_message: object) -> None:
        arrived.release()

    async def reply(message: Msg) -> None:
        await message.respond(b"ok")

    await client.subscribe("bench.*.paid", cb=take)
    await client.subscribe("bench.price", cb=reply)
    done.update(["CONNECT", "SUB bench.*.paid", "SUB bench.price"])
    for _ in range(VISITS):
        if not going():
            break
        for number in range(100, 100 + MESSAGES):
            await client.publish(f"bench.{number}.paid", b"x" * 100)
        async with asyncio.timeout(PATIENCE):
            for _ in range(MESSAGES):
                await arrived.acquire()
        for _ in range(MESSAGES):
            await client.request("bench.price", b"?", PATIENCE)
        done["PUB bench.{id}.paid"] += MESSAGES
        done["MSG bench.{id}.paid"] += MESSAGES
        done["REQUEST bench.price"] += MESSAGES
        done["MSG bench.price"] += MESSAGES
        done["REPLY _INBOX.{id}"] += MESSAGES
    await client.close()
