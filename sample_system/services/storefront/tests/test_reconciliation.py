"""The audit finds what is wrong lately, and is patient with what is under way."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from storefront.neighbours import Message, Order, PastOrder
from storefront.reconciliation import disagreements

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)


def ago(seconds: float) -> str:
    """So long before now."""
    return (NOW - timedelta(seconds=seconds)).isoformat(timespec="milliseconds")


def order(status: str, age: float = 30.0) -> Order:
    """One from orders."""
    return msgspec.convert(record(status, age) | {"id": "o1", "card": "c"}, Order)


def past(status: str) -> PastOrder:
    """The same from order-history."""
    return msgspec.convert(record(status, 30.0) | {"order_id": "o1"}, PastOrder)


def record(status: str, age: float) -> dict[str, Any]:
    """What both have."""
    return {
        "status": status,
        "lines": [],
        "total_cents": 1,
        "placed_at": ago(age),
        "changed_at": ago(age),
        "reason": "",
        "tracking": "",
    }


def message(subject: str, age: float = 30.0) -> Message:
    """One to a shopper."""
    return Message(subject, "…", ago(age), "o1")


@pytest.mark.parametrize(
    ("orders", "history", "messages", "wrong"),
    [
        ([order("completed")], [past("delivered")], [message("paid"), message("sent")], []),
        ([order("cancelled")], [past("cancelled")], [], []),
        ([order("placed")], [past("placed")], [], []),
        ([order("completed", 2)], [], [], []),
        ([order("completed", 500)], [past("paid")], [], []),
        ([order("completed")], [past("paid")], [], ["o1 is completed, its history says paid"]),
        ([order("cancelled")], [], [], ["o1 is cancelled, its history says nothing"]),
        ([], [], [message("paid")] * 2, ["o1 was told 2 times: paid"]),
        ([], [], [message("paid", 500)] * 2, []),
    ],
)
def test_disagreements(
    orders: list[Order], history: list[PastOrder], messages: list[Message], wrong: list[str]
) -> None:
    """Doubled messages, and histories that stay behind or went back."""
    assert disagreements(orders, history, messages, NOW) == wrong
