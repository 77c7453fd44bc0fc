"""Faults on messages between aiomqtt and a real Mosquitto, in both versions, both ways."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import aiomqtt
import pytest
from aiomqtt import ProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from support_faulty_edge import faulty

PATIENCE = 20
VERSIONS = pytest.mark.parametrize("version", [ProtocolVersion.V311, ProtocolVersion.V5])


@asynccontextmanager
async def visit(port: int, version: ProtocolVersion) -> AsyncIterator[tuple[aiomqtt.Client, str]]:
    """A client that gets what it publishes to its own topic."""
    topic = f"faults/{uuid4().hex}"
    async with aiomqtt.Client("127.0.0.1", port, protocol=version) as client:
        await client.subscribe(topic, qos=1)
        yield client, topic


async def heard(client: aiomqtt.Client, count: int) -> list[str]:
    """The next messages."""
    got = []
    async with asyncio.timeout(PATIENCE):
        async for message in client.messages:
            got.append(bytes(message.payload).decode())
            if len(got) == count:
                break
    return got


def told(**values: object) -> Properties:
    """Properties of a message."""
    found = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    for name, value in values.items():
        setattr(found, name, value)
    return found


@VERSIONS
@pytest.mark.parametrize("qos", [0, 1])
@pytest.mark.parametrize("direction", ["upstream", "downstream"])
async def test_messages_that_come_twice(
    mosquitto: int, version: ProtocolVersion, qos: int, direction: str
) -> None:
    """Each of them, and nobody minds the second acknowledgement."""
    twice = {"duplicate": {"direction": direction}}
    async with faulty(mosquitto, twice, protocol="mqtt") as it, visit(it.port, version) as (client, topic):
        for number in range(10):
            await client.publish(topic, str(number), qos=qos)
        assert await heard(client, 20) == [str(number) for number in range(10) for _ in range(2)]
        it.on()
        await client.publish(topic, "after", qos=1)
        assert await heard(client, 1) == ["after"]


@VERSIONS
async def test_exactly_once_is_exactly_once(mosquitto: int, version: ProtocolVersion) -> None:
    """QoS 2 does what it promises: the broker takes a copy for the same message."""
    twice = {"duplicate": {"direction": "upstream"}}
    async with faulty(mosquitto, twice, protocol="mqtt") as it, visit(it.port, version) as (client, topic):
        await client.publish(topic, "once", qos=2)
        await client.publish(topic, "then", qos=2)
        assert await heard(client, 2) == ["once", "then"]


@VERSIONS
async def test_lost_and_poisoned_messages(mosquitto: int, version: ProtocolVersion) -> None:
    """Those that match; the others pass."""
    async with faulty(mosquitto, protocol="mqtt") as it, visit(it.port, version) as (client, topic):
        it.on({"drop": {"direction": "upstream"}, "match": {"subject": topic, "every": 2}})
        for number in range(6):
            await client.publish(topic, str(number))
        it.on({"poison": {"payload": "<x>", "direction": "downstream"}})
        await client.publish(topic, "poisoned", qos=1)
        assert (await heard(client, 4))[-1] == "<x>"


async def test_aliases_keep_their_meaning(mosquitto: int) -> None:
    """What gives one its meaning is not lost; what uses it is, and is matched by its topic and headers."""
    lose = {"drop": {"direction": "upstream"}, "match": {"header": {"lose": "yes"}}}
    version = ProtocolVersion.V5
    async with faulty(mosquitto, lose, protocol="mqtt") as it, visit(it.port, version) as (client, topic):
        marked = told(TopicAlias=1, UserProperty=("lose", "yes"))
        await client.publish(topic, "first", properties=marked)
        await client.publish("", "lost", properties=marked)
        await client.publish("", "third", properties=told(TopicAlias=1))
        assert await heard(client, 2) == ["first", "third"]
