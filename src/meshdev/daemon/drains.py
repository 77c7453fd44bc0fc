"""When an incarnation that was left out of the routes has answered its last request.

That is so once the workers act by those routes and no connection to it is left: the mesh closes a kept connection to
an instance that left the policy as soon as it is idle. The kernel is asked for the connections, and only while
somebody waits for the answer.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from meshdev.daemon.edges import LOOPBACK
from meshdev.lifecycle.model import Drained, Incarnation
from meshdev.runners.connections import called

ROUND_SECONDS: Final = 0.025
LONGEST_ROUND_SECONDS: Final = 0.25
SHARE: Final = 4  # a round that was dear is followed by a pause of so many times its length


class Drains:
    """Reports `Drained` for what it was told to `drain`.

    ``acked`` is the version of the policy by which all workers act, ``ports_of`` gives an incarnation's ports (none
    when it is gone), ``workers`` are the pids of those who connect, ``table_of`` gives the kernel's table of
    connections of one that has a network of its own.
    """

    def __init__(
        self,
        *,
        acked: Callable[[], int],
        ports_of: Callable[[Incarnation], Mapping[str, int]],
        workers: Callable[[], Iterable[int]],
        report: Callable[[Drained], None],
        host_of: Callable[[Incarnation], str] = lambda _: LOOPBACK,
        table_of: Callable[[Incarnation], Path | None] = lambda _: None,
    ) -> None:
        self._table_of = table_of
        self._host_of = host_of
        self._acked = acked
        self._ports_of = ports_of
        self._workers = workers
        self._report = report
        self._waiting: dict[Incarnation, int] = {}
        self._wanted = asyncio.Event()
        self._closing = asyncio.Event()

    def drain(self, ref: Incarnation, version: int) -> None:
        """The policy of ``version`` is the first that leaves ``ref`` out."""
        self._waiting[ref] = version
        self._wanted.set()

    def close(self) -> None:
        """Let `run` return."""
        self._closing.set()
        self._wanted.set()

    async def run(self) -> None:
        """Look until `close`, as long as somebody waits."""
        while not self._closing.is_set():
            if not self._waiting:
                self._wanted.clear()
                await self._wanted.wait()
                continue
            began = time.perf_counter()
            await self._look()
            pause = max(ROUND_SECONDS, SHARE * (time.perf_counter() - began))
            if self._waiting:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._closing.wait(), min(pause, LONGEST_ROUND_SECONDS))

    async def _look(self) -> None:
        acked = self._acked()
        places = {
            ref: {(self._host_of(ref), port) for port in self._ports_of(ref).values()}
            for ref, version in self._waiting.items()
            if version <= acked or not self._ports_of(ref)
        }
        if not places:
            return
        tables = {ref: self._table_of(ref) for ref in places}
        shared = [own for ref, own in places.items() if tables[ref] is None]
        wanted = set().union(*shared)
        workers = list(self._workers())
        busy = await asyncio.to_thread(called, wanted, workers) if wanted else set()
        for ref, own in places.items():
            table = tables[ref]
            if not (busy & own if table is None else await asyncio.to_thread(called, own, workers, table)):
                self._waiting.pop(ref, None)
                self._report(Drained(ref))
