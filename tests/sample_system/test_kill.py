"""`kill -9` of anything at any moment: no order is lost, none is charged twice.

``SHOP_CHAOS_SECONDS`` sets how long (default 6), ``SHOP_CHAOS_SEED`` what is killed and what is bought.
"""

import os
import random
import time
from pathlib import Path

import httpx
import pytest

from support_shop import Customers, audit, settle
from support_shop_processes import BROKER, PARTS, ShopProcesses, running_shop

SECONDS = float(os.environ.get("SHOP_CHAOS_SECONDS", "6"))
SEED = int(os.environ.get("SHOP_CHAOS_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)


def havoc(shop: ShopProcesses, chance: random.Random, seconds: float) -> list[str]:
    """Kill one or two parts at a time, start them again at once or after a moment; returns who was killed.

    Now and then somebody is only frozen, for longer than an order's patience: what was sent to them comes late.
    """
    killed: list[str] = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if chance.random() < 0.15:
            sleeper = chance.choice(("inventory", "payments", "orders"))
            shop.freeze(sleeper)
            time.sleep(chance.uniform(0.5, 3.0))
            shop.thaw(sleeper)
        victims = chance.sample((*PARTS, BROKER), k=chance.choice((1, 1, 1, 2)))
        for victim in victims:
            shop.kill(victim)
        killed += victims
        time.sleep(chance.choice((0.0, 0.0, chance.uniform(0.0, 0.8))))
        shop.start(*victims)
        # Sometimes the next blow falls before this one is digested.
        if chance.random() < 0.7:
            shop.wait_until_ready(*victims)
        time.sleep(chance.uniform(0.0, 0.4))
    return killed


@pytest.mark.timeout(SECONDS + 110)
def test_no_order_is_lost_or_charged_twice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever is killed whenever, in the end the books of all services agree."""
    with running_shop(tmp_path, {"orders": {"PATIENCE_SECONDS": "0.5"}}) as shop:
        customers = Customers(shop.urls["storefront"], SEED)
        with customers.shopping(people=3):
            killed = havoc(shop, random.Random(SEED), SECONDS)
            shop.wait_until_ready()
        books = settle(shop.urls)
        rebuilt = httpx.post(f"{shop.urls['order-history']}/rebuild", timeout=60).raise_for_status().json()

    with capsys.disabled():
        print(  # noqa: T201 a run of its own (SHOP_CHAOS_SECONDS=60) is read by a person
            f"\nseed {SEED}: {len(killed)} kills, {len(customers.acknowledged)} orders acknowledged,"
            f" {len(books.completed)} completed, customers saw {dict(customers.failures)}"
        )
    problems = audit(books, customers.acknowledged)
    assert not problems, f"SHOP_CHAOS_SEED={SEED}"
    assert books.summary == rebuilt
    assert killed
    assert books.completed
