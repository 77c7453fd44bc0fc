"""The read model depends on which events happened, not on how often or (across streams) in which order they came."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from order_history.history import History
from shopkit.events import Event

LINES = [{"sku": "mug", "name": "Mug", "unit_price_cents": 1450, "quantity": 1}]
PLACED = Event.now("order.placed", "ord-1", 1, {"shopper": "ann", "lines": LINES, "total_cents": 1450})
CHARGED = Event.now("order.payment_charged", "ord-1", 3, {"amount_cents": 1450})
SHIPPED = Event.now("order.shipment_created", "ord-1", 5, {"tracking": "TRK1"})
COMPLETED = Event.now("order.completed", "ord-1", 6, {"total_cents": 1450})
DELIVERED = Event.now(
    "shipment.delivered", "shp-ord-1", 2, {"order_id": "ord-1", "shopper": "ann", "tracking": "TRK1"}
)
STORY = (PLACED, CHARGED, SHIPPED, COMPLETED, DELIVERED)


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    """An empty model."""
    history = History(tmp_path / "history.sqlite3")
    yield history
    history.close()


def numbered(*events: Event) -> list[tuple[int, Event | None]]:
    """Events as a stream delivers them."""
    return list(enumerate(events, start=1))


def test_the_story_of_an_order(history: History) -> None:
    """One row says what was bought and where it is."""
    assert history.apply("s", numbered(*STORY)) == 5
    assert history.orders("ann", 10) == [history.one("ord-1")]
    order = history.one("ord-1")
    assert order is not None
    assert (order["status"], order["tracking"], order["total_cents"]) == ("delivered", "TRK1", 1450)
    assert order["lines"] == LINES
    assert history.orders("bob", 10) == []


def test_any_order_of_arrival_gives_the_same_model(tmp_path: Path) -> None:
    """Orders and shipping publish independently; their events may overtake each other."""
    digests = set()
    arrivals = itertools.islice(itertools.permutations(STORY), None, None, 7)
    for number, arrival in enumerate(arrivals):
        history = History(tmp_path / f"{number}.sqlite3")
        history.apply("s", numbered(*arrival))
        digests.add(history.summary()["digest"])
        history.close()
    assert len(digests) == 1


def test_the_checkpoint_makes_every_message_count_once(history: History) -> None:
    """A message at or below it is passed over, whatever it holds."""
    history.apply("s", numbered(PLACED, CHARGED))
    assert history.checkpoint("s") == 2
    before = history.summary()
    assert history.apply("s", numbered(PLACED, COMPLETED)) == 0
    assert history.summary() == before


def test_an_event_under_another_number_is_recognised(history: History) -> None:
    """As after the broker lost its store and everything was published again, in a stream of another identity."""
    history.apply("s", numbered(PLACED, CHARGED))
    assert history.checkpoint("another") == 0
    assert history.apply("another", numbered(CHARGED, PLACED, COMPLETED)) == 1
    assert history.summary()["events"] == 3


def test_a_message_that_is_no_event_is_passed_over(history: History) -> None:
    """The checkpoint moves on."""
    assert history.apply("s", [(1, None), (2, PLACED)]) == 1
    assert history.checkpoint("s") == 2


def test_a_rebuilt_model_takes_the_place_of_the_old_one(history: History, tmp_path: Path) -> None:
    """With its checkpoint: what came after it is applied again."""
    history.apply("s", numbered(*STORY))
    fresh = History(tmp_path / "fresh.sqlite3")
    fresh.apply("s", numbered(PLACED))
    history.replace_by(fresh)
    assert history.summary() == fresh.summary()
    assert history.checkpoint("s") == 1
    fresh.close()


def test_without_idempotency_the_last_delivery_wins(tmp_path: Path) -> None:
    """For demonstration: what was delivered late, or again, turns the order back."""
    history = History(tmp_path / "naive.sqlite3", idempotent=False)
    history.apply("s", [(1, PLACED), (3, COMPLETED), (2, CHARGED)])
    order = history.one("ord-1")
    assert order is not None
    assert order["status"] == "paid"
    history.close()
