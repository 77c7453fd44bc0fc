"""The HTTP server of the control API."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: signals are the daemon's business."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class ControlServer:
    """Serves the API until it is closed; streams that are open then are cut."""

    def __init__(self, app: Starlette, listener: socket.socket) -> None:
        """``listener`` is bound and listens: clients may connect from then on and are answered by `serve`."""
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            loop="none",
            http="h11",
            ws="none",
            timeout_graceful_shutdown=1,
        )
        self._server = _Server(config)
        self._listener = listener

    async def serve(self) -> None:
        """Run until `close`."""
        await self._server.serve(sockets=[self._listener])

    def close(self) -> None:
        """Let `serve` return without waiting for streams that never end by themselves (leases)."""
        self._server.should_exit = True
        self._server.force_exit = True
