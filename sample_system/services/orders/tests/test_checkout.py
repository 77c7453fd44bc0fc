"""The orders service as a whole, its neighbours played: HTTP in, saga out, restarts in between."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from orders import runner
from orders.api import OrdersApi
from orders.desk import Desk
from orders.event_store import EventStore
from orders.runner import Runner
from shopkit.background import running
from shopkit.broker import Broker
from shopkit.outbox import Relay
from shopkit.testing import NOWHERE, Neighbour, served
from shopkit.web import application

CART = {"id": "c1", "lines": [{"sku": "mug", "name": "Mug", "unit_price_cents": 1450, "quantity": 2}]}
WISH = {"cart_id": "c1", "shopper": "ann", "card": "card-1"}
HELD = (200, {"status": "held", "expires_at": 1.0})


class World:
    """The service's neighbours, all friendly at first, and the place where it keeps its events."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.carts = Neighbour("carts", {"GET /carts/c1": (200, CART)})
        self.inventory = Neighbour("inventory", {"POST": (200, {"status": "released"}), "PUT": HELD})
        self.payments = Neighbour(
            "payments",
            {"POST /charges/": (200, {"status": "voided"}), "POST /charges": (201, {"status": "charged"})},
        )
        self.shipping = Neighbour("shipping", {"PUT": (201, {"tracking": "TRK1"})})

    @asynccontextmanager
    async def open(self, patience: float = 60.0) -> AsyncIterator[httpx.AsyncClient]:
        """One incarnation of the service."""
        store = EventStore(self.directory / "events.sqlite3")
        relay = Relay(store.database, Broker("orders", NOWHERE), self.directory / "relay.lease")
        desk = Desk(store, relay)
        neighbours = (self.carts, self.inventory, self.payments, self.shipping)
        callees = {neighbour.service: neighbour.callee() for neighbour in neighbours}
        saga = Runner(store, desk, callees, patience)

        async def drive() -> None:
            await saga.run(self.directory / "saga.lease")

        api = OrdersApi(store, desk, saga, callees["carts"])
        async with running(saga=drive), served(application(api.routes())) as client:
            yield client
        for callee in callees.values():
            await callee.close()
        store.close()


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world in a hurry."""
    monkeypatch.setattr(runner, "_FIRST_PAUSE", 0.01)
    monkeypatch.setattr(runner, "_LONGEST_PAUSE", 0.02)
    monkeypatch.setattr(runner, "_POLL_SECONDS", 0.02)
    return World(tmp_path)


async def until(client: httpx.AsyncClient, order: str, **wanted: object) -> dict[str, Any]:
    """The order, once its fields are as wanted."""
    async with asyncio.timeout(20):
        while True:
            found: dict[str, Any] = (await client.get(f"/orders/{order}")).json()
            if all(found[name] == value for name, value in wanted.items()):
                return found
            await asyncio.sleep(0.01)


async def test_an_order_goes_through(world: World) -> None:
    """Placed, then every step once, in order, and the feed tells the story."""
    async with world.open() as client:
        placed = await client.post("/orders", json=WISH)
        order = placed.json()["id"]
        done = await until(client, order, status="completed")
        feed = (await client.get("/events")).json()["events"]
    assert (placed.status_code, placed.json()["total_cents"], done["tracking"]) == (201, 2900, "TRK1")
    assert world.inventory.heard == [
        (f"PUT /reservations/{order}", {"lines": {"mug": 2}}),
        (f"POST /reservations/{order}/confirm", None),
    ]
    assert world.payments.heard == [("POST /charges", {"amount_cents": 2900, "card": "card-1"})]
    assert world.payments.asked[0].headers["idempotency-key"] == order
    assert [entry["event"]["type"] for entry in feed] == [
        "order.placed",
        "order.stock_reserved",
        "order.payment_charged",
        "order.stock_confirmed",
        "order.shipment_created",
        "order.completed",
    ]


async def test_the_saga_carries_the_checkouts_trace(world: World) -> None:
    """Every neighbour sees the trace of the request that placed the order."""
    async with world.open() as client:
        placed = await client.post(
            "/orders", json=WISH, headers={"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}
        )
        await until(client, placed.json()["id"], status="completed")
    for request in (*world.inventory.asked, *world.payments.asked, *world.shipping.asked):
        assert request.headers["traceparent"].split("-")[1] == "a" * 32


async def test_ordering_a_cart_twice_is_ordering_it_once(world: World) -> None:
    """201, then 200 with the same order; the carts may be away by then."""
    async with world.open() as client:
        first = await client.post("/orders", json=WISH)
        world.carts.down = True
        again = await client.post("/orders", json=WISH)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]


async def test_an_order_is_refused_when_there_is_nothing_to_order(world: World) -> None:
    """An empty cart, carts away, carts talking nonsense: told apart, and nothing is recorded."""
    async with world.open() as client:
        world.carts.answers = {"GET": (200, {"lines": []})}
        empty = await client.post("/orders", json=WISH)
        world.carts.answers = {"GET": (200, {"lines": "?"})}
        nonsense = await client.post("/orders", json=WISH)
        world.carts.down = True
        away = await client.post("/orders", json=WISH)
        orders = (await client.get("/orders")).json()["orders"]
    assert [answer.status_code for answer in (empty, nonsense, away)] == [409, 502, 503]
    assert away.json() == {"error": "carts: connection refused"}
    assert orders == []


async def test_a_declined_payment_frees_the_stock(world: World) -> None:
    """And the order says why."""
    world.payments.answers = {"POST": (402, {"status": "declined", "reason": "insufficient funds"})}
    async with world.open() as client:
        order = (await client.post("/orders", json=WISH)).json()["id"]
        ended = await until(client, order, status="cancelled")
    assert ended["reason"] == "payment declined: insufficient funds"
    assert world.inventory.heard[-1] == (f"POST /reservations/{order}/release", None)
    assert world.shipping.heard == []


async def test_an_order_says_what_it_waits_for(world: World) -> None:
    """Step, service, tries and the last error, while it is being tried."""
    world.payments.down = True
    async with world.open() as client:
        order = (await client.post("/orders", json=WISH)).json()["id"]
        async with asyncio.timeout(20):
            waiting: list[dict[str, Any]] = []
            while not waiting or waiting[0]["tries"] < 2:
                waiting = (await until(client, order, status="reserved"))["waiting"]
                await asyncio.sleep(0.01)
        assert (waiting[0]["step"], waiting[0]["error"]) == ("charge payment", "payments: connection refused")
        world.payments.down = False
        assert (await until(client, order, status="completed"))["waiting"] == []


async def test_when_payments_stays_away_the_order_ends_and_nothing_is_owed(world: World) -> None:
    """Stock is freed at once; the void waits for payments, because the lost charge may have gone through."""
    world.payments.down = True
    async with world.open(patience=0.05) as client:
        order = (await client.post("/orders", json=WISH)).json()["id"]
        waiting = await until(client, order, status="cancelling", release_due=False)
        assert waiting["void_due"]
        assert "payment could not be taken (payments: connection refused" in waiting["reason"]
        assert world.inventory.heard[-1] == (f"POST /reservations/{order}/release", None)
        world.payments.down = False
        await until(client, order, status="cancelled", void_due=False)
    assert world.payments.heard == [(f"POST /charges/{order}/void", None)]


async def test_the_next_incarnation_goes_on_where_the_facts_end(world: World) -> None:
    """Nothing that was done is done again under another key, nothing is forgotten."""
    world.payments.down = True
    async with world.open() as client:
        order = (await client.post("/orders", json=WISH)).json()["id"]
        await until(client, order, status="reserved")
    world.payments.down = False
    world.shipping.down = True
    async with world.open() as client:
        await until(client, order, status="confirmed")
    world.shipping.down = False
    async with world.open() as client:
        await until(client, order, status="completed")
    assert [line for line, _ in world.inventory.heard] == [
        f"PUT /reservations/{order}",
        f"POST /reservations/{order}/confirm",
    ]
    assert len(world.payments.heard) == 1


async def test_an_answer_that_makes_no_sense_is_no_answer(world: World) -> None:
    """The step is tried again until it does."""
    world.shipping.answers = {"PUT": (200, ["not", "a", "parcel"])}
    async with world.open() as client:
        order = (await client.post("/orders", json=WISH)).json()["id"]
        await until(client, order, status="confirmed")
        world.shipping.answers = {"PUT": (200, {"tracking": "TRK2"})}
        assert (await until(client, order, status="completed"))["tracking"] == "TRK2"


async def test_an_unknown_order_is_a_404(world: World) -> None:
    """With its events, too."""
    async with world.open() as client:
        assert (await client.get("/orders/ord-0")).status_code == 404
        assert (await client.get("/orders/ord-0/events")).status_code == 404
