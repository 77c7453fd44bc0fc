"""An edge in this process to a real database, under faults on statements."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from meshdev.wire.mesh import Exchange, Upstream
from support_faulty_edge import Faulty, edge_to
from support_mesh import until

T = TypeVar("T")


class Bench(Faulty):
    """The edge, with callers in threads of their own."""

    async def call(self, work: Callable[[int], T]) -> T:
        """``work`` with the edge's port, in a thread."""
        return await asyncio.to_thread(work, self.port)

    def told(self) -> list[Exchange]:
        """The operations since this was last asked."""
        exchanges: list[Exchange] = []
        self.edge.take_counters(exchanges)
        return exchanges

    def hit(self) -> list[Exchange]:
        """Those of them that faults had a part in."""
        return [one for one in self.told() if one.faults]


@asynccontextmanager
async def bench(port: int, protocol: str, *tables: Mapping[str, Any]) -> AsyncIterator[Bench]:
    """The edge before a database at that port, of which nobody complains."""
    async with edge_to(Bench, Upstream("127.0.0.1", port, "db-0@1"), protocol, *tables) as it:
        yield it
        await until(lambda: it.edge.active == 0)
        assert it.troubles == []
