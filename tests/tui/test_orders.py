"""Going round the orders of a table."""

from enum import StrEnum

from meshdev.tui.orders import following


class _Order(StrEnum):
    TIME = "time"
    NAME = "name"


def test_the_first_comes_after_the_last() -> None:
    """Once round."""
    assert following(_Order.TIME) is _Order.NAME
    assert following(_Order.NAME) is _Order.TIME
