"""What the pages ask of other services, as types; an answer is either what was asked for or a Failure to show."""

from collections.abc import Mapping
from typing import Any, Self, TypeVar

import msgspec

from shopkit.calls import Callee, CalleeError, address

_ERROR = 400
T = TypeVar("T")
NAMES = ("catalog", "carts", "orders", "inventory", "order-history", "notifications")
OPTIONAL = ("recommendations",)


class Failure(msgspec.Struct, frozen=True):
    """Which service gave no useful answer, and how it failed; `status` (4xx) when it refused."""

    service: str
    how: str
    status: int = 0


class Product(msgspec.Struct, frozen=True):
    """From catalog."""

    sku: str
    name: str
    category: str
    price_cents: int
    drawing: str
    hue: int
    description: str


class Products(msgspec.Struct, frozen=True):
    """From catalog."""

    products: list[Product]


class Line(msgspec.Struct, frozen=True):
    """From carts and orders."""

    sku: str
    name: str
    unit_price_cents: int
    quantity: int


class Cart(msgspec.Struct, frozen=True):
    """From carts."""

    lines: list[Line]
    total_cents: int


class Level(msgspec.Struct, frozen=True):
    """From inventory."""

    sku: str
    available: int


class Levels(msgspec.Struct, frozen=True):
    """From inventory."""

    stock: list[Level]


class Waiting(msgspec.Struct, frozen=True):
    """From orders: a step that is being tried."""

    step: str
    tries: int
    error: str


class Order(msgspec.Struct, frozen=True):
    """From orders."""

    id: str
    status: str
    lines: list[Line]
    total_cents: int
    placed_at: str
    reason: str
    tracking: str
    card: str
    changed_at: str
    waiting: list[Waiting] = []


class Orders(msgspec.Struct, frozen=True):
    """From orders."""

    orders: list[Order]


class Event(msgspec.Struct, frozen=True):
    """From orders."""

    type: str
    at: str
    data: dict[str, Any]


class Events(msgspec.Struct, frozen=True):
    """From orders."""

    events: list[Event]


class PastOrder(msgspec.Struct, frozen=True):
    """From order-history."""

    order_id: str
    status: str
    reason: str
    tracking: str
    lines: list[Line]
    total_cents: int
    placed_at: str


class PastOrders(msgspec.Struct, frozen=True):
    """From order-history."""

    orders: list[PastOrder]


class Message(msgspec.Struct, frozen=True):
    """From notifications."""

    subject: str
    text: str
    at: str
    order_id: str


class Messages(msgspec.Struct, frozen=True):
    """From notifications."""

    messages: list[Message]


class Recommendations(msgspec.Struct, frozen=True):
    """From recommendations."""

    skus: list[str]


class Neighbours:
    """The services around the storefront. One that this system doesn't run is no failure: it is not asked."""

    def __init__(self, callees: Mapping[str, Callee]) -> None:
        self._callees = callees

    @classmethod
    def from_environment(cls) -> Self:
        """Those whose addresses the environment gives."""
        callees = {name: Callee(name) for name in NAMES}
        return cls(callees | {name: Callee(name, timeout=1.0) for name in OPTIONAL if address(name)})

    def has(self, service: str) -> bool:
        """Whether this system runs the optional service."""
        return service in self._callees

    async def close(self) -> None:
        """Close every pool."""
        for callee in self._callees.values():
            await callee.close()

    async def ask(
        self,
        shape: type[T],
        service: str,
        path: str,
        *,
        method: str = "GET",
        json: object = None,
        **query: str | int,
    ) -> T | Failure:
        """One question; the answer as a `shape`, or what went wrong."""
        try:
            answer = await self._callees[service].request(method, path, json=json, query=query)
        except CalleeError as error:
            return Failure(error.service, error.how)
        try:
            if answer.status_code >= _ERROR:
                said = msgspec.json.decode(answer.content, type=dict[str, object]).get("error", "refused")
                return Failure(service, str(said), answer.status_code)
            return msgspec.json.decode(answer.content, type=shape)
        except msgspec.MsgspecError:
            return Failure(service, f"answered {answer.status_code} with something that makes no sense")
