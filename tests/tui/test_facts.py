"""The details pane."""

import pytest

from meshdev.tui.cells import width_of
from meshdev.tui.facts import facts_of
from meshdev.tui.model import Picture
from support_dashboard import NOW, broken, healthy, many


def said(shown: Picture, name: str, width: int = 60) -> str:
    """The pane's text."""
    view = shown.service(name)
    assert view is not None
    return "\n".join("".join(span.text for span in line) for line in facts_of(shown, view, NOW, width))


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        (
            "payments",
            ["✕ gave up for 8s", "KeyError: 'PAYMENTS_SECRET'", "gen 6", "exit code 1", "Restarts  5"],
        ),
        ("inventory", ["▲ unhealthy", "✕ failed", "4 in a row", "503 database is locked"]),
        (
            "orders",
            ["orders-1 gen 1", "↺ rolled back 45s ago", "orders/saga.py", "SyntaxError", "● storefront"],
        ),
        ("orders", ["Calls and needs", "brokers.events  uses", "✕ payments"]),
        ("storefront", ["http://127.0.0.1:8080", "Team", "web", "Called and needed by", "○ shoppers"]),
        ("brokers.events", ["Kind", "broker", "pid 41467  port"]),
        ("shipping", ["↻ backoff", "restarts in 3.2 s"]),
    ],
)
def test_what_is_known_is_said(name: str, parts: list[str]) -> None:
    """State, why, instances, last probe, last reload, edges."""
    text = said(broken(), name)
    for part in parts:
        assert part in text


@pytest.mark.parametrize("width", [24, 40, 60, 100])
def test_no_line_is_wider_than_the_pane(width: int) -> None:
    """Long names and reasons are wrapped or cut."""
    for shown in (broken(), healthy(), many(40)):
        for view in shown.services:
            for line in said(shown, view.name, width).splitlines():
                assert width_of(line) <= max(width, 34)
