"""A small web application with every form of answer, and the real servers that run it."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, cast

import hypercorn.asyncio
import hypercorn.config
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from meshdev.wire.mesh import Upstream
from support_mesh import until

SERVERS = ("uvicorn-h11", "uvicorn-httptools", "hypercorn")


async def text(_: Request) -> Response:
    """A short answer."""
    return PlainTextResponse("hello")


async def echo(request: Request) -> Response:
    """The body back, and the trace that came with it."""
    return Response(await request.body(), headers={"x-trace": request.headers.get("traceparent", "")})


async def stream(_: Request) -> Response:
    """An answer in a hundred pieces."""

    async def pieces() -> AsyncIterator[bytes]:
        for number in range(100):
            yield b"%d\n" % number

    return StreamingResponse(pieces())


async def events(request: Request) -> Response:
    """An event at once, and one more when `release` was called."""

    async def pieces() -> AsyncIterator[str]:
        yield "data: first\n\n"
        await request.app.state.released.wait()
        yield "data: second\n\n"

    return StreamingResponse(pieces(), media_type="text/event-stream")


async def release(request: Request) -> Response:
    """Let `events` go on."""
    request.app.state.released.set()
    return Response(status_code=204)


async def socket_echo(websocket: WebSocket) -> None:
    """Text comes back in capitals, bytes as they are."""
    await websocket.accept()
    try:
        while True:
            message = await websocket.receive()
            if message.get("text") is not None:
                await websocket.send_text(message["text"].upper())
            elif message.get("bytes") is not None:
                await websocket.send_bytes(message["bytes"])
            else:
                return
    except WebSocketDisconnect:
        return


def application() -> Starlette:
    """An application of its own for each test."""
    app = Starlette(
        routes=[
            Route("/text", text),
            Route("/echo", echo, methods=["POST", "PUT"]),
            Route("/stream", stream),
            Route("/events", events),
            Route("/release", release, methods=["POST", "DELETE"]),
            WebSocketRoute("/ws", socket_echo),
        ]
    )
    app.state.released = asyncio.Event()
    return app


def tls_server(alpn: str, certificate: Path) -> AbstractAsyncContextManager[Upstream]:
    """The same by TLS: hypercorn chooses ``h2`` where it is offered, uvicorn knows ``http/1.1`` only."""
    return asgi_server("hypercorn" if alpn == "h2" else "uvicorn-h11", certificate)


@asynccontextmanager
async def asgi_server(kind: str, certificate: Path | None = None) -> AsyncIterator[Upstream]:
    """The application on one of `SERVERS`, in this loop; by TLS with a ``certificate``, which holds its key, too."""
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("127.0.0.1", 0))
        sock.listen(100)
        upstream = Upstream("127.0.0.1", sock.getsockname()[1], kind)
        if kind == "hypercorn":
            stop = asyncio.Event()
            config = hypercorn.config.Config()
            config.bind = [f"fd://{sock.dup().detach()}"]
            config.graceful_timeout = 0.5
            if certificate is not None:
                config.certfile = config.keyfile = str(certificate)
            config.accesslog = config.errorlog = None
            serving = hypercorn.asyncio.serve(
                cast("Any", application()), config, shutdown_trigger=cast("Any", stop.wait)
            )
            async with asyncio.TaskGroup() as group:
                task = group.create_task(serving)
                try:
                    yield upstream
                finally:
                    stop.set()
                    await asyncio.wait([task])
            return
        server = uvicorn.Server(
            uvicorn.Config(
                application(),
                http=cast("Any", kind.partition("-")[2]),
                log_level="critical",
                lifespan="off",
                ssl_certfile=certificate,
            )
        )
        async with asyncio.TaskGroup() as group:
            group.create_task(server.serve(sockets=[sock]))
            await until(lambda: server.started)
            try:
                yield upstream
            finally:
                server.should_exit = True
