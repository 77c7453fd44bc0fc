"""A watcher on real folders, with its reports in a queue."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from meshdev.topology.model import Watch
from meshdev.watch.quiet import Changed
from meshdev.watch.watcher import Watcher

PERIOD = 0.15
"""Seconds of quiet in tests: long against a save, short for those who wait."""


@dataclass
class Scene:
    """A project's folder that is watched."""

    root: Path
    watcher: Watcher
    reports: asyncio.Queue[Changed]
    warnings: list[str] = field(default_factory=list)

    def write(self, path: str, text: str = "x") -> Path:
        """Write a file, with its folders."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    async def watch(self, *paths: str, service: str = "orders", ignore: Sequence[str] = ()) -> None:
        """Watch for one service, from the root."""
        await self.watcher.watch({service: [Watch(self.root, paths, tuple(ignore))]})

    async def report(self) -> Changed:
        """The next report."""
        return await asyncio.wait_for(self.reports.get(), 20)

    async def files(self) -> set[str]:
        """The files of the next report."""
        return set((await self.report()).files)

    async def after(self, action: Callable[[], object], sentinel: str) -> set[str]:
        """What is reported of an action, which may be nothing: a sentinel that is written after it ends the wait.

        The sentinel comes in the same storm, or in a later one.
        """
        await asyncio.to_thread(action)
        self.write(sentinel, "now")
        seen: set[str] = set()
        while sentinel not in seen:
            seen |= await self.files()
        return seen - {sentinel}


@asynccontextmanager
async def watching(root: Path, *, polling: bool = False, period: float = PERIOD) -> AsyncIterator[Scene]:
    """A watcher that watches nothing yet."""
    reports: asyncio.Queue[Changed] = asyncio.Queue()
    warnings: list[str] = []
    watcher = Watcher(root, reports.put_nowait, warnings.append, period=period, polling=polling)
    try:
        yield Scene(root, watcher, reports, warnings)
    finally:
        await watcher.close()
