"""Carts hold what was put in, at the price that was shown, however often it is put."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from carts.api import CartsApi
from carts.store import Carts
from shopkit.testing import Neighbour, served
from shopkit.web import application

MUG = {"sku": "mug", "name": "Mug", "price_cents": 1450}


@pytest.fixture
def catalog() -> Neighbour:
    """A catalog that sells mugs."""
    return Neighbour("catalog", {"GET /products/mug": (200, MUG)})


@pytest.fixture
async def client(tmp_path: Path, catalog: Neighbour) -> AsyncIterator[httpx.AsyncClient]:
    """The carts, served."""
    carts, callee = Carts(tmp_path / "carts.sqlite3"), catalog.callee()
    async with served(application(CartsApi(carts, callee).routes())) as client:
        yield client
    await callee.close()
    carts.close()


async def test_an_unknown_cart_is_empty(client: httpx.AsyncClient) -> None:
    """Nobody has to create a cart."""
    answer = await client.get("/carts/c1")
    assert (answer.status_code, answer.json()) == (200, {"id": "c1", "lines": [], "total_cents": 0})


async def test_putting_twice_is_putting_once(client: httpx.AsyncClient) -> None:
    """The quantity is set, not added."""
    for _ in range(2):
        answer = await client.put("/carts/c1/lines/mug", json={"quantity": 2})
    assert answer.json()["total_cents"] == 2900
    assert (await client.get("/carts/c2")).json()["lines"] == []


async def test_the_price_stays_that_of_the_first_look(client: httpx.AsyncClient, catalog: Neighbour) -> None:
    """The shopper pays what they saw."""
    await client.put("/carts/c1/lines/mug", json={"quantity": 1})
    catalog.answers = {"GET /products/mug": (200, MUG | {"price_cents": 9999})}
    answer = await client.put("/carts/c1/lines/mug", json={"quantity": 3})
    assert answer.json()["total_cents"] == 3 * 1450


async def test_removing_twice_is_removing_once(client: httpx.AsyncClient) -> None:
    """What isn't in can be taken out."""
    await client.put("/carts/c1/lines/mug", json={"quantity": 1})
    for _ in range(2):
        assert (await client.delete("/carts/c1/lines/mug")).json()["lines"] == []


async def test_without_the_catalog_an_existing_cart_still_works(
    client: httpx.AsyncClient, catalog: Neighbour
) -> None:
    """Only new products need it; its absence is told as what it is."""
    await client.put("/carts/c1/lines/mug", json={"quantity": 1})
    catalog.down = True
    assert (await client.put("/carts/c1/lines/mug", json={"quantity": 2})).status_code == 200
    answer = await client.put("/carts/c1/lines/lamp", json={"quantity": 1})
    assert (answer.status_code, answer.json()) == (503, {"error": "catalog: connection refused"})


async def test_nobody_can_buy_what_is_not_sold(client: httpx.AsyncClient) -> None:
    """The catalog's no becomes a 404."""
    assert (await client.put("/carts/c1/lines/unicorn", json={"quantity": 1})).status_code == 404


@pytest.mark.parametrize("body", [{"quantity": 0}, {"quantity": 100}, {"quantity": "two"}, {}])
async def test_impossible_quantities_are_refused(client: httpx.AsyncClient, body: dict[str, object]) -> None:
    """With 400, and nothing changes."""
    assert (await client.put("/carts/c1/lines/mug", json=body)).status_code == 400
    assert (await client.get("/carts/c1")).json()["lines"] == []
