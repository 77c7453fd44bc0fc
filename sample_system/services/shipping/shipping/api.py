"""Shipping over HTTP.

``PUT /shipments/{order}`` ``{"shopper"}``: 201 created (200 when it was there) · ``GET /shipments/{order}`` ·
``GET /shipments[?limit=]``
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shipping.shipments import Shipments
from shopkit.background import running
from shopkit.broker import Broker
from shopkit.database import location
from shopkit.outbox import Relay, waiting
from shopkit.web import application, number, read, reply

_LOOK_SECONDS = 0.5


class ShipmentBody(msgspec.Struct):
    """Whom the parcel is for, and what is in it."""

    shopper: str
    lines: dict[str, int]


class ShippingApi:
    """Handlers over the parcels."""

    def __init__(self, shipments: Shipments) -> None:
        self._shipments = shipments

    def routes(self) -> list[Route]:
        """Where the handlers live."""
        return [
            Route("/shipments", self.newest),
            Route("/shipments/{order}", self.create, methods=["PUT"]),
            Route("/shipments/{order}", self.show),
        ]

    async def create(self, request: Request) -> Response:
        """Pack a parcel, once per order."""
        body = await read(request, ShipmentBody)
        shipment, fresh = self._shipments.create(request.path_params["order"], body.shopper)
        return reply(shipment, 201 if fresh else 200)

    async def show(self, request: Request) -> Response:
        """Where the parcel is."""
        shipment = self._shipments.find(request.path_params["order"])
        if shipment is None:
            raise HTTPException(404, "no such shipment")
        return reply(shipment)

    async def newest(self, request: Request) -> Response:
        """The newest parcels."""
        return reply({"shipments": self._shipments.all(number(request, "limit", 100, most=100_000))})


def build() -> Starlette:
    """The app; ``$STEP_SECONDS`` is how long a parcel takes from packing to the van, and from there to the door."""
    path = location("shipping")
    shipments, broker = Shipments(path, float(os.environ.get("STEP_SECONDS", "8"))), Broker("shipping")
    relay = Relay(shipments.database, broker, path.with_suffix(".relay.lease"))

    async def move() -> None:
        while True:
            if shipments.move():
                relay.nudge()
            await asyncio.sleep(_LOOK_SECONDS)

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        async with running(relay=relay.run, van=move):
            yield
        shipments.close()

    def health() -> dict[str, object]:
        return {"broker": broker.state, "outbox": waiting(shipments.database)}

    return application(ShippingApi(shipments).routes(), lifespan=lifespan, health=health)
