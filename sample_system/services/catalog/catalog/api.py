"""The catalog over HTTP.

``GET /products[?category=]`` · ``GET /products/{sku}``
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from catalog.store import Products
from shopkit.database import location
from shopkit.web import application, reply


def build() -> Starlette:
    """The app over the database at ``$DATABASE_URL``."""
    products = Products(location("catalog"))

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        yield
        products.close()

    async def every(request: Request) -> Response:
        return reply({"products": products.all(request.query_params.get("category"))})

    async def one(request: Request) -> Response:
        sku = request.path_params["sku"]
        product = products.one(sku)
        if product is None:
            raise HTTPException(404, f"no product {sku!r}")
        return reply(product)

    return application([Route("/products", every), Route("/products/{sku}", one)], lifespan=lifespan)
