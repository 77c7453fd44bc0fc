"""Faults on messages between aio-pika and a real RabbitMQ: numbers stay right, both ways, and channels live on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import aio_pika
import pytest

from support_faulty_edge import faulty
from support_mesh import until

if TYPE_CHECKING:
    from meshdev.wire.mesh import Exchange

PATIENCE = 20


@asynccontextmanager
async def visit(port: int, *, confirms: bool = True) -> AsyncIterator[tuple[Any, Any]]:
    """A channel, and an exclusive queue of its own."""
    connection = await aio_pika.connect(f"amqp://127.0.0.1:{port}/")
    async with connection:
        channel = await connection.channel(publisher_confirms=confirms)
        yield channel, await channel.declare_queue(f"faults-{uuid4().hex}", exclusive=True)


async def publish(channel: Any, queue: Any, text: str, **headers: str) -> None:
    """Until it is confirmed, if the channel confirms."""
    message = aio_pika.Message(text.encode(), headers=dict(headers))
    await channel.default_exchange.publish(message, routing_key=queue.name)


async def take(queue: Any, count: int, *, no_ack: bool = False) -> list[str]:
    """The bodies of the next messages, acknowledged."""
    got = []
    async with asyncio.timeout(PATIENCE):
        async with queue.iterator(no_ack=no_ack) as messages:
            async for message in messages:
                if not no_ack:
                    await message.ack()
                got.append(message.body.decode())
                if len(got) == count:
                    break
    return got


async def test_a_lost_message_is_never_confirmed(rabbitmq: int) -> None:
    """The others are, each by its own number, also when the fault has gone."""
    async with faulty(rabbitmq, protocol="amqp") as it, visit(it.port) as (channel, queue):
        await publish(channel, queue, "0")
        it.on({"drop": {"direction": "upstream"}, "match": {"header": {"lose": "yes"}}})
        lost = asyncio.get_running_loop().create_task(publish(channel, queue, "lost", lose="yes"))
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(*(publish(channel, queue, str(number)) for number in range(1, 20)))
            it.on()
            await asyncio.gather(*(publish(channel, queue, str(number)) for number in range(20, 40)))
        assert not lost.done()
        assert await take(queue, 40) == [str(number) for number in range(40)]
        lost.cancel()


@pytest.mark.parametrize("confirms", [True, False])
async def test_operations_name_the_faults_of_their_messages(rabbitmq: int, *, confirms: bool) -> None:
    """Published ones, whether or not they are confirmed, and delivered ones."""
    async with (
        faulty(rabbitmq, {"duplicate": True, "match": {"header": {"twice": "yes"}}}, protocol="amqp") as it,
        visit(it.port, confirms=confirms) as (channel, queue),
    ):
        async with asyncio.timeout(PATIENCE):
            for number in range(6):
                await publish(channel, queue, str(number), twice="yes" if number % 3 == 1 else "no")
        assert len(await take(queue, 8, no_ack=True)) == 8
        exchanges: list[Exchange] = []
        it.edge.take_counters(exchanges)
        told = {
            kind: sum(one.faults == ("a/duplicate",) for one in exchanges if one.kind == kind)
            for kind in ("publish", "deliver")
        }
        assert told == {"publish": 2, "deliver": 4}
        assert {one.faults for one in exchanges if not one.kind} == {()}


@pytest.mark.parametrize("confirms", [True, False])
async def test_messages_that_are_published_twice(rabbitmq: int, *, confirms: bool) -> None:
    """The queue has each twice, its publisher hears of it once."""
    async with (
        faulty(rabbitmq, {"duplicate": {"direction": "upstream"}}, protocol="amqp") as it,
        visit(it.port, confirms=confirms) as (channel, queue),
    ):
        async with asyncio.timeout(PATIENCE):
            for number in range(20):
                await publish(channel, queue, str(number))
        assert await take(queue, 40) == [str(number) for number in range(20) for _ in range(2)]


async def test_messages_that_change_places(rabbitmq: int) -> None:
    """Each is confirmed all the same."""
    async with (
        faulty(rabbitmq, {"reorder": {"direction": "upstream"}}, protocol="amqp") as it,
        visit(it.port) as (channel, queue),
    ):
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(*(publish(channel, queue, str(number)) for number in range(20)))
        got = await take(queue, 20)
    assert sorted(map(int, got)) == list(range(20))
    assert got != [str(number) for number in range(20)]


async def test_messages_that_are_late_and_a_channel_that_closes(rabbitmq: int) -> None:
    """What is held back leaves before the channel closes: a closed one takes nothing."""
    late = {"delay": {"delay": "30s", "direction": "upstream"}}
    async with faulty(rabbitmq, late, protocol="amqp") as it, visit(rabbitmq) as (_, queue):
        other = await aio_pika.connect(f"amqp://127.0.0.1:{it.port}/")
        async with other:
            closing = await other.channel(publisher_confirms=False)
            await publish(closing, queue, "last")
            await closing.close()
            assert await take(queue, 1) == ["last"]


async def test_a_poisoned_message(rabbitmq: int) -> None:
    """It arrives whole, with its headers, and is nothing that anybody expects."""
    poison = {"poison": {"payload": "<not json>", "direction": "upstream"}}
    async with faulty(rabbitmq, poison, protocol="amqp") as it, visit(it.port) as (channel, queue):
        await publish(channel, queue, '{"order": 1}', tenant="a")
        async with asyncio.timeout(PATIENCE):
            message = await queue.get()
        assert (message.body, message.headers["tenant"]) == (b"<not json>", "a")
        await message.ack()


async def test_deliveries_that_come_twice(rabbitmq: int) -> None:
    """The consumer acknowledges both; the broker, which gave one, hears of one, and the channel lives."""
    async with faulty(rabbitmq, protocol="amqp") as it, visit(it.port) as (channel, queue):
        it.on({"duplicate": {"direction": "downstream"}})
        for number in range(10):
            await publish(channel, queue, str(number))
        assert await take(queue, 20) == [str(number) for number in range(10) for _ in range(2)]
        it.on()
        await publish(channel, queue, "after")
        assert await take(queue, 1) == ["after"]


async def test_deliveries_that_are_lost(rabbitmq: int) -> None:
    """The broker has them unacknowledged, and gives them again when the connection is gone."""
    async with visit(rabbitmq) as (channel, _):
        shared = await channel.declare_queue(f"shared-{uuid4().hex}", auto_delete=False)
        await publish(channel, shared, "once")
        async with (
            faulty(rabbitmq, {"drop": {"direction": "downstream"}}, protocol="amqp") as it,
            visit(it.port) as (other, _),
        ):
            again = await other.get_queue(shared.name)
            heard: list[object] = []
            await again.consume(heard.append)
            await until(lambda: it.edge.faults is not None and it.edge.faults.faults[0].hits == 1)
            assert heard == []
        assert await take(shared, 1) == ["once"]
        await shared.delete()
