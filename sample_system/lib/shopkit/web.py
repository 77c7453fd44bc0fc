"""HTTP as the services speak it: JSON bodies checked against a type, errors as ``{"error": …}``, traced requests."""

import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, TypeVar

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shopkit import trace

_log = logging.getLogger("http")
_SERVER_ERROR = 500
T = TypeVar("T")
Lifespan = Callable[[], AbstractAsyncContextManager[None]]


def reply(content: object, status: int = 200) -> Response:
    """A JSON response."""
    return Response(msgspec.json.encode(content), status, media_type="application/json")


async def read(request: Request, shape: type[T]) -> T:
    """The request's JSON body as a `shape`; anything else is answered with 400 and what is wrong with it."""
    try:
        return msgspec.json.decode(await request.body(), type=shape)
    except msgspec.MsgspecError as error:
        raise HTTPException(400, str(error)) from error


def number(request: Request, name: str, default: int, *, most: int) -> int:
    """A whole number from the query string, between 0 and `most`."""
    text = request.query_params.get(name, str(default))
    if not text.isascii() or not text.isdigit() or int(text) > most:
        raise HTTPException(400, f"{name} must be a whole number from 0 to {most}, got {text!r}")
    return int(text)


def application(
    routes: Sequence[BaseRoute],
    *,
    lifespan: Lifespan | None = None,
    health: Callable[[], Mapping[str, object]] = dict,
) -> Starlette:
    """An ASGI app with `routes`, ``GET /healthz``, traced and logged requests and JSON errors.

    `health` adds what is worth knowing (the broker's state, say). Health means "this process can serve": a
    neighbour that is down never makes a service unhealthy.
    """

    async def healthz(_: Request) -> Response:
        return reply({"status": "ok", **health()})

    @asynccontextmanager
    async def lives(_: Starlette) -> AsyncIterator[None]:
        if lifespan is None:
            yield
            return
        async with lifespan():
            yield

    return Starlette(
        routes=[Route("/healthz", healthz), *routes],
        lifespan=lives,
        middleware=[Middleware(TracedRequests)],
        exception_handlers={HTTPException: _as_json},
    )


async def _as_json(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 starlette dispatches by type; this tells the type checker
    return reply({"error": error.detail}, error.status_code)


class TracedRequests:
    """ASGI middleware: every request runs inside its trace and leaves one log line."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (or pass the lifespan through)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        carried = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        started = time.perf_counter()
        status = _SERVER_ERROR

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message["headers"],
                    (b"x-request-id", span.request_id.encode("latin-1")),
                ]
            await send(message)

        with trace.joined(carried) as span:
            try:
                await self._app(scope, receive, watched)
            finally:
                self._record(scope, status, time.perf_counter() - started)

    @staticmethod
    def _record(scope: Scope, status: int, seconds: float) -> None:
        level = logging.DEBUG if scope["path"] == "/healthz" else logging.INFO
        if status >= _SERVER_ERROR:
            level = logging.WARNING
        fields: dict[str, Any] = {
            "method": scope["method"],
            "path": scope["path"],
            "status": status,
            "ms": round(seconds * 1000, 1),
        }
        _log.log(level, "%s %s %d", scope["method"], scope["path"], status, extra=fields)
