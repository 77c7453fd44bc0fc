"""The audit itself: honest books pass, and every sort of broken promise is found."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from support_shop import Books, audit

LINE = {"sku": "mug", "quantity": 2}
GOOD = {"id": "o1", "status": "completed", "total_cents": 500, "lines": [LINE]}
BAD = {"id": "o2", "status": "cancelled", "total_cents": 300, "lines": [LINE]}


def event(order: str, version: int, name: str) -> Mapping[str, Any]:
    """One event of an order."""
    return {"id": f"{order}-{version}", "stream": order, "version": version, "type": f"order.{name}"}


def entry(order: str, cents: int) -> Mapping[str, Any]:
    """One entry of the ledger."""
    return {"key": order, "kind": "charge" if cents > 0 else "refund", "amount_cents": cents}


def message(event_id: str, name: str, order: str) -> Mapping[str, Any]:
    """One message to a shopper."""
    return {"event_id": event_id, "type": name, "order_id": order, "shopper": "ann"}


HONEST = Books(
    orders={"o1": GOOD, "o2": BAD},
    events=(
        event("o1", 1, "placed"),
        event("o2", 1, "placed"),
        event("o1", 2, "completed"),
        event("o2", 2, "cancelled"),
    ),
    entries=(entry("o1", 500), entry("o2", 300), entry("o2", -300)),
    stock=({"sku": "mug", "received": 10, "on_hand": 8, "held": 0},),
    shipments={"o1": {"order_id": "o1", "status": "delivered"}},
    messages=(
        message("o1-1", "order.placed", "o1"),
        message("o2-1", "order.placed", "o2"),
        message("o1-2", "order.completed", "o1"),
        message("o2-2", "order.cancelled", "o2"),
        message("s-1", "shipment.dispatched", "o1"),
        message("s-2", "shipment.delivered", "o1"),
    ),
    history={
        "o1": {"order_id": "o1", "status": "delivered", "total_cents": 500},
        "o2": {"order_id": "o2", "status": "cancelled", "total_cents": 300},
    },
    summary={"events": 6},
)


def test_honest_books_pass() -> None:
    """With every acknowledged order in them."""
    assert not audit(HONEST, ["o1", "o2"])


def test_a_lost_order_is_found() -> None:
    """It was acknowledged and is nowhere."""
    assert audit(HONEST, ["o3"]) == ["order o3 was acknowledged and is lost"]


@pytest.mark.parametrize(
    ("broken", "complaint"),
    [
        (replace(HONEST, entries=(*HONEST.entries, entry("o1", 500))), "o1 was charged 2 times"),
        (replace(HONEST, entries=HONEST.entries[1:]), "500 is due, 0 was taken"),
        (replace(HONEST, entries=HONEST.entries[:-1]), "0 is due, 300 was taken"),
        (replace(HONEST, entries=(*HONEST.entries, entry("o9", 1))), "o9, which is no order"),
        (replace(HONEST, stock=({**HONEST.stock[0], "on_hand": 6},)), "10 received, 2 sold, but 6 on hand"),
        (replace(HONEST, stock=({**HONEST.stock[0], "held": 2},)), "2 of mug are held"),
        (replace(HONEST, shipments={}), "o1 is completed without a parcel"),
        (replace(HONEST, shipments={**HONEST.shipments, "o2": {}}), "o2 is not completed but sent"),
        (replace(HONEST, messages=HONEST.messages[1:]), "messages missing"),
        (
            replace(HONEST, messages=({**HONEST.messages[0], "shopper": ""}, *HONEST.messages[1:])),
            "nobody can read",
        ),
        (replace(HONEST, messages=(*HONEST.messages, HONEST.messages[0])), "messages too many: Counter"),
        (replace(HONEST, messages=HONEST.messages[:-1]), "parcels with a wrong number of messages"),
        (
            replace(HONEST, events=(*HONEST.events, event("o1", 4, "x"))),
            "the events of o1 are numbered [1, 2, 4]",
        ),
        (replace(HONEST, events=HONEST.events[:1]), "orders without events"),
        (replace(HONEST, history={"o1": HONEST.history["o1"]}), "order-history and orders differ"),
        (
            replace(HONEST, history={**HONEST.history, "o1": {**HONEST.history["o1"], "status": "paid"}}),
            "its history says",
        ),
    ],
)
def test_a_broken_promise_is_found(broken: Books, complaint: str) -> None:
    """And said in words that name it."""
    assert any(complaint in problem for problem in audit(broken, ["o1", "o2"]))
