"""The last single errors of an edge."""

from meshdev.tui.cells import width_of
from meshdev.tui.graph.failures import MOST, failure_lines, failures_of
from support_traffic import call


def test_the_newest_errors_between_the_two_are_found() -> None:
    """Neither what went well nor what went elsewhere; not more than there is room for."""
    calls = [
        call(1, "orders", "payments", status=503),
        call(2, "orders", "payments"),
        call(3, "orders", "shipping", status=500),
        call(4, "payments", "orders", status=500),
        call(5, "orders", "payments", status=404),
        call(6, "orders", "payments", status=0, error="timeout"),
    ]
    found = failures_of({("orders", "payments")}, reversed(calls))
    assert [each.seq for each in found] == [6, 1]
    many = [call(seq, "a", "b", status=500) for seq in range(1, 100)]
    assert [each.seq for each in failures_of({("a", "b")}, reversed(many))] == [*range(99, 99 - MOST, -1)]


def test_a_failure_says_when_how_and_what_for() -> None:
    """Two lines each, never wider than there is room; nothing for nothing."""
    calls = [
        call(1, "orders", "payments", status=0, error="callee-reset", target="/charges?" + "x" * 80, ms=31.0),
        call(2, "orders", "payments", status=503, by="meshdev", method="POST", target="/charges"),
    ]
    for width in (16, 24, 46):
        narrow = failure_lines(calls, width)
        assert all(sum(width_of(span.text) for span in line) <= width for line in narrow)
    lines = failure_lines(calls, 46)
    said = "\n".join("".join(span.text for span in line) for line in lines)
    for wanted in (
        "Last errors",
        "✕ none",
        "callee-reset",
        "31ms",
        "GET /charges?xxx",
        "✕ 503",
        "by meshdev",
        "POST /charges",
    ):
        assert wanted in said
    assert failure_lines([], 46) == []
