"""The whole shop as processes: what a shopper does, what goes wrong, and that it is told and undone."""

import json
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

import httpx
import pytest

from support_shop import Customers, audit, settle
from support_shop_processes import BROKER, PARTS, ShopProcesses

T = TypeVar("T")
GOOD_CARD, BROKE_CARD = "card-4242", "card-0002"


def buy(browser: httpx.Client, *goods: str, card: str = GOOD_CARD) -> str:
    """One checkout through the pages; returns the order's id."""
    order = Customers(str(browser.base_url), seed=0).buy(browser, goods, card)
    assert order is not None
    return order


def until(look: Callable[[], T], wanted: Callable[[T], object], seconds: float = 30.0) -> T:
    """What `look` sees once it is as wanted."""
    deadline = time.monotonic() + seconds
    while not wanted(seen := look()):
        assert time.monotonic() < deadline, seen
        time.sleep(0.02)
    return seen


def order_of(shop: ShopProcesses, order: str, *statuses: str) -> Mapping[str, Any]:
    """The order once it has one of the statuses."""

    def look() -> Mapping[str, Any]:
        found: Mapping[str, Any] = httpx.get(f"{shop.urls['orders']}/orders/{order}").json()
        return found

    return until(look, lambda found: found["status"] in statuses)


def stock(shop: ShopProcesses, sku: str) -> tuple[int, int]:
    """How many are on hand, and how many of them are held."""
    level = httpx.get(f"{shop.urls['inventory']}/stock/{sku}").json()
    return level["on_hand"], level["held"]


def test_a_checkout_goes_through_to_the_order_history(shop: ShopProcesses, browser: httpx.Client) -> None:
    """From the shelf to the doorstep, seen on the pages alone; the shopper is told on the way."""
    before = stock(shop, "mug-tide")
    order = buy(browser, "mug-tide", "mug-tide", "note-grid")
    page = until(lambda: browser.get("/orders").text, lambda text: "delivered" in text)
    assert order in page
    assert "2 Tide mug, 1 Grid notebook" in page
    inbox = until(lambda: browser.get("/inbox").text, lambda text: "has arrived" in text)
    for subject in ("We have your order", "Your order is paid", "on its way", "has arrived"):
        assert inbox.count(subject) == 1
    assert stock(shop, "mug-tide") == (before[0] - 2, 0)


def test_a_declined_payment_is_undone(shop: ShopProcesses, browser: httpx.Client) -> None:
    """The stock is free again, no money moved, the page says why."""
    before = stock(shop, "mug-ember")
    order = buy(browser, "mug-ember", card=BROKE_CARD)
    order_of(shop, order, "cancelled")
    assert "payment declined: insufficient funds" in browser.get(f"/orders/{order}").text
    assert stock(shop, "mug-ember") == before
    entries = httpx.get(f"{shop.urls['payments']}/entries?limit=10000").json()["entries"]
    assert order not in {entry["key"] for entry in entries}


def test_a_fern_is_declined_because_of_its_price(shop: ShopProcesses, browser: httpx.Client) -> None:
    """The demonstration's rule works from the catalog to the page."""
    order = buy(browser, "plant-fern")
    assert "end in .13" in order_of(shop, order, "cancelled")["reason"]


def test_with_payments_down_an_order_fails_honestly(shop: ShopProcesses, browser: httpx.Client) -> None:
    """The page names payments while it waits; the stock is freed; nobody is charged once payments is back."""
    before = stock(shop, "pen-brass")
    shop.kill("payments")
    order = buy(browser, "pen-brass")
    until(lambda: browser.get(f"/orders/{order}").text, lambda text: "payments: connection refused" in text)
    waiting = order_of(shop, order, "cancelling")
    assert "payment could not be taken (payments: connection refused" in waiting["reason"]
    until(lambda: stock(shop, "pen-brass"), lambda level: level == before)
    assert "We are making sure that you pay nothing" in browser.get(f"/orders/{order}").text
    shop.start("payments")
    shop.wait_until_ready("payments")
    order_of(shop, order, "cancelled")
    assert httpx.get(f"{shop.urls['payments']}/charges/{order}").json()["status"] == "voided"


@pytest.mark.parametrize("name", ["payments", "inventory"])
def test_what_is_carried_out_too_late_is_taken_back(
    name: str, shop: ShopProcesses, browser: httpx.Client
) -> None:
    """A frozen service has received the calls of an order that was given up; thawed, it carries them out."""
    before = stock(shop, "kettle-gull")
    shop.freeze(name)
    try:
        order = buy(browser, "kettle-gull")
        waiting = order_of(shop, order, "cancelling")
    finally:
        shop.thaw(name)
    assert f"{name}: no answer within" in waiting["reason"]
    order_of(shop, order, "cancelled")
    entries = httpx.get(f"{shop.urls['payments']}/entries?limit=10000").json()["entries"]
    assert sum(entry["amount_cents"] for entry in entries if entry["key"] == order) == 0
    assert stock(shop, "kettle-gull") == before


def test_after_the_point_of_no_return_an_order_waits(shop: ShopProcesses, browser: httpx.Client) -> None:
    """A paid order outlasts an outage of shipping that is longer than anybody's patience."""
    shop.kill("shipping")
    order = buy(browser, "bottle-frost")
    order_of(shop, order, "confirmed")
    page = until(
        lambda: browser.get(f"/orders/{order}").text, lambda text: "shipping: connection refused" in text
    )
    assert "Still trying to create shipment" in page
    shop.start("shipping")
    assert order_of(shop, order, "completed")["tracking"]


def test_without_the_broker_the_shop_sells_on(shop: ShopProcesses, browser: httpx.Client) -> None:
    """Events wait in the outbox and arrive when the broker is back."""
    shop.kill(BROKER)
    order = buy(browser, "note-blank")
    order_of(shop, order, "completed")
    assert httpx.get(f"{shop.urls['orders']}/healthz").json()["outbox"] > 0
    shop.start(BROKER)
    url = f"{shop.urls['order-history']}/orders/{order}"
    until(
        lambda: httpx.get(url),
        lambda answer: answer.status_code == 200 and answer.json()["status"] == "delivered",
    )


def test_a_dead_catalog_takes_only_the_shelves(shop: ShopProcesses, browser: httpx.Client) -> None:
    """The page says so; cart and checkout go on."""
    browser.post("/cart", data={"sku": "mug-tide"})
    shop.kill("catalog")
    shelves = browser.get("/")
    assert shelves.status_code == 502
    assert "<b>catalog</b> failed: connection refused" in shelves.text
    assert "Tide mug" in browser.get("/cart").text
    answer = browser.post("/checkout", data={"card": GOOD_CARD})
    shop.start("catalog")
    order_of(shop, answer.headers["location"].rsplit("/", 1)[-1], "completed")
    shop.wait_until_ready("catalog")


def test_one_trace_runs_through_everything(shop: ShopProcesses, browser: httpx.Client) -> None:
    """A checkout's trace id stands in the log lines of every service that had to do with it; each line is JSON."""
    trace = f"{time.time_ns():032x}"
    browser.post("/cart", data={"sku": "mug-tide"})
    headers = {"traceparent": f"00-{trace}-{'b' * 16}-01"}
    answer = browser.post("/checkout", data={"card": GOOD_CARD}, headers=headers)
    order_of(shop, answer.headers["location"].rsplit("/", 1)[-1], "completed")
    for name in ("storefront", "orders", "carts", "inventory", "payments", "shipping"):
        log = until(partial(shop.log, name), lambda text: trace in text)
        lines = [json.loads(line) for line in log.splitlines()]
        assert {line["service"] for line in lines} == {name}
        assert any(line.get("trace_id") == trace for line in lines)


def test_two_incarnations_side_by_side(shop: ShopProcesses, browser: httpx.Client) -> None:
    """As in a rolling reload: the new one serves beside the old one, and orders are still driven once."""
    with shop.twin("orders") as (url, stop):
        orders = [buy(browser, "note-grid") for _ in range(3)]
        for order in orders:
            order_of(shop, order, "completed")
            assert httpx.get(f"{url}/orders/{order}").json()["status"] == "completed"
        assert stop() == 0
    shop.kill("orders")
    shop.start("orders")
    shop.wait_until_ready("orders")
    order_of(shop, buy(browser, "note-grid"), "completed")


def test_the_books_agree_and_a_rebuild_from_zero_gives_the_same(
    shop: ShopProcesses, browser: httpx.Client
) -> None:
    """After some good and some bad orders; the history is rebuilt from the first event of the stream."""
    orders = [
        buy(browser, "mug-tide"),
        buy(browser, "mug-ember", card=BROKE_CARD),
        buy(browser, "bag-canvas"),
    ]
    books = settle(shop.urls)
    assert not audit(books, orders)
    rebuilt = httpx.post(f"{shop.urls['order-history']}/rebuild", timeout=60).raise_for_status().json()
    assert rebuilt == books.summary


@pytest.mark.parametrize("name", sorted(PARTS))
def test_every_service_starts_alone_and_ends_gracefully(name: str, lonely: ShopProcesses) -> None:
    """Nobody else is there, not even the broker: it is healthy; SIGTERM ends it with code 0."""
    lonely.start(name)
    lonely.wait_until_ready(name)
    assert lonely.stop(name) == 0
    for line in lonely.log(name).splitlines():
        assert json.loads(line)["service"] == name
