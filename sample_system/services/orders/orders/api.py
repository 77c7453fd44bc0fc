"""Orders over HTTP.

``POST /orders`` ``{"cart_id", "shopper", "card"}``: 201 placed (200 when this cart was ordered before), 409 the
cart is empty, 503 carts gave no answer · ``GET /orders[?limit=]`` the newest · ``GET /orders/{id}`` ·
``GET /orders/{id}/events`` · ``GET /events[?after=&limit=]``: the feed of everything that ever happened
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from orders.desk import Desk, order_id
from orders.event_store import ConflictError, EventStore
from orders.order import Line, Order
from orders.runner import Runner
from shopkit.background import running
from shopkit.broker import Broker
from shopkit.calls import Callee, CalleeError, place
from shopkit.database import location
from shopkit.outbox import Relay, waiting
from shopkit.web import application, number, read, reply


class PlaceBody(msgspec.Struct):
    """Which cart, for whom, paid with what."""

    cart_id: str
    shopper: str
    card: str


class CartAnswer(msgspec.Struct):
    """What this service needs of a cart."""

    lines: list[Line]


class OrdersApi:
    """Handlers over the desk, the store and the carts."""

    def __init__(self, store: EventStore, desk: Desk, runner: Runner, carts: Callee) -> None:
        self._store = store
        self._desk = desk
        self._runner = runner
        self._carts = carts

    def routes(self) -> list[Route]:
        """Where the handlers live."""
        return [
            Route("/orders", self.place, methods=["POST"]),
            Route("/orders", self.newest),
            Route("/orders/{order}", self.show),
            Route("/orders/{order}/events", self.events),
            Route("/events", self.feed),
        ]

    async def place(self, request: Request) -> Response:
        """Take an order. The answer means: it is on disk and will be carried through."""
        body = await read(request, PlaceBody)
        known = self._desk.find(order_id(body.cart_id))
        if known is not None:
            return self._answer(known)
        lines = await self._lines(body.cart_id)
        try:
            order = self._desk.place(body.cart_id, body.shopper, body.card, lines)
        except ConflictError:
            return self._answer(self._existing(order_id(body.cart_id)))
        self._runner.nudge()
        return self._answer(order, 201)

    async def show(self, request: Request) -> Response:
        """The order as it stands, with what it is waiting for."""
        return self._answer(self._existing(request.path_params["order"]))

    async def newest(self, request: Request) -> Response:
        """The newest orders."""
        found = map(self._desk.find, self._store.newest(number(request, "limit", 50, most=100_000)))
        return reply({"orders": [self._view(order) for order in found if order is not None]})

    async def events(self, request: Request) -> Response:
        """The order's events: all that is known about it."""
        events = self._store.load(request.path_params["order"])
        if not events:
            raise HTTPException(404, "no such order")
        return reply({"events": events})

    async def feed(self, request: Request) -> Response:
        """Events of all orders, in the order in which they happened."""
        after, limit = number(request, "after", 0, most=2**53), number(request, "limit", 500, most=5000)
        events, last = self._store.feed(after, limit)
        return reply(
            {"events": [{"position": position, "event": event} for position, event in events], "last": last}
        )

    async def _lines(self, cart_id: str) -> list[Line]:
        try:
            answer = await self._carts.get(place("carts", cart_id))
            cart = msgspec.json.decode(answer.content, type=CartAnswer)
        except CalleeError as error:
            raise HTTPException(503, str(error)) from error
        except msgspec.MsgspecError as error:
            raise HTTPException(502, f"carts: {error}") from error
        if not cart.lines:
            raise HTTPException(409, "the cart is empty")
        return cart.lines

    def _existing(self, order: str) -> Order:
        found = self._desk.find(order)
        if found is None:
            raise HTTPException(404, f"no order {order!r}")
        return found

    def _answer(self, order: Order, status: int = 200) -> Response:
        return reply(self._view(order), status)

    def _view(self, order: Order) -> dict[str, object]:
        return {**msgspec.structs.asdict(order), "waiting": self._runner.waiting(order.id)}


def build() -> Starlette:
    """The app; ``$PATIENCE_SECONDS`` is how long a step that may be given up is tried."""
    path = location("orders")
    store, broker = EventStore(path), Broker("orders")
    relay = Relay(store.database, broker, path.with_suffix(".relay.lease"))
    desk = Desk(store, relay)
    patience = float(os.environ.get("PATIENCE_SECONDS", "10"))
    neighbours = ("carts", "inventory", "payments", "shipping")
    callees = {service: Callee(service, timeout=min(3.0, patience)) for service in neighbours}
    runner = Runner(store, desk, callees, patience)

    async def drive() -> None:
        await runner.run(path.with_suffix(".saga.lease"))

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        async with running(relay=relay.run, saga=drive):
            yield
        for callee in callees.values():
            await callee.close()
        store.close()

    def health() -> dict[str, object]:
        return {"broker": broker.state, "outbox": waiting(store.database), "open": len(store.open_streams())}

    return application(
        OrdersApi(store, desk, runner, callees["carts"]).routes(), lifespan=lifespan, health=health
    )
