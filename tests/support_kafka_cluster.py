"""A cluster of Kafka's protocol: two brokers, each of which says that it leads every other partition of one Tansu.

Each is a relay before Tansu. What that says of brokers and leaders is changed by kafka-python's reading of the answers,
so that clients go to both. ``python support_kafka_cluster.py PORT`` serves one with its first broker there, until it is
ended.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from struct import unpack_from

sys.path.insert(0, str(Path(__file__).parent))

from support_kafka import tansu
from support_kafka_messages import CLASSES
from support_mesh import free_port

PRODUCE, FETCH, METADATA, FIND_COORDINATOR, API_VERSIONS = 0, 1, 3, 10, 18
HOST = "127.0.0.1"
MOST: dict[int, int] = {PRODUCE: 9, FETCH: 11, METADATA: 9, FIND_COORDINATOR: 4}


@dataclass
class Cluster:
    """Its brokers' ports, by their numbers from 1 on; what each has been asked, by request."""

    ports: list[int]
    asked: list[list[int]] = field(default_factory=lambda: [[], []])

    def change(self, key: int, version: int, data: bytes) -> bytes:
        """An answer as the cluster says it."""
        if key not in {METADATA, FIND_COORDINATOR, API_VERSIONS}:
            return data
        answer = CLASSES[key, False].decode(data, version=version, header=True, framed=True)
        if key == METADATA:
            broker = CLASSES[METADATA, False].MetadataResponseBroker
            answer.brokers = [
                broker(node_id=number, host=HOST, port=port, rack=None, version=version)
                for number, port in enumerate(self.ports, start=1)
            ]
            answer.controller_id = 1
            for topic in answer.topics:
                for partition in topic.partitions:
                    partition.leader_id = 1 + partition.partition_index % 2
                    partition.replica_nodes = partition.isr_nodes = [partition.leader_id]
        elif key == FIND_COORDINATOR:
            for one in [answer] if version < 4 else answer.coordinators:
                one.node_id, one.host, one.port = 2, HOST, self.ports[1]
        else:
            for one in answer.api_keys:
                one.max_version = min(one.max_version, MOST.get(one.api_key, one.max_version))
        return bytes(answer.encode(header=True, framed=True))


async def _relay(
    cluster: Cluster, node: int, tansu_port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    behind, to = await asyncio.open_connection(HOST, tansu_port)
    waiting: dict[int, tuple[int, int]] = {}

    async def ask() -> None:
        while True:
            said = await _frame(reader)
            key, version, correlation = unpack_from(">hhi", said, 4)
            cluster.asked[node - 1].append(key)
            waiting[correlation] = key, version
            to.write(said)

    async def answer() -> None:
        while True:
            heard = await _frame(behind)
            key, version = waiting.pop(unpack_from(">i", heard, 4)[0])
            writer.write(cluster.change(key, version, heard))

    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(ask())
            group.create_task(answer())
    except* (OSError, EOFError):
        pass
    finally:
        for each in (to, writer):
            each.close()


async def _frame(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readexactly(4)
    return head + await reader.readexactly(unpack_from(">i", head)[0])


@asynccontextmanager
async def cluster(tansu_port: int, *ports: int) -> AsyncIterator[Cluster]:
    """A cluster before a Tansu, at these ports or at free ones."""
    found = Cluster([*ports, *(free_port() for _ in range(2 - len(ports)))])
    servers = [
        await asyncio.start_server(partial(_relay, found, node, tansu_port), HOST, port)
        for node, port in enumerate(found.ports, start=1)
    ]
    try:
        yield found
    finally:
        for server in servers:
            server.close()


async def _serve(port: int, tansu_port: int) -> None:
    async with cluster(tansu_port, port):
        await asyncio.Event().wait()


if __name__ == "__main__":
    with tansu() as behind_it:
        asyncio.run(_serve(int(sys.argv[1]), behind_it))
