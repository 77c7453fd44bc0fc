"""What a trial is: it does something hard to a real worker, for a bounded time, and says what held and what did not."""

import abc
import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Final

from benchmarks.mesh.costs import descriptors, memory
from meshdev.mesh.fleet import Fleet
from meshdev.wire.mesh import EdgeKey, EdgePolicy, Upstream

PATIENCE: Final = 30.0
MEGABYTE: Final = 1e6


@dataclass(slots=True)
class Finding:
    """What a trial saw; ``broken`` is empty when everything held."""

    told: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def check(self, holds: bool, text: str) -> None:  # noqa: FBT001 -- the sentence says what is true or not
        """Note one thing that must hold."""
        (self.told if holds else self.broken).append(text)


@dataclass(frozen=True, slots=True)
class Setting:
    """A folder of the trial's own, and how long a soak may take (seconds)."""

    folder: Path
    seconds: float


class Trial(abc.ABC):
    """One thing that a worker must stand."""

    name: ClassVar[str]

    @abc.abstractmethod
    async def run(self, setting: Setting, finding: Finding) -> None:
        """Do it."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What a worker has at one moment."""

    memory: int
    descriptors: int

    def __str__(self) -> str:
        return f"{self.memory / MEGABYTE:.1f} MB, {self.descriptors} descriptors"


class Mesh:
    """A fleet with the edges of a trial."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.ports: dict[EdgeKey, int] = {}

    async def route(self, policies: dict[EdgeKey, EdgePolicy]) -> None:
        """Listen and serve; returns when it acts."""
        self.ports = {edge: self.fleet.listen(edge) for edge in policies}
        await self.fleet.wait_acked(self.fleet.apply(policies))

    @property
    def pids(self) -> list[int]:
        """Of the workers."""
        return [pid for _, pid in self.fleet.processes()]

    def taken(self) -> Taken:
        """What the first worker has now."""
        return Taken(memory(self.pids[:1]), descriptors(self.pids[0]))

    async def at_rest(self) -> Taken:
        """What the worker has once no connection is open; kept upstream connections are closed by then, too."""
        await until(lambda: all(signals.active == 0 for signals in self.fleet.signals().values()))
        before = -1
        while before != (now := self.taken()).descriptors:
            before = now.descriptors
            await asyncio.sleep(2.5)
        return now


@asynccontextmanager
async def mesh(folder: Path, said: list[str], *, workers: int = 1) -> AsyncIterator[Mesh]:
    """A started fleet; what it has to say goes to ``said``."""
    fleet = Fleet(
        ports_file=folder / "ports.json", workers=workers, report=said.append, exchanged=lambda *_: None
    )
    await fleet.start()
    try:
        yield Mesh(fleet)
    finally:
        await fleet.close()


def edge(name: str) -> EdgeKey:
    """An edge of a trial."""
    return EdgeKey("trial", name)


def policy(kind: str, *ports: int, hold: float = 10.0) -> EdgePolicy:
    """To instances on these ports."""
    return EdgePolicy(
        tuple(Upstream("127.0.0.1", port, f"u-{number}@1") for number, port in enumerate(ports)),
        kind,
        hold=hold,
    )


async def until(condition: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Wait for it. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 -- what is waited for is in another process
            await asyncio.sleep(0.02)


async def all_of(works: Sequence[Callable[[], object]], at_once: int) -> None:
    """Run blocking works in threads, so many at a time."""
    gate = asyncio.Semaphore(at_once)

    async def one(work: Callable[[], object]) -> None:
        async with gate:
            await asyncio.to_thread(work)

    async with asyncio.TaskGroup() as group:
        for work in works:
            group.create_task(one(work))
