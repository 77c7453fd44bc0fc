"""A shopper is told once about what matters to them."""

from pathlib import Path

import pytest

from notifications.inbox import Inbox
from notifications.wording import message
from shopkit.events import Event

PLACED = Event.now("order.placed", "ord-1", 1, {"shopper": "ann", "total_cents": 1450})
CANCELLED = Event.now("order.cancelled", "ord-1", 3, {"reason": "payment declined"})
DELIVERED = Event.now(
    "shipment.delivered", "shp-ord-1", 2, {"order_id": "ord-1", "shopper": "ann", "tracking": "T"}
)


def test_a_second_delivery_of_an_event_says_nothing_new(tmp_path: Path) -> None:
    """Neither in the same batch nor after a restart."""
    for new in (2, 0):
        inbox = Inbox(tmp_path / "inbox.sqlite3")
        assert inbox.take([PLACED, PLACED, DELIVERED]) == new
        assert [message.event_id for message in inbox.messages("ann", 10)] == [DELIVERED.id, PLACED.id]
        inbox.close()


def test_messages_find_their_shopper(tmp_path: Path) -> None:
    """Later events of an order don't repeat whose it is."""
    inbox = Inbox(tmp_path / "inbox.sqlite3")
    inbox.take([PLACED, CANCELLED])
    assert [message.subject for message in inbox.messages("ann", 10)] == [
        "Your order was cancelled",
        "We have your order",
    ]
    assert inbox.messages("bob", 10) == []
    inbox.close()


def test_messages_find_their_shopper_whatever_comes_first(tmp_path: Path) -> None:
    """An event that overtakes the one that says whose the order is."""
    inbox = Inbox(tmp_path / "inbox.sqlite3")
    inbox.take([CANCELLED])
    assert inbox.messages("ann", 10) == []
    inbox.take([PLACED])
    assert {message.event_id for message in inbox.messages("ann", 10)} == {CANCELLED.id, PLACED.id}
    inbox.close()


def test_without_idempotency_every_delivery_is_told(tmp_path: Path) -> None:
    """For demonstration."""
    inbox = Inbox(tmp_path / "inbox.sqlite3", idempotent=False)
    assert inbox.take([PLACED, PLACED]) == 2
    assert len(inbox.messages("ann", 10)) == 2
    inbox.close()


@pytest.mark.parametrize("type_", ["order.stock_reserved", "order.payment_voided", "something.else"])
def test_most_events_are_no_news(type_: str) -> None:
    """Shoppers don't care how the shop works inside."""
    assert message(Event.now(type_, "ord-1", 2, {})) is None
