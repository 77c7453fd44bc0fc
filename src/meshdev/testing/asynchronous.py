"""`Mesh` for tests with an event loop: every call happens in a thread, so that nothing blocks."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from typing import Any, TypeVar

import httpx

from meshdev.testing.edge import EdgeSince
from meshdev.testing.fault import Fault
from meshdev.testing.mesh import READY, Mesh
from meshdev.testing.recorded import Recorded
from meshdev.wire.control import ExchangeView, ServiceView

T = TypeVar("T")


class AsyncMesh:
    """See the module; ``mesh`` is the same system for code that may block."""

    def __init__(self, mesh: Mesh) -> None:
        self.mesh = mesh

    @asynccontextmanager
    async def fault(
        self, target: str, *, name: str = "", scoped: bool | None = None, **faults: object
    ) -> AsyncIterator[Fault]:
        """As `Mesh.fault`, for ``async with``."""
        async with _entered(self.mesh.fault(target, name=name, scoped=scoped, **faults)) as fault:
            yield fault

    async def edge(self, name: str) -> EdgeSince:
        """As `Mesh.edge`; look at its figures with `until`, or in a thread: each look is a call."""
        return await asyncio.to_thread(self.mesh.edge, name)

    async def until(self, name: str, holds: Callable[[EdgeSince], bool], timeout: float = 5.0) -> EdgeSince:  # noqa: ASYNC109 -- the thread's own
        """Wait until ``holds`` of an edge; fails with its figures."""
        edge = await self.edge(name)
        return await asyncio.to_thread(edge.until, holds, timeout)

    async def calls(self) -> list[ExchangeView]:
        """As `Mesh.calls`."""
        return await asyncio.to_thread(self.mesh.calls)

    async def http(self, service: str, **options: Any) -> httpx.AsyncClient:
        """As `Mesh.http`, an asynchronous client."""
        made = await asyncio.to_thread(self.mesh.http_options, service, **options)
        hooks = made["event_hooks"].get("request", [])
        made["event_hooks"] = {**made["event_hooks"], "request": [_awaited(hook) for hook in hooks]}
        return httpx.AsyncClient(**made)

    @asynccontextmanager
    async def record(self, name: str = "", *edges: str, redact: bool = True) -> AsyncIterator[Recorded]:
        """As `Mesh.record`, for ``async with``; read what it holds in a thread, it is on the disk."""
        async with _entered(self.mesh.record(name, *edges, redact=redact)) as recorded:
            yield recorded

    async def service(self, name: str) -> ServiceView:
        """As `Mesh.service`."""
        return await asyncio.to_thread(self.mesh.service, name)

    async def wait_healthy(self, *names: str, timeout: float = READY) -> None:  # noqa: ASYNC109 -- the thread's own
        """As `Mesh.wait_healthy`."""
        await asyncio.to_thread(self.mesh.wait_healthy, *names, timeout=timeout)

    async def kill(self, service: str, *, instances: int = 1) -> None:
        """As `Mesh.kill`."""
        await asyncio.to_thread(self.mesh.kill, service, instances=instances)

    @asynccontextmanager
    async def pause(self, service: str) -> AsyncIterator[None]:
        """As `Mesh.pause`."""
        async with _entered(self.mesh.pause(service)):
            yield

    @asynccontextmanager
    async def stopped(self, *services: str) -> AsyncIterator[None]:
        """As `Mesh.stopped`."""
        async with _entered(self.mesh.stopped(*services)):
            yield

    async def restart(self, *services: str, timeout: float = READY) -> None:  # noqa: ASYNC109 -- the thread's own
        """As `Mesh.restart`."""
        await asyncio.to_thread(self.mesh.restart, *services, timeout=timeout)


@asynccontextmanager
async def _entered(context: AbstractContextManager[T]) -> AsyncIterator[T]:
    """``context`` in threads; an exception of the block does not reach it, since none of ours looks at it."""
    entered = await asyncio.to_thread(context.__enter__)
    try:
        yield entered
    finally:
        await asyncio.to_thread(context.__exit__, None, None, None)


def _awaited(hook: Callable[[httpx.Request], Any]) -> Callable[[httpx.Request], Awaitable[None]]:
    async def awaited(request: httpx.Request) -> None:
        result = hook(request)
        if inspect.isawaitable(result):
            await result

    return awaited
