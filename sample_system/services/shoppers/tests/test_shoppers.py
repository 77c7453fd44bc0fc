"""The crowd does what its seed says, at the pace it is given, and survives a storefront in trouble."""

import asyncio
import random

import httpx
import pytest

from shopkit.background import running
from shopkit.testing import served
from shoppers.app import build
from shoppers.crowd import Crowd
from shoppers.plan import DECLINED_CARD, visit

SKUS = [f"sku-{n}" for n in range(12)]
SHELVES = "".join(f'<a href="/products/{sku}">' for sku in SKUS)


def test_the_same_seed_makes_the_same_choices() -> None:
    """About a third buys, some with a card that will be declined."""
    plans = [[visit(chance, SKUS) for _ in range(1200)] for chance in (random.Random(7), random.Random(7))]
    assert plans[0] == plans[1]
    assert 300 < sum(bool(plan.buys) for plan in plans[0]) < 540
    assert 50 < sum(plan.card == DECLINED_CARD for plan in plans[0]) < 150
    assert all(set(plan.buys) <= set(plan.looks) for plan in plans[0])


class Front:
    """A storefront, played: shelves, carts, and orders for everybody."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.down = False
        self.enough = asyncio.Event()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        self.lines.append(f"{request.method} {request.url.path}")
        if sum(line.startswith("GET /orders/") for line in self.lines) >= 2:
            self.enough.set()
        if self.down:
            self.down = False
            message = "refused"
            raise httpx.ConnectError(message)
        match request.method, request.url.path:
            case "GET", "/":
                return httpx.Response(200, text=SHELVES)
            case "POST", "/cart":
                return httpx.Response(303, headers={"location": "/cart"})
            case "POST", "/checkout":
                return httpx.Response(303, headers={"location": "/orders/ord-1"})
        return httpx.Response(200)


async def test_shoppers_walk_through_the_shop() -> None:
    """They browse, some buy, and one that meets a closed door doesn't end the crowd."""
    front = Front()
    front.down = True
    crowd = Crowd("http://front", rate=5000, seed=1, transport=httpx.MockTransport(front))
    async with asyncio.timeout(30), running(crowd=crowd.run):
        await front.enough.wait()
    assert crowd.stats["errors"] == 1
    assert crowd.stats["orders"] >= 2
    first = front.lines.index("POST /checkout")
    assert front.lines[first - 1] == "POST /cart"
    assert front.lines[first + 1] == "GET /orders/ord-1"


async def test_the_crowd_can_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """The service stays healthy and does nothing."""
    monkeypatch.setenv("STOREFRONT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("SHOPPERS_RATE", "0")
    async with asyncio.timeout(30), served(build()) as client:
        assert (await client.get("/healthz")).status_code == 200
        assert (await client.get("/stats")).json() == {}
