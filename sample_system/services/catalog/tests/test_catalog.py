"""The catalog sells what its seed file says."""

import json
from pathlib import Path

from catalog.api import build
from catalog.store import Products
from shopkit.testing import served


async def test_products_are_listed_and_found() -> None:
    """All of them, those of a category, or one."""
    async with served(build()) as client:
        every = (await client.get("/products")).json()["products"]
        kitchen = (await client.get("/products?category=kitchen")).json()["products"]
        mug = (await client.get("/products/mug-tide")).json()
    assert len(every) == 12
    assert {product["category"] for product in kitchen} == {"kitchen"}
    assert mug == next(product for product in every if product["sku"] == "mug-tide")
    assert mug["price_cents"] == 1450


async def test_an_unknown_product_is_a_404() -> None:
    """The answer names it."""
    async with served(build()) as client:
        answer = await client.get("/products/unicorn")
    assert (answer.status_code, answer.json()) == (404, {"error": "no product 'unicorn'"})


def test_an_edited_seed_shows_after_a_restart(tmp_path: Path) -> None:
    """The file is the truth; the table is only a copy."""
    seed = tmp_path / "products.json"
    product = {
        "sku": "a",
        "name": "A",
        "category": "c",
        "price_cents": 5,
        "drawing": "mug",
        "hue": 1,
        "description": "",
    }
    for price in (5, 7):
        seed.write_text(json.dumps([product | {"price_cents": price}]), encoding="utf-8")
        products = Products(tmp_path / "d.sqlite3", seed)
        assert [found["price_cents"] for found in products.all()] == [price]
        products.close()
