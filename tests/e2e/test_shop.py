"""The shop as its users have it: `meshdev up`, a checkout, anything killed at any moment, `meshdev down`.

``SHOP_CHAOS_SECONDS`` sets how long the killing goes on (default 6), ``SHOP_CHAOS_SEED`` what is killed and bought.
"""

import os
import random
import signal
import socket
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from support_product import Product, eventually
from support_shop import Customers, audit, settle
from support_shop_processes import PARTS
from support_shop_product import Shop, shop_up

SECONDS = float(os.environ.get("SHOP_CHAOS_SECONDS", "6"))
SEED = int(os.environ.get("SHOP_CHAOS_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
# A service that ends five times within ten seconds is given up, as it should be; the killer stays below that.
MOST_KILLS, WINDOW = 3, 10.0

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(SECONDS + 150)]


@pytest.fixture
def shop(product: Product, free_port: int) -> Iterator[Shop]:
    """The repository's own shop, up and healthy."""
    shop_up(product, free_port)
    yield Shop(product, free_port)
    product.run("down", check=None, timeout=90)


def test_a_checkout_reaches_the_order_history_and_down_leaves_nothing(shop: Shop) -> None:
    """Two commands: `up` until it is healthy, `down` until no process, port or socket of it is there."""
    with httpx.Client(base_url=shop.storefront, timeout=10.0) as browser:
        order = Customers(shop.storefront, seed=0).buy(browser, ["mug-tide", "note-grid"], "card-4242")
        assert order is not None
        eventually(
            lambda: order in browser.get("/orders").text and "delivered" in browser.get("/orders").text
        )
    ports = {one.port for view in shop.views().values() for one in view.instances if one.port}
    ports.add(int(shop.storefront.rpartition(":")[2]))
    pids = {pid for found in shop.pids().values() for pid in found}
    lock = shop.product.lock()
    assert len(pids) == len(PARTS) + 1  # and the broker

    shop.product.run("down", timeout=60)

    assert marked(lock["run_id"]) == set()
    assert shop.product.survivors() == set()
    assert [port for port in sorted(ports) if accepts(port)] == []
    assert not Path(lock["socket"]).exists()
    assert "nothing runs" in shop.product.run("status", check=3).stderr


def test_no_order_is_lost_or_charged_twice(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    """`kill -9` of any instance at any moment, the broker's too: meshdev brings it back, and the books agree."""
    customers = Customers(shop.storefront, SEED)
    with customers.shopping(people=3):
        killed = havoc(shop, random.Random(SEED), SECONDS)
        eventually(shop.is_whole, 60, lambda: str({name: view.why for name, view in shop.views().items()}))
    books = settle(shop.urls())
    history = shop.urls()["order-history"]
    rebuilt = httpx.post(f"{history}/rebuild", timeout=60).raise_for_status().json()

    restarts = {name: view.restarts for name, view in shop.views().items()}
    # Seen once on an overloaded machine, for four services, and not understood: hence shown, and not an error.
    unasked = {name: count - killed[name] for name, count in restarts.items() if count > killed[name]}

    with capsys.disabled():
        print(  # noqa: T201 -- a run of its own (SHOP_CHAOS_SECONDS=60) is read by a person
            f"\nseed {SEED}: {killed.total()} kills {dict(killed)}, {len(customers.acknowledged)} orders"
            f" acknowledged, {len(books.completed)} completed, customers saw {dict(customers.failures)},"
            f" restarts beyond the kills: {unasked}"
        )
    problems = audit(books, customers.acknowledged)
    assert not problems, f"SHOP_CHAOS_SEED={SEED}"
    assert books.summary == rebuilt
    assert killed
    assert books.completed
    assert {name: count for name, count in killed.items() if restarts[name] < count} == {}


def havoc(shop: Shop, chance: random.Random, seconds: float) -> Counter[str]:
    """Kill one or two instances at a time; returns how often each service was hit."""
    killed: Counter[str] = Counter()
    lately: dict[str, deque[float]] = {name: deque(maxlen=MOST_KILLS) for name in shop.pids()}
    end = time.monotonic() + seconds
    while (now := time.monotonic()) < end:
        spared = {name for name, at in lately.items() if len(at) == MOST_KILLS and now - at[0] < WINDOW}
        pids = shop.pids()
        candidates = sorted(name for name, found in pids.items() if found and name not in spared)
        for name in chance.sample(candidates, k=min(len(candidates), chance.choice((1, 1, 1, 2)))):
            if kill(pids[name]):
                killed[name] += 1
                lately[name].append(now)
                away = gone(pids[name][0])
                eventually(away)  # so that nobody is hit twice by one blow
        # Sometimes the next blow falls before this one is digested.
        time.sleep(chance.choice((0.0, chance.uniform(0.0, 0.3), chance.uniform(0.3, 1.2))))
    return killed


def kill(pids: Iterable[int]) -> bool:
    """SIGKILL to the first of them; whether it was there."""
    with suppress(ProcessLookupError, StopIteration):
        os.kill(next(iter(pids)), signal.SIGKILL)
        return True
    return False


def gone(pid: int) -> Callable[[], bool]:
    """Whether the process has been reaped."""
    return lambda: not Path(f"/proc/{pid}").exists()


def marked(run_id: str) -> set[int]:
    """Live processes that bear the run's mark in their environment."""
    wanted = f"MESHDEV_RUN={run_id}\0".encode()
    found = set()
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdigit() and wanted in (entry / "environ").read_bytes():
                found.add(int(entry.name))
    return found


def accepts(port: int) -> bool:
    """Whether somebody listens there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
