"""Waiting for the last answer, with real sockets in the mesh's place."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from meshdev.daemon.drains import Drains
from meshdev.lifecycle.model import Drained, Incarnation

ONE = Incarnation("orders", 0, 1)
TWO = Incarnation("orders", 0, 2)


@dataclass
class Mesh:
    """What the drains ask, and what they said."""

    acked: int = 0
    ports: dict[Incarnation, dict[str, int]] = field(default_factory=dict)
    said: "asyncio.Queue[Drained]" = field(default_factory=asyncio.Queue)
    drains: Drains = field(init=False)

    def __post_init__(self) -> None:
        self.drains = Drains(
            acked=lambda: self.acked,
            ports_of=lambda ref: self.ports.get(ref, {}),
            workers=list,
            report=self.said.put_nowait,
        )


@asynccontextmanager
async def mesh() -> AsyncIterator[Mesh]:
    """Drains that run."""
    found = Mesh()
    async with asyncio.TaskGroup() as group:
        group.create_task(found.drains.run())
        yield found
        found.drains.close()


async def next_of(found: Mesh) -> Incarnation:
    """Whoever is drained next."""
    async with asyncio.timeout(5):
        return (await found.said.get()).ref


async def test_the_last_answer_is_waited_for() -> None:
    """An instance with a connection is not drained; another one is, meanwhile; then the first, once it is closed."""
    with socket.create_server(("127.0.0.1", 0)) as busy, socket.create_server(("127.0.0.1", 0)) as idle:
        async with mesh() as found:
            found.ports = {ONE: {"http": busy.getsockname()[1]}, TWO: {"http": idle.getsockname()[1]}}
            found.acked = 7
            with socket.create_connection(busy.getsockname()):
                found.drains.drain(ONE, 7)
                found.drains.drain(TWO, 7)
                assert await next_of(found) == TWO
            assert await next_of(found) == ONE


async def test_the_workers_have_to_act_by_the_new_routes() -> None:
    """Without an acknowledgement somebody may still be about to connect."""
    async with mesh() as found:
        found.ports = {ONE: {"http": 9}, TWO: {"http": 9}}
        found.acked = 7
        found.drains.drain(ONE, 8)
        found.drains.drain(TWO, 7)
        assert await next_of(found) == TWO
        assert found.said.empty()
        found.acked = 8
        assert await next_of(found) == ONE


async def test_one_that_is_gone_is_drained() -> None:
    """Nobody waits for it in vain, whatever the workers do."""
    async with mesh() as found:
        found.drains.drain(ONE, 99)
        assert await next_of(found) == ONE
