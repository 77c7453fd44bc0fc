"""The checkout saga as rules: which step is due, and which facts an answer amounts to. No IO in here.

    reserve stock → charge payment → confirm reservation → create shipment
         │                │                  │
         └── on failure ──┴──────────────────┴──→ release stock, void payment (whatever may have happened)

Confirming is the point of no return: before it, the order gives up when a neighbour stays away for too long
(`patience`); after it, the saga only goes forward, however long that takes. Every call is keyed by the order's id,
so a step that is repeated after a crash has no second effect.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from orders.order import Fact, Order, Status

_REFUSED = 409
_DECLINED = 402
_OK = 300

FactData = tuple[str, dict[str, Any]]


class Step(StrEnum):
    """One call to a neighbour."""

    RESERVE = "reserve stock"
    CHARGE = "charge payment"
    CONFIRM = "confirm reservation"
    SHIP = "create shipment"
    RELEASE = "release stock"
    VOID = "void payment"


@dataclass(frozen=True, slots=True)
class Call:
    """What a step sends."""

    service: str
    method: str
    path: str
    json: dict[str, Any] | None = None
    idempotency_key: str | None = None


_FORWARD = {
    Status.PLACED: Step.RESERVE,
    Status.RESERVED: Step.CHARGE,
    Status.PAID: Step.CONFIRM,
    Status.CONFIRMED: Step.SHIP,
}


def due(order: Order) -> tuple[Step, ...]:
    """The steps to take now. Compensations don't wait for each other: one neighbour may be down, the other not."""
    if order.status in _FORWARD:
        return (_FORWARD[order.status],)
    steps = []
    if order.release_due:
        steps.append(Step.RELEASE)
    if order.void_due:
        steps.append(Step.VOID)
    return tuple(steps)


def call(order: Order, step: Step) -> Call:
    """The call that carries out a step."""
    match step:
        case Step.RESERVE:
            needed = {line.sku: line.quantity for line in order.lines}
            return Call("inventory", "PUT", f"/reservations/{order.id}", {"lines": needed})
        case Step.CHARGE:
            body = {"amount_cents": order.total_cents, "card": order.card}
            return Call("payments", "POST", "/charges", body, idempotency_key=order.id)
        case Step.CONFIRM:
            return Call("inventory", "POST", f"/reservations/{order.id}/confirm")
        case Step.SHIP:
            goods = {line.sku: line.quantity for line in order.lines}
            return Call(
                "shipping", "PUT", f"/shipments/{order.id}", {"shopper": order.shopper, "lines": goods}
            )
        case Step.RELEASE:
            return Call("inventory", "POST", f"/reservations/{order.id}/release")
        case Step.VOID:
            return Call("payments", "POST", f"/charges/{order.id}/void")


def answered(step: Step, status: int, body: dict[str, Any]) -> FactData | None:  # noqa: PLR0911 one line an answer
    """The fact that an answer amounts to; None when the answer makes no sense and the step must be tried again."""
    good = status < _OK
    match step:
        case Step.RESERVE if good:
            return Fact.STOCK_RESERVED, {"expires_at": body.get("expires_at")}
        case Step.RESERVE if status == _REFUSED:
            return Fact.STOCK_REFUSED, {"reason": f"out of stock: {', '.join(body.get('short') or ['?'])}"}
        case Step.CHARGE if good:
            return Fact.PAYMENT_CHARGED, {"amount_cents": body.get("amount_cents")}
        case Step.CHARGE if status in (_DECLINED, _REFUSED):
            return Fact.PAYMENT_DECLINED, {"reason": f"payment declined: {body.get('reason', '?')}"}
        case Step.CONFIRM if good:
            return Fact.STOCK_CONFIRMED, {}
        case Step.CONFIRM if status == _REFUSED:
            return Fact.RESERVATION_LOST, {
                "reason": "the reservation ran out before the payment went through"
            }
        case Step.SHIP if good and body.get("tracking"):
            return Fact.SHIPMENT_CREATED, {"tracking": body["tracking"]}
        case Step.RELEASE if good:
            return Fact.STOCK_RELEASED, {"was": body.get("status")}
        case Step.VOID if good:
            return Fact.PAYMENT_VOIDED, {"was": body.get("status")}
    return None


def given_up(step: Step, how: str) -> FactData | None:
    """The fact that patience has run out, for the steps that may be given up."""
    match step:
        case Step.RESERVE:
            return Fact.STOCK_UNAVAILABLE, {"reason": f"stock could not be reserved ({how})"}
        case Step.CHARGE:
            return Fact.PAYMENT_UNAVAILABLE, {"reason": f"payment could not be taken ({how})"}
        case Step.CONFIRM | Step.SHIP | Step.RELEASE | Step.VOID:
            return None


def ending(order: Order) -> FactData | None:
    """The fact that ends an order which has nothing more to do; `order` as it is after all other facts."""
    if order.status is Status.CONFIRMED and order.tracking:
        return Fact.COMPLETED, {"total_cents": order.total_cents}
    if order.status is Status.CANCELLING and not due(order):
        return Fact.CANCELLED, {"reason": order.reason}
    return None
