"""What tables are sorted by: ``S`` goes round. Pure."""

from enum import StrEnum
from typing import TypeVar

Order = TypeVar("Order", bound=StrEnum)


def following(order: Order) -> Order:
    """The one that comes after ``order``, the first after the last."""
    orders = list(type(order))
    return orders[(orders.index(order) + 1) % len(orders)]
