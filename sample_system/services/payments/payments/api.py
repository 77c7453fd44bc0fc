"""Payments over HTTP.

``POST /charges`` with ``Idempotency-Key`` and ``{"amount_cents", "card"}``: 201 charged (200 when it was already),
402 declined, 409 voided before, 422 the key was used for something else · ``GET /charges/{key}`` ·
``POST /charges/{key}/void`` (idempotent) · ``GET /entries[?after=&limit=]``: the ledger
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

from payments.ledger import KeyReusedError, Ledger, Status
from payments.rules import Rules
from shopkit.database import location
from shopkit.web import application, number, read, reply


class ChargeBody(msgspec.Struct):
    """The body of a charge."""

    amount_cents: int
    card: str


class PaymentsApi:
    """Handlers over one ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def routes(self) -> list[Route]:
        """Where the handlers live."""
        return [
            Route("/charges", self.charge, methods=["POST"]),
            Route("/charges/{key}", self.show),
            Route("/charges/{key}/void", self.void, methods=["POST"]),
            Route("/entries", self.entries),
        ]

    async def charge(self, request: Request) -> Response:
        """Take the money, or repeat what was answered before."""
        key = request.headers.get("idempotency-key", "")
        if not key:
            raise HTTPException(400, "a charge needs an Idempotency-Key header")
        body = await read(request, ChargeBody)
        if body.amount_cents <= 0:
            raise HTTPException(400, f"amount_cents must be positive, got {body.amount_cents}")
        try:
            charge, fresh = self._ledger.charge(key, body.amount_cents, body.card)
        except KeyReusedError as error:
            raise HTTPException(422, f"the key {key!r} was used for another charge") from error
        status = {Status.DECLINED: 402, Status.VOIDED: 409}.get(charge.status, 201 if fresh else 200)
        return reply(charge, status)

    async def show(self, request: Request) -> Response:
        """What became of a key."""
        key = request.path_params["key"]
        charge = self._ledger.find(key)
        if charge is None:
            raise HTTPException(404, f"no charge {key!r}")
        return reply(charge)

    async def void(self, request: Request) -> Response:
        """Refund the key's charge, or keep it from being charged."""
        return reply(self._ledger.void(request.path_params["key"]))

    async def entries(self, request: Request) -> Response:
        """The ledger's entries after a position."""
        after, limit = number(request, "after", 0, most=2**53), number(request, "limit", 1000, most=10_000)
        return reply({"entries": self._ledger.entries(after, limit)})


def build() -> Starlette:
    """The app over ``$DATABASE_URL``; ``$DECLINE_RATE`` (0 to 1) and ``$DECLINE_SEED`` set the bank's mood."""
    rules = Rules(float(os.environ.get("DECLINE_RATE", "0")), os.environ.get("DECLINE_SEED", "shop"))
    ledger = Ledger(location("payments"), rules)

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        yield
        ledger.close()

    return application(PaymentsApi(ledger).routes(), lifespan=lifespan)
