"""Made-up faults for the dashboard: some on, many, none; and a minute of figures before and after one began."""

from typing import Any

import msgspec

from meshdev.tui.app import Dashboard
from meshdev.tui.chaos.history import History
from meshdev.tui.model import Picture
from meshdev.wire.control import EdgeSignalsView
from meshdev.wire.fault_views import FaultPartView, FaultView
from support_dashboard import NOW, picture, shop, signals

PAYMENTS = "orders -> payments"


def part(kind: str = "latency", words: str = "latency 1s", **changes: Any) -> FaultPartView:
    """What a fault does."""
    made: dict[str, Any] = {
        "key": f"x/{kind}",
        "kind": kind,
        "layer": "bytes",
        "words": words,
        "values": {"latency": "1s"} if kind == "latency" else {},
        "direction": "downstream",
    }
    return FaultPartView(**(made | changes))


def fault(name: str, **changes: Any) -> FaultView:
    """A fault that has been on for twelve seconds."""
    made: dict[str, Any] = {
        "on": True,
        "origin": "topology",
        "target": PAYMENTS,
        "parts": [part()],
        "edges": [PAYMENTS],
        "acting": True,
        "in_force": True,
        "since": NOW - 12,
    }
    made |= changes
    if not made["on"]:
        made |= {"acting": False, "since": None, "remaining": None}
    return FaultView(name=name, **made)


SLOW = fault(
    "slow-payments",
    parts=[
        part(
            words="latency p50 300ms, p99 2s, 50%",
            hits=37,
            percentage=50.0,
            values={"p50": "300ms", "p99": "2s"},
            match={"method": ["POST"], "path": "/charges/*"},
        )
    ],
    hits=37,
    remaining=100.0,
    key="p",
    description="The card processor has a bad day: half of the charges take long.",
)

SOME = (
    SLOW,
    fault(
        "no-mail",
        on=False,
        target="notifications",
        key="n",
        parts=[part("pause", "pause", layer="instance", direction="")],
        edges=["storefront -> notifications"],
        services=["notifications"],
    ),
    fault(
        "flaky-inventory",
        target="* -> inventory",
        acting=False,
        parts=[part("status", "status 503, 10%", layer="http", direction="", hits=4)],
        edges=["orders -> inventory", "storefront -> inventory"],
        hits=4,
        remaining=3_725.0,
        key="1",
    ),
    fault(
        "split-brain",
        target="orders, carts | payments, inventory, shipping",
        parts=[part("refuse", "refuse", direction="")],
        edges=["orders -> payments", "orders -> inventory", "orders -> shipping"],
        on=False,
    ),
    fault(
        "latency-1",
        origin="ad hoc",
        target="catalog",
        parts=[part(words="latency 0s..1s ± 50ms", hits=151_204)],
        edges=["storefront -> catalog", "carts -> catalog"],
        services=["catalog"],
        hits=151_204,
        ramp=30.0,
        in_force=False,
    ),
    fault(
        "status-1",
        origin="lease",
        lease="lease-3",
        target="storefront -> carts",
        parts=[part("status", "status 503", layer="http", hits=2)],
        edges=["storefront -> carts"],
        hits=2,
        remaining=8.0,
    ),
)


def edges(at: float, *, slow: bool) -> tuple[EdgeSignalsView, ...]:
    """What the shop's edges carry at a moment; the counts grow with it."""
    seconds = int(at - NOW + 600)
    since = max(0, int(at - (NOW - 12)))

    def edge(caller: str, callee: str, rps: int, mean: float, p99: float, **changes: Any) -> EdgeSignalsView:
        view = signals(
            caller,
            callee,
            requests=rps * seconds,
            rps=float(rps),
            latency_sum_ms=rps * seconds * mean,
            p50_ms=mean,
            p99_ms=p99,
            series=[rps] * 60,
        )
        return msgspec.structs.replace(view, **changes)

    hurt: dict[str, Any] = {}
    if slow:
        hurt = {
            "latency_sum_ms": 4 * seconds * 42.0 + 4 * since * 700.0,
            "p99_ms": 2140.0,
            "errors": since // 2,
            "eps": 0.5,
            "error_series": [0] * 48 + [0, 1] * 6,
            "faults": ["slow-payments/latency"],
        }
    return (
        edge("shoppers", "storefront", 12, 31.0, 180.0),
        edge("storefront", "orders", 4, 55.0, 310.0),
        edge("orders", "payments", 4, 42.0, 240.0, **hurt),
        edge("orders", "inventory", 6, 4.0, 12.0),
        edge("storefront", "catalog", 21, 3.0, 6.1),
        edge("storefront", "carts", 8, 5.0, 11.0),
    )


def faulty(faults: tuple[FaultView, ...] = SOME, **changes: Any) -> Picture:
    """The shop under these faults."""
    given: dict[str, Any] = {"signals": edges(NOW, slow=True), "faults": faults, "faults_at": NOW} | changes
    return picture(shop().values(), **given)


def remember(app: Dashboard, faults: tuple[FaultView, ...] = SOME) -> None:
    """Let the dashboard have seen the last minute."""
    app.chaos.history = History()
    for back in range(58, 0, -1):
        at = NOW - back
        began = back < 12
        app.chaos.history.note(edges(at, slow=began), faults if began else (), at)


def many() -> tuple[FaultView, ...]:
    """Sixty faults, with names as long as anybody would write."""
    return tuple(
        fault(
            f"決済が遅い-{number}"
            if number % 13 == 4
            else f"a-fault-whose-name-says-all-about-it-{number:02}",
            on=number % 3 == 0,
            target=f"a-service-with-a-long-name-{number} -> another-service-with-a-longer-name",
            remaining=number * 61.0 + 1,
            edges=[],
        )
        for number in range(60)
    )
