"""Links to Kafka between real sockets: the broker's address becomes the edge's, and nothing is held for ever."""

import asyncio
from collections.abc import Coroutine
from random import Random
from typing import Any

from meshdev.mesh.edge import Edge
from meshdev.mesh.kafka_link import KafkaRelay
from meshdev.mesh.scanned_link import scanned_relay
from meshdev.wire.mesh import EdgeEntry, EdgePolicy
from support_kafka_messages import CLASSES, message
from support_mesh import EDGE, dial, peer, until

METADATA = 3
ASKED = message(METADATA, 1, Random(1), asked=True).data


def answer(*ports: int) -> bytes:
    """Metadata of brokers that advertise these ports."""
    broker = CLASSES[METADATA, False].MetadataResponseBroker
    brokers = [broker(node_id=port, host="elsewhere", port=port, rack=None, version=1) for port in ports]
    return message(METADATA, 1, Random(1), asked=False, brokers=brokers, topics=[]).data


async def through(told: bytes) -> tuple[bytes, int, list[str]]:
    """What a caller gets when the broker says ``told`` and leaves; the edge's port; what a person is told."""
    loop = asyncio.get_running_loop()
    troubles: list[str] = []
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(len(ASKED))
        writer.write(told)

    async with peer("bus-0@1", serve) as broker:
        edge = Edge(
            loop, EdgeEntry(1, EDGE, EdgePolicy((broker.upstream,), protocol="kafka")), lambda _: None
        )

        def start(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
            task = loop.create_task(work)
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            return task

        relay = scanned_relay(loop, edge, start, lambda text, _: troubles.append(text))
        assert isinstance(relay, KafkaRelay)
        server = await loop.create_server(relay.accept, "127.0.0.1", 0)
        try:
            async with dial(server.sockets[0].getsockname()[1]) as (reader, writer):
                writer.write(ASKED)
                got = await reader.read()
            await until(lambda: edge.active == 0 and not relay.links and not tasks)
            return got, server.sockets[0].getsockname()[1], troubles
        finally:
            server.close()


def addresses(data: bytes) -> list[tuple[str, int]]:
    """Where the brokers are."""
    told = CLASSES[METADATA, False].decode(data, version=1, header=True, framed=True)
    return [(it.host, it.port) for it in told.brokers]


async def test_the_broker_is_found_at_the_edge() -> None:
    """At the address that the caller has dialled."""
    got, port, troubles = await through(answer(9092))
    assert addresses(got) == [("127.0.0.1", port)]
    assert troubles == []


async def test_brokers_past_the_edge_are_told() -> None:
    """They keep their addresses."""
    got, _, troubles = await through(answer(9092, 9093))
    assert got == answer(9092, 9093)
    assert len(troubles) == 1
    assert "the cluster has 2 more brokers, which callers reach past this edge" in troubles[0]


async def test_half_an_answer_passes_when_its_end_does_not_come() -> None:
    """A tap never keeps a byte."""
    got, _, troubles = await through(answer(9092)[:-3])
    assert got == answer(9092)[:-3]
    assert troubles == []
