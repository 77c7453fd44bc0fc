"""Routes are guessed so that their number stays small and their names stay readable."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshdev.traffic.route import route_of


@pytest.mark.parametrize(
    ("target", "route"),
    [
        (b"/", "/"),
        (b"*", "*"),
        (b"/orders", "/orders"),
        (b"/orders/17?full=1", "/orders/{id}"),
        (b"/orders/550e8400-e29b-41d4-a716-446655440000/lines/3", "/orders/{id}/lines/{id}"),
        (b"/carts/01ARZ3NDEKTSV4RRFFQ69G5FAV", "/carts/{id}"),
        (b"/blobs/da39a3ee5e6b4b0d3255bfef95601890afd80709", "/blobs/{id}"),
        (b"/v1/orders/order-1042", "/v1/orders/{id}"),
        (b"/users/ada%40example.org", "/users/{id}"),
        (b"/reports/2026-11-22", "/reports/{id}"),
        (b"/order-history/health", "/order-history/health"),
        (b"/assets/app.css", "/assets/app.css"),
        (b"http://payments/charges/9", "/charges/{id}"),
        (b"http://payments", "/"),
        (b"/a" * 30, "/a" * 12 + "/..."),
    ],
)
def test_routes(target: bytes, route: str) -> None:
    """What people would write in their router."""
    assert route_of(target) == route


@given(st.binary(max_size=400))
def test_any_target_has_a_short_route(target: bytes) -> None:
    """Never an exception, never longer than the bound."""
    assert len(route_of(target)) <= 160
