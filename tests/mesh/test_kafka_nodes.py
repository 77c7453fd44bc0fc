"""A cluster of several brokers behind one edge: each is met at the mesh, and all of it is the edge's."""

import asyncio
import ctypes
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from uuid import uuid4

import confluent_kafka
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from meshdev.mesh.kafka_nodes import Nodes, in_this_network
from meshdev.traffic.protocols.kafka.endpoints import Address
from meshdev.wire.mesh import Upstream
from support_faulty_edge import Faulty, edge_to, faulty
from support_kafka import tansu
from support_kafka_cluster import FETCH, HOST, PRODUCE, cluster

PATIENCE = 20
CLONE_NEWNET = 0x40000000
pytestmark = pytest.mark.timeout(90)


@pytest.fixture(scope="module")
def behind() -> Iterator[int]:
    """The broker behind the brokers."""
    with tansu() as port:
        yield port


async def use(it: Faulty, topic: str) -> list[bytes]:
    """Produce to all partitions, and consume in a group; the values."""
    at = f"{HOST}:{it.port}"
    async with AIOKafkaProducer(bootstrap_servers=at) as producer, asyncio.timeout(PATIENCE):
        for number in range(8):
            await producer.send_and_wait(topic, b"%d" % number, partition=number % 4)
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=at, group_id=topic, auto_offset_reset="earliest")
    async with consumer, asyncio.timeout(PATIENCE):
        got = [(await anext(consumer)).value or b"" for _ in range(8)]
        await consumer.commit()
    return sorted(got)


async def test_every_broker_is_met(behind: int) -> None:
    """What goes to either is read and counted at the edge; clients connect nowhere else."""
    async with cluster(behind) as it, faulty(it.ports[0], protocol="kafka") as edge:
        assert await use(edge, f"t{uuid4().hex}") == [b"%d" % number for number in range(8)]
        asked = [Counter(one) for one in it.asked]
        assert [one[PRODUCE] for one in asked] == [4, 4]
        assert all(one[FETCH] for one in asked)
        assert edge.edge.opened >= 4
        routes = edge.edge.take_counters().routes
        produced = sum(route.messages for route in routes if route.route.startswith("Produce"))
        assert produced == 8


async def test_faults_are_the_edges(behind: int) -> None:
    """They act whichever broker it is."""
    async with cluster(behind) as it, faulty(it.ports[0], protocol="kafka") as edge:
        topic = f"t{uuid4().hex}"
        edge.on({"duplicate": {"direction": "upstream"}, "match": {"subject": topic}})
        at = f"{HOST}:{edge.port}"
        async with AIOKafkaProducer(bootstrap_servers=at) as producer, asyncio.timeout(PATIENCE):
            for number in range(4):
                await producer.send_and_wait(topic, b"%d" % number, partition=number)
        assert edge.edge.take_counters().fault_hits == {"a/duplicate": 4}


async def test_each_upstream_is_one_of_the_brokers(behind: int) -> None:
    """Where the edge leads to all of them none is preferred, and each listener leads to its own."""
    async with cluster(behind) as it:
        one, two = (Upstream(HOST, port, f"bus-{n}@1") for n, port in enumerate(it.ports))
        async with edge_to(Faulty, one, "kafka") as edge:
            policy = edge.edge.policy
            edge.relay.adopt(type(policy)((one, two), protocol="kafka"))
            assert len(await use(edge, f"t{uuid4().hex}")) == 8
            assert [Counter(asked)[PRODUCE] for asked in it.asked] == [4, 4]
            assert not edge.troubles


async def test_librdkafka_finds_both(behind: int) -> None:
    """The client below most languages' clients."""
    async with cluster(behind) as it, faulty(it.ports[0], protocol="kafka") as edge:
        await asyncio.to_thread(_librdkafka, f"{HOST}:{edge.port}", f"t{uuid4().hex}")
        assert [Counter(asked)[PRODUCE] for asked in it.asked] == [4, 4]


def _librdkafka(at: str, topic: str) -> None:
    producer = confluent_kafka.Producer({"bootstrap.servers": at})
    for number in range(8):
        producer.produce(topic, b"%d" % number, partition=number % 4)
        assert producer.flush(PATIENCE) == 0


async def test_a_broker_that_is_gone(behind: int) -> None:
    """Its listener resets who comes, as the edge's would."""
    async with cluster(behind) as it, faulty(it.ports[0], protocol="kafka") as edge:
        await use(edge, f"t{uuid4().hex}")
        nodes = edge.relay._nodes  # type: ignore[attr-defined]
        [node] = nodes._nodes.values()
        node.told = Address(HOST, 1)
        reader, writer = await asyncio.open_connection(*node.at)
        async with asyncio.timeout(PATIENCE):
            with pytest.raises(ConnectionError):
                await reader.readexactly(1)
        writer.close()


@pytest.mark.parametrize(
    ("told", "upstreams", "expected"),
    [
        (Address("localhost", 9), [], Upstream("localhost", 9)),
        (Address("::1", 9), [], Upstream("::1", 9)),
        (Address("0.0.0.0", 9), [], None),
        (Address("kafka-2", 9), [], None),
        (Address("kafka-2", 9), [Upstream("10.0.0.2", 9, "b")], Upstream("10.0.0.2", 9, "b")),
        (Address("kafka-2", 7), [Upstream("10.0.0.2", 7, "b")], None),
        (Address("kafka-2", 9), [Upstream("10.0.0.2", 9), Upstream("10.0.0.3", 9)], None),
    ],
)
async def test_who_is_behind_an_address(
    told: Address, upstreams: list[Upstream], expected: Upstream | None
) -> None:
    """The upstream of that port, if there is one of each; else who can be reached from here by that address."""
    cluster = {1: Address("kafka-1", 7), 2: told, 3: Address("kafka-3", 7)}
    async with edge_to(Faulty, Upstream(HOST, 1), "kafka") as it:
        edge = it.edge
        edge.policy = type(edge.policy)(tuple(upstreams), protocol="kafka")
        nodes = Nodes(asyncio.get_running_loop(), edge, it.relay.start, lambda _: it.relay.accept())
        assert nodes.upstream(told, cluster) == expected
        nodes.close()
        assert nodes.meet(Address(HOST, 1), 2, told, cluster) is None


def test_callers_in_networks_of_their_own() -> None:
    """They are told from ours by their sockets."""
    found: list[socket.socket] = []

    def elsewhere() -> None:
        if not ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET):
            found.append(socket.socket())

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    with socket.socket() as sock:
        assert in_this_network(sock)
    if not found:
        pytest.skip("no network of its own can be made here (needs root)")
    with found[0] as sock:
        assert not in_this_network(sock)
