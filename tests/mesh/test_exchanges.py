"""What is remembered of exchanges is bounded, and what is not told is counted."""

from time import perf_counter

from meshdev.mesh.exchanges import MOST_RECENT, MOST_ROUTES, OTHER, Exchanges
from meshdev.traffic.http1_head import RequestHead


def get(target: str) -> RequestHead:
    """A request."""
    return RequestHead(f"GET {target} HTTP/1.1\r\n\r\n".encode())


def test_summaries_beyond_the_bound_are_counted_as_dropped() -> None:
    """The counts are complete all the same."""
    exchanges = Exchanges()
    for _ in range(MOST_RECENT + 5):
        exchanges.record(get("/"), 200, perf_counter(), 1, 2, "a", b"")
    [route], recent, dropped = exchanges.take(1)
    assert route.statuses == (0, 0, MOST_RECENT + 5, 0, 0, 0)
    assert sum(route.latency.values()) == MOST_RECENT + 5
    assert (len(recent), dropped) == (MOST_RECENT, 5)
    assert exchanges.take(1) == ((), (), 0)


def test_routes_beyond_the_bound_are_one() -> None:
    """A caller that makes up paths cannot make telemetry grow, in one frame or over many."""
    exchanges = Exchanges()
    names: set[str] = set()
    for number in range(MOST_ROUTES * 3):
        word = "".join(chr(ord("a") + int(digit)) for digit in str(number))
        exchanges.record(get(f"/{word}"), 404, perf_counter(), 0, 0, "a", b"")
        if number % 50 == 0:
            names |= {route.route for route in exchanges.take(1)[0]}
    names |= {route.route for route in exchanges.take(1)[0]}
    assert OTHER in names
    assert len(names) == MOST_ROUTES + 1


def test_the_span_that_the_caller_told_is_kept() -> None:
    """So that its calls can be joined to a tree; without one there is none."""
    exchanges = Exchanges()
    trace, parent, span = b"4bf92f3577b34da6a3ce929d0e0e4736", b"00f067aa0ba902b7", b"b7ad6b7169203331"
    raw = b"GET / HTTP/1.1\r\nTraceparent: 00-" + trace + b"-" + parent + b"-01\r\n\r\n"
    for head in (RequestHead(raw), get("/")):
        exchanges.record(head, 200, perf_counter(), 1, 2, "a", trace + b"-" + span)
    told = [(exchange.span, exchange.parent) for exchange in exchanges.take(1)[1]]
    assert told == [(span.decode(), parent.decode()), (span.decode(), "")]
