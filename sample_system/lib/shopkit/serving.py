"""Running a service: listen on ``$PORT`` at 127.0.0.1 (in a container: ``$LISTEN_ON``), stop gracefully on SIGTERM."""

import os
import signal
import sys
from collections.abc import Callable
from types import FrameType

import uvicorn
from starlette.applications import Starlette

from shopkit import logs


def serve(service: str, build: Callable[[], Starlette]) -> None:
    """Serve the app until SIGTERM or SIGINT: running requests finish, background work ends, exit code 0."""
    logs.configure(service)
    port = os.environ.get("PORT", "")
    if not port.isdigit():
        sys.exit(f"{service}: PORT must name the port to listen on (meshdev sets it), got {port!r}")
    # uvicorn raises the signal again after its shutdown, for the handler that was there before: ours lets the
    # process end with code 0.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _already_served)
    config = uvicorn.Config(
        build(),
        host=os.environ.get("LISTEN_ON", "127.0.0.1"),
        port=int(port),
        log_config=None,
        access_log=False,
        server_header=False,
        http="h11",
        ws="none",
        loop="asyncio",
        lifespan="on",
        timeout_graceful_shutdown=3,
    )
    uvicorn.Server(config).run()


def _already_served(_number: int, _frame: FrameType | None) -> None:
    """Nothing is left to do: uvicorn has stopped the server."""
