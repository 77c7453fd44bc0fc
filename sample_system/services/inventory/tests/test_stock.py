"""Stock is never sold twice, whatever is asked in whichever order and whatever the clock does."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.stock import Level, Status, Stock
from inventory.supplier import FULL_SHELF, Supplier


class Clock:
    """Time that passes when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """The time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """A clock at its start."""
    return Clock()


@pytest.fixture
def stock(tmp_path: Path, clock: Clock) -> Iterator[Stock]:
    """Ten mugs and one lamp, held for 60 s."""
    stock = Stock(tmp_path / "stock.sqlite3", 60, clock)
    stock.receive({"mug": 10, "lamp": 1})
    yield stock
    stock.close()


def level(stock: Stock, sku: str) -> Level:
    """One product's level."""
    return next(level for level in stock.levels() if level.sku == sku)


def test_a_reservation_holds_until_it_is_confirmed(stock: Stock) -> None:
    """Held goods are on hand but not available; confirmed goods are gone."""
    assert stock.reserve("o1", {"mug": 3, "lamp": 1}).status is Status.HELD
    assert level(stock, "mug") == Level("mug", received=10, on_hand=10, held=3, available=7)
    for _ in range(2):
        confirmed = stock.confirm("o1")
        assert confirmed is not None
        assert confirmed.status is Status.CONFIRMED
    assert level(stock, "mug") == Level("mug", received=10, on_hand=7, held=0, available=7)


def test_a_reservation_is_all_or_nothing(stock: Stock) -> None:
    """What is short is named, and the rest is not held."""
    refused = stock.reserve("o1", {"mug": 1, "lamp": 2, "unicorn": 1})
    assert (refused.status, refused.short) == (Status.REFUSED, ("lamp", "unicorn"))
    assert level(stock, "mug").held == 0
    stock.receive({"lamp": 5, "unicorn": 1})
    assert stock.reserve("o1", {"mug": 1, "lamp": 2, "unicorn": 1}).status is Status.HELD


def test_reserving_twice_holds_once(stock: Stock) -> None:
    """The second call gets the first one's reservation."""
    assert stock.reserve("o1", {"mug": 3}) == stock.reserve("o1", {"mug": 3})
    assert level(stock, "mug").held == 3


def test_a_release_frees_and_closes(stock: Stock) -> None:
    """Neither a late confirmation nor a late reservation gets through after it."""
    stock.reserve("o1", {"mug": 3})
    assert [stock.release("o1").status for _ in range(2)] == [Status.RELEASED, Status.RELEASED]
    assert level(stock, "mug").available == 10
    confirmed = stock.confirm("o1")
    assert confirmed is not None
    assert confirmed.status is Status.RELEASED
    stock.release("o2")
    assert stock.reserve("o2", {"mug": 3}).status is Status.RELEASED
    assert level(stock, "mug").held == 0


def test_what_has_left_cannot_be_released(stock: Stock) -> None:
    """A confirmed reservation stays confirmed."""
    stock.reserve("o1", {"mug": 3})
    stock.confirm("o1")
    assert stock.release("o1").status is Status.CONFIRMED
    assert level(stock, "mug").on_hand == 7


def test_time_ends_a_reservation(stock: Stock, clock: Clock) -> None:
    """Its goods can be held for somebody else, and it can't be confirmed any more, even if the clock is set back."""
    stock.reserve("o1", {"lamp": 1})
    clock.now += 61
    assert stock.reserve("o2", {"lamp": 1}).status is Status.HELD
    clock.now -= 30
    confirmed = stock.confirm("o1")
    assert confirmed is not None
    assert confirmed.status is Status.EXPIRED
    assert level(stock, "lamp") == Level("lamp", received=1, on_hand=1, held=1, available=0)


def test_the_supplier_fills_what_runs_low(stock: Stock) -> None:
    """Only that, and only up to a full shelf."""
    supplier = Supplier(stock, 0)
    supplier.fill()
    assert {level.sku: level.available for level in stock.levels() if level.sku in FULL_SHELF} == FULL_SHELF
    stock.reserve("o1", {"pen-brass": 40})
    assert supplier.fill() == {"pen-brass": 40}
    assert supplier.fill() == {}


steps = st.tuples(
    st.sampled_from(["reserve", "confirm", "release", "wait", "back", "expire"]),
    st.sampled_from(["o1", "o2", "o3"]),
    st.integers(1, 4),
)


@given(st.lists(steps, max_size=20))
@settings(max_examples=25, deadline=None)
def test_any_order_of_calls_keeps_the_shelf_straight(
    tmp_path_factory: pytest.TempPathFactory, asked: list[tuple[str, str, int]]
) -> None:
    """Received = on hand + sold; what is held is there; nobody's goods are given away."""
    clock = Clock()
    stock = Stock(tmp_path_factory.mktemp("shelf") / "stock.sqlite3", 60, clock)
    stock.receive({"mug": 6})
    sold: dict[str, int] = {}
    for verb, order, quantity in asked:
        match verb:
            case "reserve":
                stock.reserve(order, {"mug": quantity})
            case "confirm":
                confirmed = stock.confirm(order)
                if confirmed is not None and confirmed.status is Status.CONFIRMED:
                    sold[order] = confirmed.lines["mug"]
            case "release":
                stock.release(order)
            case "wait":
                clock.now += 40
            case "back":
                clock.now -= 25
            case "expire":
                stock.expire()
        mugs = stock.levels()[0]
        assert mugs.on_hand == 6 - sum(sold.values())
        assert 0 <= mugs.held <= mugs.on_hand
    stock.close()
