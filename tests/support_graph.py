"""Made-up systems for the graph: the shop with its traffic, quiet, healthy and in trouble, and big ones."""

from collections.abc import Iterable
from dataclasses import replace
from random import Random
from typing import Any

import msgspec

from meshdev.tui.model import Picture
from meshdev.wire.control import EdgeSignalsView, EdgeView, RouteView, ServiceView
from meshdev.wire.topic_views import MessageView, TopicPartyView, TopicView
from support_dashboard import NOW, broken, healthy, many, picture, service, shop, signals, starting

CALLS: dict[tuple[str, str], tuple[float, float]] = {
    ("shoppers", "storefront"): (12.4, 184.0),
    ("storefront", "catalog"): (21.3, 6.1),
    ("storefront", "carts"): (8.2, 11.0),
    ("storefront", "orders"): (3.1, 48.0),
    ("storefront", "inventory"): (20.9, 5.2),
    ("storefront", "order-history"): (1.4, 9.0),
    ("storefront", "notifications"): (0.2, 7.4),
    ("carts", "catalog"): (7.9, 5.0),
    ("orders", "carts"): (3.0, 8.8),
    ("orders", "inventory"): (5.8, 12.0),
    ("orders", "payments"): (2.9, 240.0),
    ("orders", "shipping"): (2.4, 22.0),
}
USES = [(name, "brokers.events") for name in ("orders", "shipping", "notifications", "order-history")]
PLACED = ["order.placed", "order.completed", "order.cancelled"]
SHIPPED = ["shipment.dispatched", "shipment.delivered"]
FILES = ("catalog", "carts", "inventory", "orders", "payments", "shipping", "notifications", "order-history")

_SERIES = [max(0, 12 + (second * 7) % 11 - (second % 13)) for second in range(60)]
_BUCKETS = [0, 3, 40, 180, 520, 700, 790, 830, 850, 858, 860, 860, 860]


def declared() -> tuple[EdgeView, ...]:
    """Every arrow of the shop's file."""

    def edges() -> Iterable[tuple[str, str, str]]:
        yield from ((*pair, "calls") for pair in CALLS)
        yield from ((*pair, "uses") for pair in USES)
        yield from ((name, f"databases.{name}", "uses") for name in FILES)
        yield ("shoppers", "storefront", "depends_on")
        yield from (("orders", f"event:{name}", "publishes") for name in PLACED)
        yield from (("shipping", f"event:{name}", "publishes") for name in SHIPPED)
        for reader in ("notifications", "order-history"):
            yield from ((f"event:{name}", reader, "subscribes") for name in (*PLACED, *SHIPPED))

    return tuple(EdgeView(caller=caller, callee=callee, kind=kind) for caller, callee, kind in edges())


def topics(*, live: bool = True) -> tuple[TopicView, ...]:
    """The shop's events; ``live``: messages flow, and one subscriber lags."""
    found = []
    for publisher, names in (("orders", PLACED), ("shipping", SHIPPED)):
        for rank, name in enumerate(names, 1):
            sent: dict[str, Any] = {"messages": 700 // rank, "mps": 3.0 / rank} if live else {}
            ends = [TopicPartyView(service=publisher, declared=True, p99_ms=1.4 if live else None, **sent)]
            readers = [
                TopicPartyView(service=reader, declared=True, lag=lag if live else None, **sent)
                for reader, lag in (("notifications", 0), ("order-history", 12))
            ]
            broker = "brokers.events" if live else ""
            last = [
                MessageView(
                    at=NOW - 3 + at,
                    service=publisher,
                    payload=f'{{"order": "ord-{at}59e", "event": "{name}", "total_cents": {1900 + at}}}',
                    size=312 + at,
                    trace="4bf92f3577b34da6a3ce929d0e0e4736",
                    whole=True,
                )
                for at in range(3 if live else 0)
            ]
            view = TopicView(
                last=last,
                name=name,
                broker=broker,
                protocol="nats" if live else "",
                publishers=ends,
                subscribers=readers,
            )
            found.append(view)
    return tuple(found)


def flowing(caller: str, callee: str, rps: float, p99: float, /, **changes: Any) -> EdgeSignalsView:
    """An edge that carries something."""
    view = signals(
        caller,
        callee,
        requests=int(rps * 700),
        rps=rps,
        p50_ms=p99 / 4,
        p90_ms=p99 / 2,
        p99_ms=p99,
        series=[round(value * rps / 12) for value in _SERIES],
        error_series=[0] * 60,
        latency_buckets=_BUCKETS,
        routes=[
            RouteView(route="GET /", requests=int(rps * 500), errors=0, p50_ms=p99 / 5, p99_ms=p99 / 2),
            RouteView(
                route="POST /orders/{id}", requests=int(rps * 200), errors=0, p50_ms=p99 / 4, p99_ms=p99
            ),
        ],
    )
    return msgspec.structs.replace(view, **changes)


def traffic(**changed: dict[str, Any]) -> tuple[EdgeSignalsView, ...]:
    """The shop's traffic; ``changed`` by ``caller__callee``."""
    found = []
    for (caller, callee), (rps, p99) in CALLS.items():
        changes = changed.get(f"{caller}__{callee}".replace("-", "_"), {})
        found.append(flowing(caller, callee, rps, p99, **changes))
    for caller, callee in USES:
        found.append(signals(caller, callee, protocol="tcp", connections=1, requests=2))
    return tuple(found)


def busy_shop() -> Picture:
    """All is well, and much goes on."""
    return replace(healthy(), edges=declared(), signals=traffic(), topics=topics())


def starting_shop() -> Picture:
    """Nobody has called anybody yet."""
    unused = {"observed": False, "requests": 0, "rps": 0.0, "p50_ms": None, "p90_ms": None, "p99_ms": None}
    quiet = tuple(
        msgspec.structs.replace(edge, **unused, series=[], latency_buckets=[]) for edge in traffic()
    )
    return replace(starting(), edges=declared(), signals=quiet, topics=topics(live=False))


def troubled_shop() -> Picture:
    """Every sort of trouble that an edge can have."""
    failing = {
        "eps": 2.2,
        "errors": 410,
        "errors_by_kind": {"503": 380, "timeout": 30},
        "error_series": [2] * 60,
    }
    edges = traffic(
        orders__payments={
            **failing,
            "circuit": "open",
            "policies": ["timeout 500 ms", "circuit breaker: 5 in a row"],
            "acts": {"fast failures": 371},
        },
        orders__inventory={"faults": ["slow inventory: +200 ms"], "p99_ms": 212.0},
        storefront__catalog={"eps": 0.09, "errors": 3},
    )
    wild = flowing("shipping", "payments", 0.4, 12.0, declared=False)
    shut = signals("storefront", "notifications", denied="no rule allows it", requests=12, errors=12)
    kept = tuple(edge for edge in edges if (edge.caller, edge.callee) != ("storefront", "notifications"))
    return replace(broken(), edges=declared(), signals=(*kept, wild, shut), topics=topics(live=False))


def big(count: int, edges: int, *, long: bool = False) -> Picture:
    """A system of so many services and edges, in tiers as such systems are."""
    draw = Random(count)
    services: list[ServiceView] = (
        list(many(count).services)
        if long
        else [service(f"service-{number:03}", team=f"team-{number % 7}") for number in range(count)]
    )
    names = [one.name for one in services]
    pairs: dict[tuple[str, str], None] = {}
    tiers = 6
    while len(pairs) < edges:
        one = draw.randrange(count)
        other = min(count - 1, one + 1 + draw.randrange(max(1, count // tiers)))
        if draw.random() < 0.03:
            one, other = other, one
        if one * tiers // count != other * tiers // count:
            pairs[names[one], names[other]] = None
    views = tuple(EdgeView(caller=caller, callee=callee, kind="calls") for caller, callee in pairs)
    flows = []
    for caller, callee in pairs:
        rps = draw.choice([0.0, 0.3, 2.0, 18.0, 140.0])
        flows.append(
            flowing(caller, callee, rps, draw.uniform(1, 400), eps=rps * draw.choice([0, 0, 0, 0.04]))
        )
    return picture(services, edges=views, signals=tuple(flows))


def quiet_shop() -> Picture:
    """Services, but nobody has declared an edge."""
    return picture(shop().values(), edges=(), signals=())
