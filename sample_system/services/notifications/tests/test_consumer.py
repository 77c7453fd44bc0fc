"""The consumer keeps up with a real broker, repeats nothing, and stumbles over nothing."""

import asyncio
from uuid import uuid4

import httpx
import pytest

from notifications.api import build
from shopkit.broker import Broker
from shopkit.events import Event, encode
from shopkit.testing import Nats, served


async def told(client: httpx.AsyncClient, count: int) -> list[str]:
    """The inbox's orders once there are `count` messages, oldest first."""
    async with asyncio.timeout(30):
        while len(messages := (await client.get("/inbox")).json()["messages"]) < count:  # noqa: ASYNC110 HTTP has no bell
            await asyncio.sleep(0.01)
    return [message["order_id"] for message in reversed(messages)]


async def publish(nats: Nats, *orders: str) -> None:
    """Publish an event for each order, and between them something that is no event."""
    async with Broker("test", nats.url).session() as session:
        for order in orders:
            event = Event.now("order.placed", order, 1, {"shopper": "ann", "total_cents": 100})
            await session.publish(event.type, encode(event), event.id)
            await session.publish("order.placed", b"no event", uuid4().hex)


async def test_events_become_messages_across_restarts_of_everything(
    nats: Nats, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the consumer, of the broker: each order is told once, in order."""
    monkeypatch.setenv("EVENTS_URL", nats.url)
    async with served(build()) as client:
        await publish(nats, "a", "b")
        assert await told(client, 2) == ["a", "b"]
    await publish(nats, "c")
    async with served(build()) as client:
        assert await told(client, 3) == ["a", "b", "c"]
        nats.kill()
        assert (await client.get("/healthz")).status_code == 200
        nats.start()
        await publish(nats, "d")
        assert await told(client, 4) == ["a", "b", "c", "d"]
