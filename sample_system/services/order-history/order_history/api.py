"""Order history over HTTP.

``GET /orders[?shopper=&limit=]`` · ``GET /orders/{id}`` · ``GET /summary`` · ``POST /rebuild`` (answers when the
rebuilt model is in place)
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from order_history.history import History
from order_history.replay import Replay
from shopkit.background import running
from shopkit.broker import Broker
from shopkit.database import location
from shopkit.demonstration import idempotent
from shopkit.web import application, number, reply

_REBUILD_SECONDS = 30.0


class HistoryApi:
    """Handlers over one history."""

    def __init__(self, history: History, broker: Broker) -> None:
        self._history = history
        self._broker = broker
        self._replay = Replay(history, broker)
        self.follow = self._replay.follow

    def routes(self) -> list[Route]:
        """Where the handlers live."""
        return [
            Route("/orders", self.orders),
            Route("/orders/{order}", self.one),
            Route("/summary", self.summary),
            Route("/rebuild", self.rebuild, methods=["POST"]),
        ]

    async def orders(self, request: Request) -> Response:
        """The newest orders."""
        limit = number(request, "limit", 50, most=100_000)
        return reply({"orders": self._history.orders(request.query_params.get("shopper"), limit)})

    async def one(self, request: Request) -> Response:
        """One order."""
        order = self._history.one(request.path_params["order"])
        if order is None:
            raise HTTPException(404, "no such order in the history (yet)")
        return reply(order)

    async def summary(self, _: Request) -> Response:
        """Counts and the digest of the model."""
        return reply(self._history.summary())

    async def rebuild(self, _: Request) -> Response:
        """Build the model again from the first event."""
        try:
            async with asyncio.timeout(_REBUILD_SECONDS):
                return reply(await self._replay.rebuild())
        except TimeoutError as error:
            raise HTTPException(
                503, f"nothing was changed, the broker is away: {self._broker.state}"
            ) from error


def build() -> Starlette:
    """The app over ``$DATABASE_URL`` and ``$EVENTS_URL``."""
    history, broker = History(location("order-history"), idempotent=idempotent()), Broker("order-history")
    api = HistoryApi(history, broker)

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        async with running(follower=api.follow):
            yield
        history.close()

    return application(api.routes(), lifespan=lifespan, health=lambda: {"broker": broker.state})
