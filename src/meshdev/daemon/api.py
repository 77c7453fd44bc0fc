"""The control API's routes: each reads a request shape, asks the `Operator`, writes a view.

No decision is taken here. Errors become problem+json (RFC 9457) with the exit code a command should end with.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from meshdev.daemon.answers import Json, Problem, answer, body, name, number
from meshdev.daemon.faults.api import fault_routes
from meshdev.daemon.journal import Journal
from meshdev.daemon.openapi import openapi_document
from meshdev.daemon.operator import Operator
from meshdev.daemon.recording.api import recording_routes
from meshdev.errors import MeshdevError, ServiceError, TopologyError, UsageError
from meshdev.wire.control import (
    ErrorView,
    ScaleRequest,
    ServicesRequest,
    ShutdownRequest,
    UpRequest,
)
from meshdev.wire.swap import SwapRequest
from meshdev.wire.topic_views import PublishRequest


def build_api(operator: Operator) -> Starlette:
    """The ASGI application that serves ``operator`` under ``/v1``."""
    routes = _Routes(operator)
    return Starlette(
        routes=[
            Route("/v1/version", answer(lambda _: operator.version())),
            Route("/v1/snapshot", answer(lambda _: operator.snapshot())),
            Route("/v1/services", answer(lambda _: operator.services())),
            Route("/v1/services/{name}", answer(lambda request: operator.service(name(request)))),
            Route("/v1/services/{name}/why", routes.why),
            Route("/v1/services/{name}/env", answer(lambda request: operator.env(name(request)))),
            Route("/v1/graph", routes.graph),
            Route("/v1/edges", routes.edges),
            Route("/v1/topics", routes.topics),
            Route("/v1/databases", routes.databases),
            Route("/v1/topics/publish", routes.publish, methods=["POST"]),
            Route("/v1/traffic", routes.exchanges),
            Route("/v1/traffic/stream", routes.traffic),
            Route("/v1/processes", answer(lambda _: operator.processes())),
            Route("/v1/events", routes.events),
            Route("/v1/up", routes.up, methods=["POST"]),
            Route("/v1/plan", routes.plan, methods=["POST"]),
            Route("/v1/services/start", routes.start, methods=["POST"]),
            Route("/v1/services/stop", routes.stop, methods=["POST"]),
            Route("/v1/services/restart", routes.restart, methods=["POST"]),
            Route("/v1/services/{name}/scale", routes.scale, methods=["POST"]),
            Route("/v1/services/{name}/swap", routes.swap, methods=["POST"]),
            Route("/v1/shutdown", routes.shutdown, methods=["POST"]),
            Route("/v1/lease", _Lease(operator)),
            Route("/v1/lease/release", routes.release, methods=["POST"]),
            *fault_routes(lambda: operator.faults),
            *recording_routes(lambda: operator.recordings),
            Route("/v1/openapi.json", answer(lambda _: openapi_document())),
        ],
        exception_handlers={MeshdevError: _problem, 404: _not_found, Exception: _defect},
    )


class _Routes:
    """Handlers that read a body or stream an answer."""

    def __init__(self, operator: Operator) -> None:
        self._operator = operator

    async def up(self, request: Request) -> Response:
        return Json(await self._operator.up(await body(request, UpRequest), apply=True))

    async def plan(self, request: Request) -> Response:
        return Json(await self._operator.up(await body(request, UpRequest), apply=False))

    async def graph(self, request: Request) -> Response:
        await self._settled(request)
        return Json(self._operator.graph())

    async def edges(self, request: Request) -> Response:
        await self._settled(request)
        return Json(self._operator.edges())

    async def topics(self, request: Request) -> Response:
        await self._settled(request)
        return Json(self._operator.topics())

    async def databases(self, request: Request) -> Response:
        await self._settled(request)
        return Json(self._operator.databases())

    async def publish(self, request: Request) -> Response:
        return Json(await self._operator.publisher.publish(await body(request, PublishRequest)))

    async def exchanges(self, request: Request) -> Response:
        await self._settled(request)
        return Json(self._operator.traffic(number(request, "limit", 100)))

    async def _settled(self, request: Request) -> None:
        if "settled" in request.query_params:
            await self._operator.settled()

    async def why(self, request: Request) -> Response:
        return Json(await self._operator.why(name(request)))

    async def start(self, request: Request) -> Response:
        return Json(self._operator.start(await body(request, ServicesRequest)))

    async def stop(self, request: Request) -> Response:
        return Json(self._operator.stop(await body(request, ServicesRequest)))

    async def restart(self, request: Request) -> Response:
        return Json(self._operator.restart(await body(request, ServicesRequest)))

    async def scale(self, request: Request) -> Response:
        return Json(self._operator.scale(name(request), await body(request, ScaleRequest)))

    async def swap(self, request: Request) -> Response:
        return Json(await self._operator.swap(name(request), await body(request, SwapRequest)))

    async def shutdown(self, request: Request) -> Response:
        self._operator.shutdown(await body(request, ShutdownRequest))
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
        _server_sent(journal, number(request, "after", default)),
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
