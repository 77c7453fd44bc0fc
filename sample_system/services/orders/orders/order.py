"""An order's state, folded from its events. Nothing else is ever stored about an order.

This file is the list of facts that the checkout can produce, and what each of them means.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

import msgspec

from shopkit.events import Event


class Fact(StrEnum):
    """The types of an order's events."""

    PLACED = "order.placed"
    STOCK_RESERVED = "order.stock_reserved"
    STOCK_REFUSED = "order.stock_refused"
    STOCK_UNAVAILABLE = "order.stock_unavailable"
    PAYMENT_CHARGED = "order.payment_charged"
    PAYMENT_DECLINED = "order.payment_declined"
    PAYMENT_UNAVAILABLE = "order.payment_unavailable"
    STOCK_CONFIRMED = "order.stock_confirmed"
    RESERVATION_LOST = "order.reservation_lost"
    SHIPMENT_CREATED = "order.shipment_created"
    STOCK_RELEASED = "order.stock_released"
    PAYMENT_VOIDED = "order.payment_voided"
    COMPLETED = "order.completed"
    CANCELLED = "order.cancelled"


class Status(StrEnum):
    """Where an order is, in one word."""

    PLACED = "placed"
    RESERVED = "reserved"
    PAID = "paid"
    CONFIRMED = "confirmed"
    COMPLETED = "completed"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"


class Line(msgspec.Struct, frozen=True):
    """So many of one product at one price."""

    sku: str
    name: str
    unit_price_cents: int
    quantity: int


class Order(msgspec.Struct, frozen=True):
    """What the events of one stream add up to.

    `release_due` and `void_due` say which compensations are still owed. They are owed as soon as a step *may* have
    taken effect: a call without an answer may have been carried out.
    """

    id: str
    version: int
    status: Status
    cart_id: str
    shopper: str
    card: str
    lines: tuple[Line, ...]
    total_cents: int
    placed_at: str
    changed_at: str
    reason: str = ""
    release_due: bool = False
    void_due: bool = False
    tracking: str = ""
    trace: dict[str, str] = {}

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen."""
        return self.status in (Status.COMPLETED, Status.CANCELLED)


_CHANGES: dict[Fact, dict[str, Any]] = {
    Fact.STOCK_RESERVED: {"status": Status.RESERVED},
    Fact.STOCK_REFUSED: {"status": Status.CANCELLING},
    Fact.STOCK_UNAVAILABLE: {"status": Status.CANCELLING, "release_due": True},
    Fact.PAYMENT_CHARGED: {"status": Status.PAID},
    Fact.PAYMENT_DECLINED: {"status": Status.CANCELLING, "release_due": True},
    Fact.PAYMENT_UNAVAILABLE: {"status": Status.CANCELLING, "release_due": True, "void_due": True},
    Fact.STOCK_CONFIRMED: {"status": Status.CONFIRMED},
    Fact.RESERVATION_LOST: {"status": Status.CANCELLING, "release_due": True, "void_due": True},
    Fact.SHIPMENT_CREATED: {},
    Fact.STOCK_RELEASED: {"release_due": False},
    Fact.PAYMENT_VOIDED: {"void_due": False},
    Fact.COMPLETED: {"status": Status.COMPLETED},
    Fact.CANCELLED: {"status": Status.CANCELLED},
}
_CARRIED = ("reason", "tracking")


def fold(events: Iterable[Event]) -> Order | None:
    """The order after its events, or None when there are none."""
    order: Order | None = None
    for event in events:
        order = apply(order, event)
    return order


def apply(order: Order | None, event: Event) -> Order:
    """The order after one more event."""
    if order is None:
        return _placed(event)
    carried = {name: event.data[name] for name in _CARRIED if name in event.data}
    changes = _CHANGES[Fact(event.type)] | carried
    return msgspec.structs.replace(order, version=event.version, changed_at=event.at, **changes)


def _placed(event: Event) -> Order:
    data = event.data
    return Order(
        id=event.stream,
        version=event.version,
        status=Status.PLACED,
        cart_id=data["cart_id"],
        shopper=data["shopper"],
        card=data["card"],
        lines=msgspec.convert(data["lines"], tuple[Line, ...]),
        total_cents=data["total_cents"],
        placed_at=event.at,
        changed_at=event.at,
        trace=event.trace,
    )
