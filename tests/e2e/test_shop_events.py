"""Events of the shop that come twice and out of order: it stays right; where it would not, an experiment finds it."""

import json

import pytest

from support_product import Product, eventually
from support_shop import Customers, audit, settle
from support_shop_product import Shop, shop_up

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

HOLDS, DEVIATED = 0, 1


def test_the_shop_stays_right(product: Product, free_port: int) -> None:
    """While people shop, deliveries are doubled and swapped; afterwards every book agrees."""
    shop_up(product, free_port)
    shop = Shop(product, free_port)
    product.run("fault", "on", "duplicated-events")
    customers = Customers(shop.storefront, seed=3)
    with customers.shopping(3):
        eventually(lambda: len(customers.acknowledged) >= 15, 60)
    books = settle(shop.urls())
    assert audit(books, customers.acknowledged) == []
    (fault,) = [view for view in json.loads(product.run("fault", "list", "--json").stdout) if view["on"]]
    hits = {part["kind"]: part["hits"] for part in fault["parts"]}
    assert hits["duplicate"] > 10
    assert hits["reorder"] > 10


@pytest.mark.parametrize(("idempotency", "code"), [("on", HOLDS), ("off", DEVIATED)])
def test_the_experiment(product: Product, free_port: int, idempotency: str, code: int) -> None:
    """It holds; with consumers that take every delivery at its word it does not, and says why."""
    product.environ["IDEMPOTENCY"] = idempotency
    shop_up(product, free_port)
    done = product.run("chaos", "run", "duplicated-events", "--json", check=code, timeout=120)
    report = json.loads(done.stdout)
    assert report["actions"][0]["hits"] > 10
    if code == DEVIATED:
        assert report["broke"] is not None
        assert any("409" in json.dumps(check) for check in report["checks"])
