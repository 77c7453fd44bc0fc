"""The desk: takes orders and records facts about them. The only writer of the event store."""

import hashlib
from typing import Any

from orders.event_store import ConflictError, EventStore
from orders.order import Fact, Line, Order, apply, fold
from orders.saga import FactData, ending
from shopkit.events import Event
from shopkit.outbox import Relay

_TRIES = 5


def order_id(cart_id: str) -> str:
    """A cart is ordered at most once: the order's identity follows from the cart's."""
    return "ord-" + hashlib.sha256(cart_id.encode()).hexdigest()[:12]


class Desk:
    """Placing an order, and adding facts to one."""

    def __init__(self, store: EventStore, relay: Relay) -> None:
        self._store = store
        self._relay = relay

    def find(self, order: str) -> Order | None:
        """The order as it stands."""
        return fold(self._store.load(order))

    def place(self, cart_id: str, shopper: str, card: str, lines: list[Line]) -> Order:
        """Record a new order; returns once it is durable. Raises ConflictError when the cart was ordered already."""
        data: dict[str, Any] = {
            "cart_id": cart_id,
            "shopper": shopper,
            "card": card,
            "lines": [{name: getattr(line, name) for name in line.__struct_fields__} for line in lines],
            "total_cents": sum(line.unit_price_cents * line.quantity for line in lines),
        }
        stream = order_id(cart_id)
        self._store.append(stream, 0, [(Fact.PLACED, data)])
        self._relay.nudge()
        placed = self.find(stream)
        assert placed is not None  # noqa: S101 it was appended above; this tells the type checker
        return placed

    def record(self, order: Order, fact: FactData) -> Order:
        """Append a fact, and the order's end when that is all it was waiting for; returns the order after it.

        Facts of different steps may race (the two compensations do): the slower one is decided anew on what the
        faster one left. A fact that the order no longer waits for is dropped.
        """
        for _ in range(_TRIES):
            before = order.version
            facts = [fact]
            after = _after(order, fact)
            if (last := ending(after)) is not None:
                facts.append(last)
                after = _after(after, last)
            try:
                self._store.append(order.id, before, facts, closes=after.finished)
            except ConflictError:
                current = self.find(order.id)
                if current is None or not _still_wanted(current, fact):
                    return current or order
                order = current
            else:
                self._relay.nudge()
                return after
        raise ConflictError(order.id)


def _after(order: Order, fact: FactData) -> Order:
    type_, data = fact
    return apply(order, Event.now(type_, order.id, order.version + 1, data))


def _still_wanted(order: Order, fact: FactData) -> bool:
    type_, _ = fact
    return (type_ == Fact.STOCK_RELEASED and order.release_due) or (
        type_ == Fact.PAYMENT_VOIDED and order.void_due
    )
