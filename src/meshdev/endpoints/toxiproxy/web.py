"""The calls as an ASGI application. Browsers are turned away, as the original does: a web page shall steer nothing."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus

import msgspec
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from meshdev.endpoints.toxiproxy.core import Toxiproxy
from meshdev.endpoints.toxiproxy.decoding import ApiError

SPOKEN = "2.12.0"
"""The version of the original whose API this is."""

Handler = Callable[[Request], Awaitable[Response]]
_CHANGE = ["POST", "PATCH"]


def toxiproxy_app(core: Toxiproxy, version: str) -> Starlette:
    """The API; ``version`` is meshdev's."""
    calls = _Calls(core, f"{SPOKEN}+meshdev.{version}")
    one, toxics = "/proxies/{proxy}", "/proxies/{proxy}/toxics"
    routes = [
        Route("/version", calls.version),
        Route("/reset", calls.reset, methods=["POST"]),
        Route("/populate", calls.populate, methods=["POST"]),
        Route("/proxies", calls.index),
        Route("/proxies", calls.create, methods=["POST"]),
        Route(one, calls.show),
        Route(one, calls.update, methods=_CHANGE),
        Route(one, calls.delete, methods=["DELETE"]),
        Route(toxics, calls.toxics),
        Route(toxics, calls.add_toxic, methods=["POST"]),
        Route(f"{toxics}/{{toxic}}", calls.toxic),
        Route(f"{toxics}/{{toxic}}", calls.update_toxic, methods=_CHANGE),
        Route(f"{toxics}/{{toxic}}", calls.remove_toxic, methods=["DELETE"]),
    ]
    app = Starlette(
        routes=routes, middleware=[Middleware(_NoBrowsers)], exception_handlers={ApiError: _api_error}
    )
    app.router.redirect_slashes = False
    return app


class _NoBrowsers:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            agents = [value for name, value in scope["headers"] if name == b"user-agent"]
            if any(agent.startswith(b"Mozilla/") for agent in agents):
                await PlainTextResponse("User agent not allowed\n", 403)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _api_error(_: Request, error: Exception) -> Response:
    if not isinstance(error, ApiError):
        raise error
    return _json({"error": error.message, "status": error.status}, error.status)


def _json(content: object, status: int = HTTPStatus.OK) -> Response:
    return Response(msgspec.json.encode(content) + b"\n", status, media_type="application/json")


class _Calls:
    """Each reads its body first, and then has the API to itself."""

    def __init__(self, core: Toxiproxy, version: str) -> None:
        self._core = core
        self._version = version

    async def version(self, _: Request) -> Response:
        return _json({"version": self._version})

    async def index(self, _: Request) -> Response:
        async with self._core.turn:
            return _json(await self._core.index())

    async def create(self, request: Request) -> Response:
        body = await request.body()
        async with self._core.turn:
            return _json(await self._core.create(body), HTTPStatus.CREATED)

    async def show(self, request: Request) -> Response:
        async with self._core.turn:
            return _json(await self._core.show(_named(request)))

    async def update(self, request: Request) -> Response:
        body = await request.body()
        async with self._core.turn:
            return _json(await self._core.update(_named(request), body))

    async def delete(self, request: Request) -> Response:
        async with self._core.turn:
            await self._core.delete(_named(request))
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def populate(self, request: Request) -> Response:
        body = await request.body()
        async with self._core.turn:
            content, status = await self._core.populate(body)
        return _json(content, status)

    async def reset(self, _: Request) -> Response:
        async with self._core.turn:
            await self._core.reset()
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def toxics(self, request: Request) -> Response:
        async with self._core.turn:
            return _json(await self._core.toxics(_named(request)))

    async def add_toxic(self, request: Request) -> Response:
        body = await request.body()
        async with self._core.turn:
            return _json(await self._core.add_toxic(_named(request), body))

    async def toxic(self, request: Request) -> Response:
        async with self._core.turn:
            return _json(await self._core.toxic(_named(request), _named(request, "toxic")))

    async def update_toxic(self, request: Request) -> Response:
        body = await request.body()
        async with self._core.turn:
            return _json(await self._core.update_toxic(_named(request), _named(request, "toxic"), body))

    async def remove_toxic(self, request: Request) -> Response:
        async with self._core.turn:
            await self._core.remove_toxic(_named(request), _named(request, "toxic"))
        return Response(status_code=HTTPStatus.NO_CONTENT)


def _named(request: Request, what: str = "proxy") -> str:
    found: str = request.path_params[what]
    return found
