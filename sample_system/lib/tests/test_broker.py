"""Sessions come when the broker comes and end when it goes; durable deliveries repeat what was not acknowledged."""

import asyncio
import contextlib

import pytest

from shopkit.broker import Broker
from shopkit.events import Event, decode, encode
from shopkit.testing import NOWHERE, Nats


def event(name: str) -> Event:
    """Something that happened."""
    return Event.now("order.placed", name, 1, {})


async def publish(nats: Nats, *names: str) -> None:
    """Publish one event a name."""
    async with Broker("test", nats.url).session() as session:
        for name in names:
            happened = event(name)
            await session.publish(happened.type, encode(happened), happened.id)


async def test_a_broker_that_is_away_is_waited_for(nats: Nats) -> None:
    """The session begins once it is there; until then its absence can be told."""
    nats.kill()
    broker = Broker("test", nats.url)

    async def last_sequence() -> int:
        async with broker.session() as session:
            return await session.last_sequence()
        return -1

    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        asked = group.create_task(last_sequence())
        while broker.state == "not connected yet":  # noqa: ASYNC110 the state is told, not signalled
            await asyncio.sleep(0.01)
        assert broker.state != "connected"
        nats.start()
    assert asked.result() == 0


async def test_a_session_ends_when_the_broker_goes(nats: Nats) -> None:
    """Whoever waits for a message learns at once."""
    broker = Broker("test", nats.url)
    async with asyncio.timeout(30), broker.session() as session:
        deliveries = await session.durable("test")
        nats.kill()
        async for _ in deliveries:
            pytest.fail("a message from nowhere")
    assert broker.state.startswith("lost")


async def test_what_was_not_acknowledged_comes_again(nats: Nats) -> None:
    """A consumer that dies between reading and acknowledging loses nothing."""
    await publish(nats, "a", "b")
    broker = Broker("test", nats.url)
    seen: list[str] = []
    async with asyncio.timeout(30):
        async with broker.session() as session:
            async for batch in await session.durable("test"):
                await batch[0].ack()
                break
        async with broker.session() as session:
            async for batch in await session.durable("test"):
                seen += [decode(message.data).stream for message in batch]
                break
    assert seen == ["b"]


@pytest.mark.parametrize("present", [True, False])
async def test_giving_up_on_the_broker_is_honoured(nats: Nats, present: bool) -> None:  # noqa: FBT001 a table
    """At whatever moment of the way to a session: the client must not swallow it."""
    broker = Broker("test", nats.url if present else NOWHERE)
    async with asyncio.timeout(30):
        for moment in range(150):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(moment * 0.0001), broker.session() as session:
                    await session.last_sequence()
    assert broker.state


def test_a_missing_edge_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says which variable is missing and where edges are declared."""
    monkeypatch.delenv("EVENTS_URL", raising=False)
    with pytest.raises(RuntimeError, match=r"EVENTS_URL is not set.*meshdev.toml"):
        Broker("test")
    assert Broker("test", NOWHERE).state == "not connected yet"
