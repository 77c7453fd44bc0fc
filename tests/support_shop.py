"""Customers of the shop, and the audit that afterwards says whether the shop kept its promises.

Both know only HTTP addresses (``{"orders": "http://127.0.0.1:…", …}``), so they serve any way of running the shop.
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

SETTLE_SECONDS = 60.0
_EVERYTHING = 100_000
_TOLD_ORDERS = {"order.placed", "order.completed", "order.cancelled"}
_MOVES = {"packing": 0, "dispatched": 1, "delivered": 2}
_SKUS = ("mug-tide", "mug-ember", "note-grid", "note-blank", "pen-brass", "bottle-frost", "plant-fern")
_CARDS = ("card-4242", "card-1881", "card-4242", "card-1881", "card-0002")


@dataclass(frozen=True, slots=True)
class Books:
    """What every service has in its books, read when nothing moves any more."""

    orders: Mapping[str, Mapping[str, Any]]
    events: tuple[Mapping[str, Any], ...]
    entries: tuple[Mapping[str, Any], ...]
    stock: tuple[Mapping[str, Any], ...]
    shipments: Mapping[str, Mapping[str, Any]]
    messages: tuple[Mapping[str, Any], ...]
    history: Mapping[str, Mapping[str, Any]]
    summary: Mapping[str, Any]

    @property
    def completed(self) -> list[Mapping[str, Any]]:
        """The orders that went through."""
        return [order for order in self.orders.values() if order["status"] == "completed"]


def read_books(urls: Mapping[str, str]) -> Books:
    """Read everything; raises httpx.HTTPError when a service doesn't answer."""
    with httpx.Client(timeout=10.0) as client:

        def get(service: str, path: str) -> Any:
            return client.get(f"{urls[service]}{path}").raise_for_status().json()

        limit = f"limit={_EVERYTHING}"
        return Books(
            orders={order["id"]: order for order in get("orders", f"/orders?{limit}")["orders"]},
            events=tuple(_feed(get)),
            entries=tuple(get("payments", "/entries?limit=10000")["entries"]),
            stock=tuple(get("inventory", "/stock")["stock"]),
            shipments={
                parcel["order_id"]: parcel for parcel in get("shipping", f"/shipments?{limit}")["shipments"]
            },
            messages=tuple(get("notifications", f"/inbox?{limit}")["messages"]),
            history={
                order["order_id"]: order for order in get("order-history", f"/orders?{limit}")["orders"]
            },
            summary=get("order-history", "/summary"),
        )


def settle(urls: Mapping[str, str], seconds: float = SETTLE_SECONDS) -> Books:
    """Wait until every order has ended, every parcel has arrived, every event was read; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    unsettled = "nothing was read"
    while time.monotonic() < deadline:
        try:
            books = read_books(urls)
        except httpx.HTTPError as error:
            unsettled = f"a service doesn't answer: {error!r}"
        else:
            unsettled = _unsettled(books)
            if not unsettled:
                return books
        time.sleep(0.1)
    message = f"the shop didn't settle within {seconds:g} s: {unsettled}"
    raise AssertionError(message)


def audit(books: Books, acknowledged: Iterable[str]) -> list[str]:
    """Every promise that was broken, in words; empty when all is well."""
    return [
        *(
            f"order {order} was acknowledged and is lost"
            for order in acknowledged
            if order not in books.orders
        ),
        *_audit_streams(books),
        *_audit_money(books),
        *_audit_stock(books),
        *_audit_parcels(books),
        *_audit_messages(books),
        *_audit_history(books),
    ]


@dataclass(slots=True)
class Customers:
    """People who buy through the storefront and try again until they hold an order's number."""

    storefront: str
    seed: int
    pause: float = 0.05
    acknowledged: list[str] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)
    _leaving: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def shopping(self, people: int) -> Any:
        """So many people shop while the block lasts; whoever stands at the till when it ends finishes first."""
        threads = [threading.Thread(target=self._shop, args=(number,)) for number in range(people)]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self._leaving.set()
            for thread in threads:
                thread.join()

    def buy(self, client: httpx.Client, goods: Iterable[str], card: str) -> str | None:
        """One checkout; returns the order's id, or None when the shop didn't take it."""
        for sku in goods:
            if client.post("/cart", data={"sku": sku}).status_code != httpx.codes.SEE_OTHER:
                return None
        return self.check_out(client, card)

    def check_out(self, client: httpx.Client, card: str) -> str | None:
        """Order what is in the cart of `client`'s cookies."""
        answer = client.post("/checkout", data={"card": card})
        if answer.status_code != httpx.codes.SEE_OTHER:
            return None
        return answer.headers["location"].rsplit("/", 1)[-1]

    def _shop(self, number: int) -> None:
        chance = random.Random(f"{self.seed}-{number}")
        while not self._leaving.is_set():
            with httpx.Client(base_url=self.storefront, timeout=10.0) as client:
                goods, card = chance.sample(_SKUS, chance.randint(1, 3)), chance.choice(_CARDS)
                self._insist(client, goods, card)
            self._leaving.wait(self.pause)

    def _insist(self, client: httpx.Client, goods: list[str], card: str) -> None:
        """Fill the cart, then press the button until it works: an order is placed once however often it is pressed."""
        in_cart = 0
        while not self._leaving.is_set() or in_cart == len(goods):
            try:
                if in_cart < len(goods):
                    in_cart += (
                        client.post("/cart", data={"sku": goods[in_cart]}).status_code
                        == httpx.codes.SEE_OTHER
                    )
                    continue
                order = self.check_out(client, card)
            except httpx.HTTPError as error:
                self.failures[type(error).__name__] += 1
            else:
                if order is not None:
                    self.acknowledged.append(order)
                    return
                self.failures["refused"] += 1
            time.sleep(self.pause)


def _feed(get: Any) -> Iterable[Mapping[str, Any]]:
    after = 0
    while page := (answer := get("orders", f"/events?limit=5000&after={after}"))["events"]:
        yield from (entry["event"] for entry in page)
        after = answer["last"]


def _unsettled(books: Books) -> str:
    open_orders = [
        order for order in books.orders.values() if order["status"] not in ("completed", "cancelled")
    ]
    if open_orders:
        return f"{len(open_orders)} orders are open, the first: {open_orders[0]}"
    moving = [parcel for parcel in books.shipments.values() if parcel["status"] != "delivered"]
    if moving:
        return f"{len(moving)} parcels are on their way, the first: {moving[0]}"
    recorded = len(books.events) + sum(_MOVES[parcel["status"]] for parcel in books.shipments.values())
    if recorded != books.summary["events"]:
        return f"{recorded} events were recorded, order-history has read {books.summary['events']}"
    told = sum(event["type"] in _TOLD_ORDERS for event in books.events) + 2 * len(books.shipments)
    if told != len(books.messages):
        return f"{told} messages are due, notifications has {len(books.messages)}"
    return ""


def _audit_streams(books: Books) -> Iterable[str]:
    streams: dict[str, list[int]] = {}
    for event in books.events:
        streams.setdefault(event["stream"], []).append(event["version"])
    for stream, versions in streams.items():
        if versions != list(range(1, len(versions) + 1)):
            yield f"the events of {stream} are numbered {versions}"
    if streams.keys() != books.orders.keys():
        yield f"orders without events or events without orders: {streams.keys() ^ books.orders.keys()}"


def _audit_money(books: Books) -> Iterable[str]:
    charges = Counter(entry["key"] for entry in books.entries if entry["kind"] == "charge")
    balance: Counter[str] = Counter()
    for entry in books.entries:
        balance[entry["key"]] += entry["amount_cents"]
    for order, times in charges.items():
        if times > 1:
            yield f"order {order} was charged {times} times"
    for order in balance.keys() - books.orders.keys():
        yield f"money moved for {order}, which is no order"
    for order, record in books.orders.items():
        due = record["total_cents"] if record["status"] == "completed" else 0
        if balance[order] != due:
            yield f"order {order} is {record['status']}: {due} is due, {balance[order]} was taken"


def _audit_stock(books: Books) -> Iterable[str]:
    sold: Counter[str] = Counter()
    for order in books.completed:
        for line in order["lines"]:
            sold[line["sku"]] += line["quantity"]
    for level in books.stock:
        sku = level["sku"]
        if level["held"]:
            yield f"{level['held']} of {sku} are held for orders that have ended"
        if level["received"] - sold[sku] != level["on_hand"]:
            yield f"{sku}: {level['received']} received, {sold[sku]} sold, but {level['on_hand']} on hand"


def _audit_parcels(books: Books) -> Iterable[str]:
    completed = {order["id"] for order in books.completed}
    for order in completed ^ books.shipments.keys():
        yield f"order {order} is {'completed without a parcel' if order in completed else 'not completed but sent'}"


def _audit_messages(books: Books) -> Iterable[str]:
    due = Counter(event["id"] for event in books.events if event["type"] in _TOLD_ORDERS)
    told = Counter(message["event_id"] for message in books.messages if message["type"] in _TOLD_ORDERS)
    if due != told:
        yield f"messages missing: {due - told}, messages too many: {told - due}"
    parcels = Counter(
        message["order_id"] for message in books.messages if message["type"] not in _TOLD_ORDERS
    )
    nobodys = [message["event_id"] for message in books.messages if not message["shopper"]]
    if nobodys:
        yield f"messages that nobody can read, since they have no shopper: {nobodys}"
    wrong = {order: parcels[order] for order in books.shipments if parcels[order] != len(_MOVES) - 1}
    if wrong:
        yield f"parcels with a wrong number of messages: {wrong}"


def _audit_history(books: Books) -> Iterable[str]:
    if books.history.keys() != books.orders.keys():
        yield f"order-history and orders differ in {books.history.keys() ^ books.orders.keys()}"
    for order, past in books.history.items():
        record = books.orders.get(order)
        if record is None:
            continue
        status = "delivered" if record["status"] == "completed" else record["status"]
        if (past["status"], past["total_cents"]) != (status, record["total_cents"]):
            yield f"order {order} is {status} over {record['total_cents']}, its history says {past}"
