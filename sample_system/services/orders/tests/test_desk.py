"""The desk writes every order down once, and facts that race each other both get through."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from orders.desk import Desk, order_id
from orders.event_store import ConflictError, EventStore
from orders.order import Fact, Line, Order, Status
from shopkit.broker import Broker
from shopkit.outbox import Relay
from shopkit.testing import NOWHERE

MUGS = [Line("mug", "Mug", 1450, 2)]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EventStore]:
    """An empty store."""
    store = EventStore(tmp_path / "events.sqlite3")
    yield store
    store.close()


@pytest.fixture
def desk(store: EventStore, tmp_path: Path) -> Desk:
    """A desk over it."""
    return Desk(store, Relay(store.database, Broker("orders", NOWHERE), tmp_path / "lease"))


@pytest.fixture
def owing(desk: Desk) -> Order:
    """An order that owes both compensations."""
    order = desk.place("c1", "ann", "card-1", MUGS)
    order = desk.record(order, (Fact.STOCK_RESERVED, {}))
    return desk.record(order, (Fact.PAYMENT_UNAVAILABLE, {"reason": "gone"}))


def test_a_cart_is_ordered_once(desk: Desk) -> None:
    """The order's id follows from the cart's."""
    order = desk.place("c1", "ann", "card-1", MUGS)
    assert (order.id, order.total_cents, order.status) == (order_id("c1"), 2900, Status.PLACED)
    with pytest.raises(ConflictError):
        desk.place("c1", "ann", "card-1", MUGS)
    assert desk.find(order.id) == order


def test_both_compensations_get_through(desk: Desk, store: EventStore, owing: Order) -> None:
    """Though both were decided on the same version of the order."""
    desk.record(owing, (Fact.STOCK_RELEASED, {}))
    ended = desk.record(owing, (Fact.PAYMENT_VOIDED, {}))
    assert ended.status is Status.CANCELLED
    assert [event.type for event in store.load(owing.id)][-3:] == [
        Fact.STOCK_RELEASED,
        Fact.PAYMENT_VOIDED,
        Fact.CANCELLED,
    ]
    assert store.open_streams() == []


def test_a_fact_that_comes_twice_is_kept_once(desk: Desk, store: EventStore, owing: Order) -> None:
    """As when two incarnations drive the same order."""
    for _ in range(2):
        desk.record(owing, (Fact.STOCK_RELEASED, {}))
    types = [event.type for event in store.load(owing.id)]
    assert types.count(Fact.STOCK_RELEASED) == 1


def test_a_fact_that_comes_too_late_is_dropped(desk: Desk, owing: Order) -> None:
    """A forward step that was overtaken by the order's end has no place in it any more."""
    stale = desk.find(owing.id)
    assert stale is not None
    desk.record(owing, (Fact.STOCK_RELEASED, {}))
    current = desk.record(stale, (Fact.PAYMENT_CHARGED, {}))
    assert current.status is Status.CANCELLING
