"""Inventory over HTTP.

``GET /stock`` · ``GET /stock/{sku}`` · ``PUT /reservations/{order}`` ``{"lines": {sku: quantity}}``: 200 held,
409 refused or over · ``GET /reservations/{order}`` · ``POST /reservations/{order}/confirm``: 200, or 409 when there
is nothing left to confirm · ``POST /reservations/{order}/release`` (always 200)
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

from inventory.stock import Status, Stock
from inventory.supplier import Supplier
from shopkit.background import running
from shopkit.database import location
from shopkit.web import application, read, reply

_ALIVE = (Status.HELD, Status.CONFIRMED)


class ReservationBody(msgspec.Struct):
    """What an order needs."""

    lines: dict[str, int]


class InventoryApi:
    """Handlers over one stock."""

    def __init__(self, stock: Stock) -> None:
        self._stock = stock

    def routes(self) -> list[Route]:
        """Where the handlers live."""
        return [
            Route("/stock", self.levels),
            Route("/stock/{sku}", self.level),
            Route("/reservations/{order}", self.reserve, methods=["PUT"]),
            Route("/reservations/{order}", self.show),
            Route("/reservations/{order}/confirm", self.confirm, methods=["POST"]),
            Route("/reservations/{order}/release", self.release, methods=["POST"]),
        ]

    async def levels(self, _: Request) -> Response:
        """Every product's level."""
        return reply({"stock": self._stock.levels()})

    async def level(self, request: Request) -> Response:
        """One product's level."""
        sku = request.path_params["sku"]
        for level in self._stock.levels():
            if level.sku == sku:
                return reply(level)
        raise HTTPException(404, f"never had any {sku!r}")

    async def reserve(self, request: Request) -> Response:
        """Hold goods for an order."""
        body = await read(request, ReservationBody)
        if not body.lines or min(body.lines.values()) < 1:
            raise HTTPException(
                400, "lines must name at least one product, each with a quantity of 1 or more"
            )
        reservation = self._stock.reserve(request.path_params["order"], body.lines)
        return reply(reservation, 200 if reservation.status in _ALIVE else 409)

    async def show(self, request: Request) -> Response:
        """The reservation as it stands."""
        reservation = self._stock.find(request.path_params["order"])
        if reservation is None:
            raise HTTPException(404, "no such reservation")
        return reply(reservation)

    async def confirm(self, request: Request) -> Response:
        """Hand the goods over."""
        reservation = self._stock.confirm(request.path_params["order"])
        if reservation is None:
            raise HTTPException(404, "no such reservation")
        return reply(reservation, 200 if reservation.status is Status.CONFIRMED else 409)

    async def release(self, request: Request) -> Response:
        """Free the goods, and keep a late reservation of the same order from holding any."""
        return reply(self._stock.release(request.path_params["order"]))


def build() -> Starlette:
    """The app over ``$DATABASE_URL``; ``$HOLD_SECONDS`` and ``$SUPPLY_SECONDS`` set its clocks."""
    stock = Stock(location("inventory"), float(os.environ.get("HOLD_SECONDS", "60")))
    supplier = Supplier(stock, float(os.environ.get("SUPPLY_SECONDS", "5")))
    if not stock.levels():
        supplier.fill()

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        async with running(supplier=supplier.run):
            yield
        stock.close()

    return application(InventoryApi(stock).routes(), lifespan=lifespan)
