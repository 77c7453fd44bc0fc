"""Listeners that a topology may ask for: HTTP servers on loopback ports. The control API is never served there."""

import asyncio
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # few ask for one; nobody else shall wait for the server's modules
    from starlette.applications import Starlette

AGAIN_SECONDS = 5.0


class OptInListener:
    """Serves what ``build`` makes, at the address that was last adopted. ``what`` names it for people.

    ``complain`` hears once of an address that cannot be had; it is tried again until it can.
    """

    def __init__(self, what: str, build: "Callable[[], Starlette]", complain: Callable[[str], None]) -> None:
        self._what = what
        self._build = build
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
        from meshdev.daemon.server import ControlServer  # noqa: PLC0415

        server = ControlServer(self._build(), listener)
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
                reason = os.strerror(error.errno or 0)
                self._complain(f"{self._what} cannot be served at {address}: {reason}")
            self._refused = address
            return None
        self._refused = ""
        listener.setblocking(False)  # noqa: FBT003 -- the socket module's own signature
        return listener
