"""The repository's own shop in containers, and half of it: same checkout, same edges, a reload that nobody notices."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from support_docker import Leftovers, shop_base
from support_product import Product, eventually
from support_shop import Customers
from support_shop_product import shop_up, wait_delivered

pytestmark = [pytest.mark.e2e, pytest.mark.docker, pytest.mark.timeout(280)]

BOXED = {"containers": 10, "half": 3}


@contextmanager
def visitors(url: str, people: int = 4) -> Iterator[Counter[str]]:
    """People who look at the catalogue's page again and again; what they got."""
    seen: Counter[str] = Counter()
    over = threading.Event()

    def visit() -> None:
        with httpx.Client(base_url=url, timeout=20) as browser:
            while not over.is_set():
                try:
                    seen[str(browser.get("/").status_code)] += 1
                except httpx.HTTPError as error:
                    seen[type(error).__name__] += 1

    threads = [threading.Thread(target=visit) for _ in range(people)]
    for thread in threads:
        thread.start()
    try:
        yield seen
    finally:
        over.set()
        for thread in threads:
            thread.join()


@pytest.mark.parametrize("profile", ["containers", "half"])
def test_the_shop_in_containers(product: Product, free_port: int, profile: str) -> None:
    """An order goes through all of it; its edges are those of the shop as processes; a save fails no request."""
    product.environ["SHOP_BASE"] = shop_base()
    shop_up(product, free_port, profile, timeout=150)
    left = Leftovers(product.root)
    assert len(left.containers()) == BOXED[profile]
    url = f"http://127.0.0.1:{free_port}"
    with httpx.Client(base_url=url, timeout=10.0) as browser:
        order = Customers(url, seed=0).buy(browser, ["mug-tide", "note-grid"], "card-4242")
        assert order is not None
        wait_delivered(product, browser, order)

    def generation() -> int:
        serving = [one for one in product.status()["catalog"]["instances"] if one["role"] == "serving"]
        return int(serving[0]["generation"])

    with visitors(url) as seen:
        source = product.root / "sample_system" / "services" / "catalog" / "catalog" / "api.py"
        source.write_text(source.read_text() + "\n# saved\n")
        eventually(lambda: generation() == 2, 60)
    assert seen.keys() == {"200"}
    assert "# saved" in product.run("run", "catalog", "--", "cat", "catalog/api.py").stdout
    used = {
        (one["caller"], one["callee"])
        for one in json.loads(product.run("edges", "--json").stdout)
        if one["requests"]
    }
    assert used >= {
        ("outside", "storefront"),
        ("storefront", "catalog"),
        ("orders", "payments"),
        ("orders", "shipping"),
        ("order-history", "brokers.events"),
    }
    product.run("down", timeout=90)
    assert left.none()
