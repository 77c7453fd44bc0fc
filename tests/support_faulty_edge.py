"""An edge in this process whose protocol is read, with faults that come and go."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from meshdev.mesh.edge import Edge
from meshdev.mesh.scanned_link import ScannedRelay, scanned_relay
from meshdev.wire.mesh import EdgeEntry, EdgePolicy, Upstream
from support_faults import specs
from support_mesh import EDGE, until


class Faulty:
    """The edge, and the faults that are switched on."""

    def __init__(self, edge: Edge, relay: ScannedRelay, port: int, troubles: list[str]) -> None:
        self.edge = edge
        self.relay = relay
        self.port = port
        self.troubles = troubles

    def on(self, *tables: Mapping[str, Any]) -> None:
        """Exactly these are on from now on."""
        policy = self.edge.policy
        self.relay.adopt(
            EdgePolicy(policy.upstreams, protocol=policy.protocol, faults=specs(*tables, since=0.0))
        )


F = TypeVar("F", bound=Faulty)


@asynccontextmanager
async def faulty(server: int, *tables: Mapping[str, Any], protocol: str = "nats") -> AsyncIterator[Faulty]:
    """An edge to a broker at that port under faults, of which nobody complains."""
    upstream = Upstream("127.0.0.1", server, instance="events-0@1")
    async with edge_to(Faulty, upstream, protocol, *tables) as it:
        yield it
        await until(lambda: it.edge.active == 0)
        assert not it.troubles, it.troubles


@asynccontextmanager
async def edge_to(
    make: type[F], upstream: Upstream, protocol: str, *tables: Mapping[str, Any]
) -> AsyncIterator[F]:
    """An edge under faults; at the end of the block nothing of it may be left open."""
    loop = asyncio.get_running_loop()
    tasks: set[asyncio.Task[None]] = set()
    troubles: list[str] = []

    def start(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = loop.create_task(work)
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        return task

    policy = EdgePolicy((upstream,), protocol=protocol, faults=specs(*tables, since=0.0))
    edge = Edge(loop, EdgeEntry(1, EDGE, policy), lambda _: None)
    relay = scanned_relay(loop, edge, start, lambda text, _: troubles.append(text))
    listening = await loop.create_server(relay.accept, "127.0.0.1", 0)
    try:
        yield make(edge, relay, listening.sockets[0].getsockname()[1], troubles)
        await until(lambda: edge.active == 0 and not relay.links and not tasks)
        assert edge.in_flight == 0
        relay.close()
    finally:
        listening.close()
