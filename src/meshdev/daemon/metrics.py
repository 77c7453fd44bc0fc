"""The opt-in listener for Prometheus: ``GET /metrics`` on a loopback port, as the topology names it.

It reads and changes nothing; the control API is never served there.
"""

import asyncio
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # few ask for metrics; nobody else shall wait for the server's modules
    from starlette.requests import Request
    from starlette.responses import Response

AGAIN_SECONDS = 5.0

Render = Callable[[str], tuple[bytes, str]]


class MetricsListener:
    """Serves what ``render`` gives for an ``Accept`` header, at the address that was last adopted.

    ``complain`` hears once of an address that cannot be had; it is tried again until it can.
    """

    def __init__(self, render: Render, complain: Callable[[str], None]) -> None:
        self._render = render
        self._complain = complain
        self._address = ""
        self._refused = ""
        self._changed = asyncio.Event()
        self._closed = False

    def adopt(self, address: str) -> None:
        """Serve at ``address`` from now on; empty for nowhere."""
        if address != self._address:
            self._address = address
            self._changed.set()

    def close(self) -> None:
        """Let `run` return."""
        self._closed = True
        self._changed.set()

    async def run(self) -> None:
        """Serve wherever it is wanted, until `close`."""
        while not self._closed:
            self._changed.clear()
            listener = self._bound(self._address) if self._address else None
            if listener is not None:
                await self._serve(listener)
            else:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._changed.wait(), AGAIN_SECONDS if self._address else None)

    async def _serve(self, listener: socket.socket) -> None:
        from starlette.applications import Starlette  # noqa: PLC0415
        from starlette.routing import Route  # noqa: PLC0415

        from meshdev.daemon.server import ControlServer  # noqa: PLC0415

        server = ControlServer(Starlette(routes=[Route("/metrics", self._metrics)]), listener)
        async with asyncio.TaskGroup() as group:
            group.create_task(server.serve())
            await self._changed.wait()
            server.close()
        listener.close()

    def _bound(self, address: str) -> socket.socket | None:
        host, _, port = address.rpartition(":")
        try:
            listener = socket.create_server((host, int(port)))
        except OSError as error:
            if self._refused != address:
                self._complain(f"metrics cannot be served at {address}: {os.strerror(error.errno or 0)}")
            self._refused = address
            return None
        self._refused = ""
        listener.setblocking(False)  # noqa: FBT003 -- the socket module's own signature
        return listener

    async def _metrics(self, request: "Request") -> "Response":
        from starlette.responses import Response  # noqa: PLC0415

        text, content_type = self._render(request.headers.get("accept", ""))
        return Response(text, media_type=content_type)
