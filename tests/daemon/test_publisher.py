"""Publishing by hand: on which broker, and what goes wrong."""

import asyncio

import pytest

from meshdev.daemon.publisher import Brokers, Publisher
from meshdev.errors import ServiceError, UsageError
from meshdev.wire.mesh import Upstream
from meshdev.wire.topic_views import PublishRequest, TopicView
from support_mesh import free_port, peer


async def _redis(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    said = await reader.read(1000)
    writer.write(b"-ERR bad\r\n" if b"bad" in said else b":1\r\n")
    await reader.read()


def publisher(brokers: Brokers, topics: list[TopicView] | None = None) -> Publisher:
    """Over these brokers."""
    return Publisher(brokers=lambda: brokers, topics=lambda: topics or [])


def wish(topic: str = "t", broker: str = "") -> PublishRequest:
    """A message."""
    return PublishRequest(topic=topic, payload="{}", broker=broker)


async def test_it_goes_to_the_broker_that_is_named_or_carries_it_or_is_alone() -> None:
    """In this order."""
    async with peer("one", _redis) as one, peer("two", _redis) as two:
        both: Brokers = {"brokers.one": ("redis", one.upstream), "brokers.two": ("redis", two.upstream)}
        carried = [TopicView(name="t", broker="brokers.two")]
        assert (await publisher(both, carried).publish(wish(broker="one"))).broker == "brokers.one"
        assert (await publisher(both, carried).publish(wish())).broker == "brokers.two"
        alone = await publisher({"brokers.one": both["brokers.one"]}).publish(wish())
        assert (alone.broker, alone.protocol, alone.topic) == ("brokers.one", "redis", "t")
        with pytest.raises(UsageError, match='on which broker is "t"'):
            await publisher(both).publish(wish())


async def test_a_cache_is_no_broker_while_there_is_one() -> None:
    """Messages could be published on it, too; who means that says so."""
    async with peer("one", _redis) as one, peer("two", _redis) as two:
        both: Brokers = {"databases.cache": ("redis", one.upstream), "brokers.two": ("redis", two.upstream)}
        assert (await publisher(both).publish(wish())).broker == "brokers.two"
        assert (await publisher(both).publish(wish(broker="databases.cache"))).broker == "databases.cache"


async def test_what_cannot_be_is_told() -> None:
    """With the way out where there is one."""
    async with peer("one", _redis) as one:
        with pytest.raises(ServiceError, match="ERR bad"):
            await publisher({"brokers.one": ("redis", one.upstream)}).publish(wish("bad"))
    gone = Upstream("127.0.0.1", free_port())
    wrong: list[tuple[Brokers, PublishRequest, str]] = [
        ({"brokers.one": ("redis", None)}, wish(), "is not running"),
        ({"brokers.one": ("redis", gone)}, wish(), "cannot be reached"),
        ({"brokers.one": ("http", gone)}, wish(broker="one"), "speaks http"),
        ({"brokers.one": ("redis", gone)}, wish(broker="on"), 'no broker is called "on"'),
        ({}, wish(), "has no broker"),
        ({"brokers.one": ("redis", gone)}, wish("order.{id}"), "stands for many"),
        ({"brokers.one": ("nats", gone)}, wish("$KV.carts.{key}"), "stands for many"),
    ]
    for brokers, request, error in wrong:
        with pytest.raises((ServiceError, UsageError), match=error):
            await publisher(brokers).publish(request)


async def test_a_broker_that_hangs_up_refuses() -> None:
    """Without a word."""

    async def rude(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        del reader
        writer.close()

    async with peer("one", rude) as one:
        with pytest.raises(ServiceError, match=r"closed the connection|cannot be reached"):
            await publisher({"brokers.one": ("redis", one.upstream)}).publish(wish())
