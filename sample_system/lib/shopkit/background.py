"""Work that goes on beside the requests, owned by name, never fire-and-forget."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

_log = logging.getLogger("background")
_PAUSE_SECONDS = 1.0


@asynccontextmanager
async def running(**jobs: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Run every job for as long as the block lasts; one that fails is logged and started again after a pause."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_forever(name, job), name=name) for name, job in jobs.items()]
        try:
            yield
        finally:
            # A library that swallows a cancellation must not keep the service from stopping: ask again.
            while waiting := [task for task in tasks if not task.done()]:
                for task in waiting:
                    task.cancel()
                await asyncio.wait(waiting, timeout=_PAUSE_SECONDS)


async def _forever(name: str, job: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await job()
        except Exception:  # noqa: BLE001 whatever it is, it is logged, and the service goes on
            _log.exception("%s failed, starts again", name)
        await asyncio.sleep(_PAUSE_SECONDS)
