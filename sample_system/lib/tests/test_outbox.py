"""Events leave the outbox in order, exactly as stored, at least once, whatever the broker does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from shopkit import outbox
from shopkit.background import running
from shopkit.broker import Broker
from shopkit.database import Database, connect, transaction
from shopkit.events import Event
from shopkit.outbox import Relay
from shopkit.testing import Nats


def record(database: Database, *names: str) -> list[bytes]:
    """Put events into the outbox; returns their bytes."""
    with transaction(database):
        return [outbox.put(database, Event.now("order.placed", name, 1, {"n": name})) for name in names]


async def received(nats: Nats, count: int) -> list[bytes]:
    """The first `count` messages of the stream."""
    bodies: list[bytes] = []
    while len(bodies) < count:
        async with Broker("test", nats.url).session() as session:
            async for batch in await session.replay(len(bodies) + 1):
                bodies += [message.data for message in batch]
                if len(bodies) >= count:
                    break
    return bodies


async def drained(database: Database) -> None:
    """Wait until the broker has acknowledged everything."""
    while outbox.waiting(database):  # noqa: ASYNC110 a table signals nothing
        await asyncio.sleep(0.01)


@asynccontextmanager
async def relaying(database: Database, nats: Nats, directory: Path) -> AsyncIterator[Relay]:
    """A relay at work."""
    relay = Relay(database, Broker("test", nats.url), directory / "lease")
    async with running(relay=relay.run):
        yield relay


@pytest.fixture
def outgoing(tmp_path: Path) -> Database:
    """A database with an empty outbox."""
    return connect(tmp_path / "d.sqlite3", outbox.SCHEMA)


async def test_what_is_stored_is_published_in_order(outgoing: Database, nats: Nats, tmp_path: Path) -> None:
    """Byte for byte."""
    stored = record(outgoing, "a", "b", "c")
    async with asyncio.timeout(30), relaying(outgoing, nats, tmp_path):
        await drained(outgoing)
        assert await received(nats, 3) == stored
    outgoing.close()


async def test_events_wait_while_the_broker_is_away(outgoing: Database, nats: Nats, tmp_path: Path) -> None:
    """Nothing is lost, and nothing that was published before comes twice."""
    async with asyncio.timeout(30), relaying(outgoing, nats, tmp_path) as relay:
        stored = record(outgoing, "a")
        await drained(outgoing)
        nats.kill()
        stored += record(outgoing, "b", "c")
        relay.nudge()
        nats.start()
        await drained(outgoing)
        assert await received(nats, 3) == stored
    outgoing.close()


async def test_a_repeated_publication_is_dropped_by_the_broker(
    outgoing: Database, nats: Nats, tmp_path: Path
) -> None:
    """As after a crash between the publication and its mark."""
    stored = record(outgoing, "a", "b")
    async with asyncio.timeout(30), relaying(outgoing, nats, tmp_path) as relay:
        await drained(outgoing)
        outgoing.execute("update outbox set published = 0")
        stored += record(outgoing, "c")
        relay.nudge()
        await drained(outgoing)
        assert await received(nats, 3) == stored
    outgoing.close()


async def test_a_broker_that_lost_its_store_gets_everything_again(
    outgoing: Database, nats: Nats, tmp_path: Path
) -> None:
    """The outbox notices by the stream's identity."""
    async with asyncio.timeout(30), relaying(outgoing, nats, tmp_path):
        stored = record(outgoing, "a", "b")
        await drained(outgoing)
        nats.kill()
        nats.start(store="another")
        assert await received(nats, 2) == stored
    outgoing.close()
