"""Whether what shoppers are shown agrees with what happened: the books of orders against those that live from events.

Events take a moment, so an order is looked at some seconds after its last change; and only for some minutes, so that
what was wrong yesterday doesn't hide what is wrong now. Pure.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

from storefront.neighbours import Message, Order, PastOrder

SETTLED = timedelta(seconds=15)
LOOKED_AT = timedelta(minutes=2)
_LATER = {"completed": ("completed", "dispatched", "delivered"), "cancelled": ("cancelled",)}


def disagreements(
    orders: Iterable[Order], history: Iterable[PastOrder], messages: Iterable[Message], now: datetime
) -> list[str]:
    """What is wrong, in words; empty when all is well."""
    told = Counter(
        (message.order_id, message.subject) for message in messages if now - _time(message.at) <= LOOKED_AT
    )
    past = {order.order_id: order.status for order in history}
    return [
        *(
            f"{order} was told {times} times: {subject}"
            for (order, subject), times in told.items()
            if times > 1
        ),
        *(
            f"{order.id} is {order.status}, its history says {past.get(order.id, 'nothing')}"
            for order in orders
            if SETTLED <= now - _time(order.changed_at) <= LOOKED_AT
            and past.get(order.id) not in _LATER.get(order.status, (past.get(order.id),))
        ),
    ]


def _time(written: str) -> datetime:
    return datetime.fromisoformat(written)
