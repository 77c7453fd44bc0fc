"""The crowd's front: ``GET /stats``. ``$SHOPPERS_RATE`` pages a second (0: off), ``$SHOPPERS_SEED`` who buys what."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shopkit.background import running
from shopkit.web import application, reply
from shoppers.crowd import Crowd


def build() -> Starlette:
    """The app; ``$STOREFRONT_URL`` is where the crowd goes."""
    crowd = Crowd(
        os.environ["STOREFRONT_URL"],
        rate=float(os.environ.get("SHOPPERS_RATE", "2")),
        seed=int(os.environ.get("SHOPPERS_SEED", "1")),
    )

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        async with running(crowd=crowd.run):
            yield

    async def stats(_: Request) -> Response:
        return reply(dict(crowd.stats))

    return application([Route("/stats", stats)], lifespan=lifespan)
