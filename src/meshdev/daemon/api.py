"""The control API's routes: each reads a request shape, asks the `Operator`, writes a view.

No decision is taken here. Errors become problem+json (RFC 9457) with the exit code a command should end with.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from meshdev.daemon.journal import Journal
from meshdev.daemon.openapi import openapi_document
from meshdev.daemon.operator import Operator
from meshdev.errors import MeshdevError, ServiceError, TopologyError, UsageError
from meshdev.wire.control import ErrorView, ScaleRequest, ServicesRequest, ShutdownRequest, UpRequest

S = TypeVar("S", bound=msgspec.Struct)


class Json(Response):
    """A view as JSON."""

    media_type = "application/json"

    def render(self, content: object) -> bytes:
        """Encode by msgspec, which knows the shapes."""
        return msgspec.json.encode(content)


class Problem(Json):
    """An ErrorView as problem+json."""

    media_type = "application/problem+json"


def build_api(operator: Operator) -> Starlette:
    """The ASGI application that serves ``operator`` under ``/v1``."""
    routes = _Routes(operator)
    return Starlette(
        routes=[
            Route("/v1/version", _answer(lambda _: operator.version())),
            Route("/v1/snapshot", _answer(lambda _: operator.snapshot())),
            Route("/v1/services", _answer(lambda _: operator.services())),
            Route("/v1/services/{name}", _answer(lambda request: operator.service(_name(request)))),
            Route("/v1/services/{name}/why", routes.why),
            Route("/v1/services/{name}/env", _answer(lambda request: operator.env(_name(request)))),
            Route("/v1/graph", _answer(lambda _: operator.graph())),
            Route("/v1/edges", _answer(lambda _: operator.edges())),
            Route("/v1/traffic", _answer(lambda request: operator.traffic(_number(request, "limit", 100)))),
            Route("/v1/traffic/stream", routes.traffic),
            Route("/v1/processes", _answer(lambda _: operator.processes())),
            Route("/v1/events", routes.events),
            Route("/v1/up", routes.up, methods=["POST"]),
            Route("/v1/plan", routes.plan, methods=["POST"]),
            Route("/v1/services/start", routes.start, methods=["POST"]),
            Route("/v1/services/stop", routes.stop, methods=["POST"]),
            Route("/v1/services/restart", routes.restart, methods=["POST"]),
            Route("/v1/services/{name}/scale", routes.scale, methods=["POST"]),
            Route("/v1/shutdown", routes.shutdown, methods=["POST"]),
            Route("/v1/lease", _Lease(operator)),
            Route("/v1/lease/release", routes.release, methods=["POST"]),
            Route("/v1/openapi.json", _answer(lambda _: openapi_document())),
        ],
        exception_handlers={MeshdevError: _problem, 404: _not_found, Exception: _defect},
    )


class _Routes:
    """Handlers that read a body or stream an answer."""

    def __init__(self, operator: Operator) -> None:
        self._operator = operator

    async def up(self, request: Request) -> Response:
        return Json(await self._operator.up(await _body(request, UpRequest), apply=True))

    async def plan(self, request: Request) -> Response:
        return Json(await self._operator.up(await _body(request, UpRequest), apply=False))

    async def why(self, request: Request) -> Response:
        return Json(await self._operator.why(_name(request)))

    async def start(self, request: Request) -> Response:
        return Json(self._operator.start(await _body(request, ServicesRequest)))

    async def stop(self, request: Request) -> Response:
        return Json(self._operator.stop(await _body(request, ServicesRequest)))

    async def restart(self, request: Request) -> Response:
        return Json(self._operator.restart(await _body(request, ServicesRequest)))

    async def scale(self, request: Request) -> Response:
        return Json(self._operator.scale(_name(request), await _body(request, ScaleRequest)))

    async def shutdown(self, request: Request) -> Response:
        self._operator.shutdown(await _body(request, ShutdownRequest))
        return Response(status_code=202)

    async def release(self, _: Request) -> Response:
        self._operator.lease_released()
        return Response(status_code=204)

    async def events(self, request: Request) -> Response:
        return _stream(request, self._operator.journal)

    async def traffic(self, request: Request) -> Response:
        return _stream(request, self._operator.book.exchanges)


def _stream(request: Request, journal: Journal) -> Response:
    resumed = request.headers.get("last-event-id", "")
    default = int(resumed) if resumed.isdigit() else journal.seq
    return StreamingResponse(
        _server_sent(journal, _number(request, "after", default)),
        media_type="text/event-stream",
        headers={"cache-control": "no-store"},
    )


async def _server_sent(journal: Journal, after: int) -> AsyncIterator[bytes]:
    """The journal in the event-stream format of the HTML standard."""
    yield b": meshdev\n\n"
    async for batch in journal.follow(after):
        yield b"".join(b"id: %d\ndata: %s\n\n" % entry for entry in batch)


class _Lease:
    """Held open by the foreground ``up`` that owns the system; tells the operator when it breaks."""

    def __init__(self, operator: Operator) -> None:
        self._operator = operator

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        self._operator.lease_taken()
        try:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"held\n", "more_body": True})
            with suppress(
                asyncio.CancelledError
            ):  # the server ends while the lease is held: nothing to report
                while (await receive())["type"] != "http.disconnect":
                    pass
            await send({"type": "http.response.body", "body": b""})
        finally:
            self._operator.lease_broken()


def _answer(ask: Callable[[Request], object]) -> Callable[[Request], Awaitable[Response]]:
    async def handler(request: Request) -> Response:
        return Json(ask(request))

    return handler


def _number(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name)
    if text is None:
        return default
    if not text.isdigit():
        raise UsageError(f"{name}={text!r}: accepted is a whole number")
    return int(text)


def _name(request: Request) -> str:
    name: str = request.path_params["name"]
    return name


async def _body(request: Request, shape: type[S]) -> S:
    try:
        return msgspec.json.decode(await request.body() or b"{}", type=shape)
    except msgspec.MsgspecError as error:
        message = f"{request.url.path}: {error}"
        raise UsageError(message, hint="GET /v1/openapi.json describes the API") from error


async def _problem(_: Request, error: Exception) -> Response:
    match error:
        case TopologyError():
            status = 422
        case UsageError():
            status = 400
        case ServiceError():
            status = 409
        case _:
            status = 500
    hint = error.hint if isinstance(error, MeshdevError) and not isinstance(error, TopologyError) else ""
    code = error.exit_code if isinstance(error, MeshdevError) else 1
    detail = error.message if isinstance(error, MeshdevError) and hint else str(error)
    view = ErrorView(title=type(error).__name__, status=status, detail=detail, hint=hint, exit_code=code)
    return Problem(view, status_code=status)


async def _defect(_: Request, error: Exception) -> Response:
    view = ErrorView(
        title="Defect",
        status=500,
        detail=f"a defect in meshdev: {type(error).__name__}: {error}",
        hint=".meshdev/daemon.log shows where; please report it",
        exit_code=70,
    )
    return Problem(view, status_code=500)


async def _not_found(request: Request, _: Exception) -> Response:
    view = ErrorView(
        title="NotFound",
        status=404,
        detail=f"no such thing: {request.url.path}",
        hint="GET /v1/openapi.json describes the API",
        exit_code=2,
    )
    return Problem(view, status_code=404)
