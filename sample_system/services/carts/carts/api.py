"""Carts over HTTP.

``GET /carts/{id}`` · ``PUT /carts/{id}/lines/{sku}`` ``{"quantity": n}`` · ``DELETE /carts/{id}/lines/{sku}``

Quantities are set, not added, so that a repeated call does no harm. The catalog is asked for name and price when
a product goes in; a cart that exists can be read and changed while the catalog is down.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from carts.store import Carts, Line
from shopkit.calls import Callee, CalleeError, place
from shopkit.database import location
from shopkit.web import application, read, reply

_NOT_FOUND = 404
_MOST = 99


class Quantity(msgspec.Struct):
    """The body of a PUT."""

    quantity: int


class CartsApi:
    """Handlers over one store and the catalog."""

    def __init__(self, carts: Carts, catalog: Callee) -> None:
        self._carts = carts
        self._catalog = catalog

    def routes(self) -> list[Route]:
        """Where the handlers live."""
        return [
            Route("/carts/{cart}", self.show),
            Route("/carts/{cart}/lines/{sku}", self.put, methods=["PUT"]),
            Route("/carts/{cart}/lines/{sku}", self.remove, methods=["DELETE"]),
        ]

    async def show(self, request: Request) -> Response:
        """The cart as it is."""
        return self._cart(request.path_params["cart"])

    async def put(self, request: Request) -> Response:
        """Set the quantity of a product."""
        cart_id, sku = request.path_params["cart"], request.path_params["sku"]
        quantity = (await read(request, Quantity)).quantity
        if not 1 <= quantity <= _MOST:
            raise HTTPException(400, f"quantity must be 1 to {_MOST}, got {quantity}")
        known = next((line for line in self._carts.lines(cart_id) if line.sku == sku), None)
        line = known or await self._priced(sku)
        self._carts.put(cart_id, msgspec.structs.replace(line, quantity=quantity))
        return self._cart(cart_id)

    async def remove(self, request: Request) -> Response:
        """Take a product out."""
        self._carts.remove(request.path_params["cart"], request.path_params["sku"])
        return self._cart(request.path_params["cart"])

    async def _priced(self, sku: str) -> Line:
        try:
            answer = await self._catalog.get(place("products", sku))
        except CalleeError as error:
            raise HTTPException(503, str(error)) from error
        if answer.status_code == _NOT_FOUND:
            raise HTTPException(404, f"the catalog has no product {sku!r}")
        product = answer.json()
        return Line(sku, product["name"], product["price_cents"], 1)

    def _cart(self, cart_id: str) -> Response:
        lines = self._carts.lines(cart_id)
        total = sum(line.unit_price_cents * line.quantity for line in lines)
        return reply({"id": cart_id, "lines": lines, "total_cents": total})


def build() -> Starlette:
    """The app over ``$DATABASE_URL`` and ``$CATALOG_URL``."""
    carts, catalog = Carts(location("carts")), Callee("catalog")

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        yield
        await catalog.close()
        carts.close()

    return application(CartsApi(carts, catalog).routes(), lifespan=lifespan)
