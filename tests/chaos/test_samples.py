"""Calls as samples: requests, and operations of other protocols."""

import pytest

from meshdev.chaos.samples import sample_of
from support_traffic import call


@pytest.mark.parametrize(
    ("changes", "route", "seconds"),
    [
        ({"target": "/orders/17"}, "GET /orders/{id}", 0.0032),
        ({"method": "UPDATE", "target": "stock", "protocol": "postgres"}, "UPDATE stock", 0.0032),
        ({"method": "BEGIN", "target": "", "protocol": "postgres"}, "BEGIN", 0.0032),
        ({"method": "PUB", "target": "order.7", "protocol": "nats", "ms": 0.0}, "PUB order.7", None),
    ],
)
def test_routes_and_latencies(changes: dict[str, object], route: str, seconds: float | None) -> None:
    """As `edges` and `traffic` have them; what nobody answers has no latency."""
    found = sample_of(call(1, "orders", "db", **changes))
    assert (found.route, found.seconds) == (route, seconds)


@pytest.mark.parametrize(
    ("status", "failed"), [(200, False), (400, False), (500, True), (0, True)]
)  # fmt: skip
def test_an_operation_that_a_fault_hit(status: int, failed: object) -> None:
    """It is struck; it has failed when the callee did, or nobody answered."""
    found = sample_of(
        call(1, "orders", "db", status=status, protocol="postgres", faults=["a/sql-error"], by="meshdev")
    )
    assert (found.struck, found.by_mesh, found.failed) == (True, True, failed)
