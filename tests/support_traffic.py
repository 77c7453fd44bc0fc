"""Calls over the shop's edges for the tests of Traffic and Traces: a checkout with its hops, broken ones, a flood."""

from dataclasses import replace

import msgspec

from meshdev.tui.model import Picture
from meshdev.wire.control import ExchangeView
from support_dashboard import NOW, healthy, signals


def call(seq: int, caller: str, callee: str, /, **changes: object) -> ExchangeView:
    """A quick call that went well, a tenth of a second after the one before it."""
    view = ExchangeView(
        seq=seq,
        at=NOW - 60 + seq / 10,
        caller=caller,
        callee=callee,
        method="GET",
        target="/",
        status=200,
        ms=3.2,
        bytes_in=180,
        bytes_out=1420,
        instance=f"{callee}-0@1",
        trace=f"{seq:032x}",
        span=f"{seq:016x}",
    )
    return msgspec.structs.replace(view, **changes)


def checkout(seq: int = 1, *, at: float = NOW - 30, declined: bool = False) -> list[ExchangeView]:
    """One purchase over six hops, as they are told: by their ends. With ``declined`` the card is not accepted."""
    trace = f"4bf92f3577b34da6a3ce9{seq:011x}"
    hops: list[tuple[str, str, str, str, float, float, int, int]] = [
        ("carts", "storefront", "GET", "/carts/c-17", 4.0, 6.5, 1, 200),
        ("inventory", "orders", "POST", "/reservations", 16.0, 22.0, 2, 201),
        ("payments", "orders", "POST", "/charges", 41.0, 130.0, 2, 402 if declined else 201),
        ("shipping", "orders", "POST", "/parcels", 172.0, 12.0, 2, 503 if declined else 201),
        ("orders", "storefront", "POST", "/orders?customer=ada&express=yes", 12.0, 178.0, 1, 201),
        ("storefront", "shoppers", "POST", "/checkout", 0.0, 200.0, 0, 502 if declined else 200),
    ]
    spans = {name: f"{seq:08x}{number:08x}" for number, (name, *_) in enumerate(hops, 1)}
    calls = []
    for number, (callee, caller, method, target, begin, ms, depth, status) in enumerate(hops):
        calls.append(
            call(
                seq + number,
                caller,
                callee,
                at=at + begin / 1000,
                method=method,
                target=target,
                ms=ms,
                status=status,
                trace=trace,
                span=spans[callee],
                parent=spans[caller] if depth else "",
                error="callee-reset" if status == 503 else "",
                retries=2 if status == 503 else 0,
            )
        )
    return calls


def healthy_traffic() -> list[ExchangeView]:
    """Pages, carts, checkouts; all well."""
    calls: list[ExchangeView] = []
    pages = ("/", "/products", "/products/mug-blue", "/search?q=%E8%8C%B6", "/health")
    while len(calls) < 90:
        seq = len(calls) + 1
        if seq % 15 == 1:
            calls += checkout(seq, at=NOW - 60 + seq / 10)
            continue
        page = pages[seq % len(pages)]
        trace = f"0af7651916cd43dd8448eb21{seq:08x}"
        front = call(seq + 1, "outside", "storefront", target=page, ms=1.5 + seq % 40, trace=trace)
        behind = call(
            seq,
            "storefront",
            "catalog",
            target=page,
            at=front.at + 0.0004,
            ms=0.6 + seq % 30,
            trace=trace,
            parent=front.span,
            bytes_out=900 * seq,
        )
        calls += [behind, front]
    return calls


def broken_traffic() -> list[ExchangeView]:
    """Everything that can go wrong, among calls that go well."""
    calls = healthy_traffic()
    seq = len(calls) + 1
    calls += checkout(seq, at=NOW - 48, declined=True)
    seq += 100
    wrong: list[dict[str, object]] = [
        {"status": 0, "error": "refused", "instance": "", "ms": 0.4},
        {"status": 504, "error": "timeout", "by": "meshdev", "ms": 2000.0, "retries": 1},
        {"status": 503, "error": "circuit-open", "by": "meshdev", "ms": 0.05, "instance": ""},
        {"status": 200, "error": "callee-reset", "ms": 48.0},
        {"status": 500, "faults": ["slow-payments"], "ms": 812.0},
        {"status": 200, "hedged": True, "ms": 61.0},
        {"status": 404, "target": "/charges/does-not-exist"},
        {"status": 304, "target": "/assets/logo.svg", "bytes_out": 0},
    ]
    for number, changes in enumerate(wrong):
        calls.append(call(seq + number, "orders", "payments", **changes))
    return calls


def flood(count: int = 25_000) -> list[ExchangeView]:
    """More than are kept; some with names and paths that no column holds."""
    long = "a-service-whose-name-is-as-long-as-anybody-would-ever-write-it"
    calls = []
    for seq in range(1, count + 1):
        caller, callee = (
            ("outside", long)
            if seq % 7 == 3
            else ("storefront", "決済サービス")
            if seq % 7 == 5
            else ("storefront", "catalog")
        )
        target = "/" + "very/long/path/" * 20 if seq % 5 == 2 else f"/products/{seq}"
        calls.append(
            call(seq, caller, callee, target=target, at=NOW - 30 + seq / 1000, ms=0.2 * 1.7 ** (seq % 18))
        )
    return calls


def with_ports(picture: Picture | None = None) -> Picture:
    """The shop with figures for its edges, so that there are ports to call."""
    edges = (
        signals("shoppers", "storefront", port=8080, rps=12.0, p50_ms=8.0, p99_ms=210.0),
        signals("outside", "storefront", port=8080, rps=2.0, p50_ms=8.0, p99_ms=90.0),
        signals("storefront", "catalog", port=41001, rps=12.0, p50_ms=2.0, p99_ms=31.0),
        signals("storefront", "orders", port=41002, rps=1.0, p50_ms=120.0, p99_ms=240.0),
        signals("orders", "payments", port=41003, rps=1.0, p50_ms=80.0, p99_ms=190.0),
    )
    return replace(picture or healthy(), signals=edges)
