"""Whom faults hit: matches, counts, percentages, ramps, and decisions that can be repeated."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshdev.traffic.faults.draws import Draws
from meshdev.traffic.faults.edge import EdgeFaults
from meshdev.traffic.faults.exchange import plan_of
from meshdev.traffic.http1_head import RequestHead
from support_faults import ON, edge_faults, specs


@dataclass
class Call:
    """A request in short."""

    method: str = "GET"
    path: str = "/"
    headers: dict[str, str] = field(default_factory=dict)

    def head(self) -> RequestHead:
        """Its head."""
        lines = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
        return RequestHead(f"{self.method} {self.path} HTTP/1.1\r\n{lines}\r\n".encode())


def hits(edge: EdgeFaults, *calls: Call, now: float = ON) -> list[bool]:
    """Which of these calls some fault hits."""
    return [plan_of(edge, call.head(), now, opened=ON) is not None for call in calls]


@pytest.mark.parametrize(
    ("match", "call", "hit"),
    [
        ({"method": "POST"}, Call("POST"), True),
        ({"method": ["post", "PUT"]}, Call("PUT"), True),
        ({"method": "POST"}, Call("GET"), False),
        ({"path": "/charges/*"}, Call(path="/charges/1?x=/"), True),
        ({"path": "/charges/*"}, Call(path="/charges/1/items"), False),
        ({"path": "/charges/**"}, Call(path="/charges/1/items"), True),
        ({"path": "/a.b"}, Call(path="/aXb"), False),
        ({"header": {"X-User": "test-*"}}, Call(headers={"x-user": "test-1/2"}), True),
        ({"header": {"x-user": "test-*"}}, Call(headers={"x-user": "other"}), False),
        ({"header": "x-user"}, Call(headers={"x-user": "anything"}), True),
        ({"header": "x-user"}, Call(), False),
        ({"caller": "ord*"}, Call(), True),
        ({"caller": "storefront"}, Call(), False),
    ],
)
def test_match(match: dict[str, Any], call: Call, *, hit: bool) -> None:
    """Method, path, header and caller."""
    assert hits(edge_faults({"status": 500, "match": match}), call) == [hit]


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        ({"first": 2}, "XX......"),
        ({"after": 3}, "...XXXXX"),
        ({"every": 3}, "..X..X.."),
        ({"after": 1, "every": 2, "first": 4}, "..X.X..."),
        ({"times": 2, "every": 2}, ".X.X...."),
        ({"once": True}, "X......."),
    ],
)
def test_counts(match: dict[str, Any], expected: str) -> None:
    """First, after, every, times and once, also together."""
    edge = edge_faults({"status": 500, "match": match})
    assert "".join("X" if hit else "." for hit in hits(edge, *[Call()] * 8)) == expected


def test_what_does_not_match_is_not_counted() -> None:
    """Only requests that are meant take an ordinal."""
    edge = edge_faults({"status": 500, "match": {"path": "/a", "every": 2}})
    assert hits(edge, Call(path="/a"), Call(path="/b"), Call(path="/a")) == [False, False, True]


@given(st.integers(0, 2**32), st.integers(0, 100))
def test_the_same_seed_decides_the_same_whoever_else_is_there(seed: int, percentage: int) -> None:
    """Other faults, and what was decided in other runs, change nothing."""
    table = {"status": 500, "percentage": percentage, "seed": seed}
    alone = edge_faults(table)
    crowd = edge_faults(table, {"delay": "1s", "percentage": 50, "seed": seed})
    calls = [Call().head()] * 30
    first = [
        "a/status" in (plan.hits if (plan := plan_of(alone, head, ON, opened=ON)) else []) for head in calls
    ]
    second = [
        "a/status" in (plan.hits if (plan := plan_of(crowd, head, ON, opened=ON)) else []) for head in calls
    ]
    assert first == second


def test_delay_and_abort_are_independent() -> None:
    """Half and half meet on about a quarter."""
    edge = edge_faults({"delay": "1s", "status": 500, "percentage": 50})
    plans = [plan_of(edge, Call().head(), ON, opened=ON) for _ in range(4000)]
    both = sum(1 for plan in plans if plan is not None and plan.delay and plan.answer)
    assert 880 < both < 1120


@pytest.mark.parametrize("percentage", [0, 0.1, 1, 10, 50, 90, 100])
def test_percentages_are_what_was_asked_for(percentage: float) -> None:
    """Within four standard deviations of 20,000 requests."""
    edge = edge_faults({"status": 500, "percentage": percentage})
    head = Call().head()
    count = sum(plan_of(edge, head, ON, opened=ON) is not None for _ in range(20_000))
    share = percentage / 100
    assert abs(count - 20_000 * share) <= 4 * (20_000 * share * (1 - share)) ** 0.5


def test_draws_are_even() -> None:
    """A draw is uniform in [0, 1), and draws of different names and ordinals have nothing to do with each other."""
    draws = Draws(1, "a -> b", "x/latency")
    values = [draws.about(ordinal).uniform("hit") for ordinal in range(1, 5001)]
    assert all(0 <= value < 1 for value in values)
    assert abs(sum(values) / 5000 - 0.5) < 0.02
    other = [draws.about(ordinal).uniform("delay") for ordinal in range(1, 5001)]
    products = sum((a - 0.5) * (b - 0.5) for a, b in zip(values, other, strict=True)) / 5000
    assert abs(products) < 0.005
    assert Draws(1, "a -> b", "x/latency").about(7).uniform("hit") == values[6]


def test_a_known_draw() -> None:
    """Draws are the same in every version: people keep seeds."""
    assert Draws(7, "orders -> payments", "slow/latency").about(1).uniform("hit") == 0.8009377417514855


def test_curves_have_the_percentiles_that_were_asked_for() -> None:
    """p50 and p99 of a drawn latency."""
    edge = edge_faults({"delay": {"p50": "300ms", "p99": "2s"}})
    delays = sorted(
        plan.delay for _ in range(20_000) if (plan := plan_of(edge, Call().head(), ON, opened=ON))
    )
    assert 0.29 < delays[10_000] < 0.31
    assert 1.8 < delays[19_800] < 2.2


def test_ramps() -> None:
    """A range grows, a figure grows from nothing, and what cannot grow gets more frequent."""
    grows = edge_faults({"delay": "1s..3s", "ramp": "10s"})
    nothing = edge_faults({"delay": "2s", "ramp": "10s"})
    often = edge_faults({"status": 500, "ramp": "10s"})
    for age, first, second in ((0, 1.0, 0.0), (5, 2.0, 1.0), (10, 3.0, 2.0), (99, 3.0, 2.0)):
        plans = [plan_of(edge, Call().head(), ON + age, opened=ON) for edge in (grows, nothing)]
        assert [plan.delay for plan in plans if plan] == [pytest.approx(first), pytest.approx(second)]
    counts = [sum(hits(often, *[Call()] * 400, now=ON + age)) for age in (0, 5, 10)]
    assert (counts[0], counts[2]) == (0, 400)
    assert 150 < counts[1] < 250


def test_a_changed_fault_goes_on_and_one_that_was_switched_anew_begins_anew() -> None:
    """Ordinals and hits live as long as the fault is on."""
    edge = edge_faults({"status": 500, "times": 2})
    assert hits(edge, *[Call()] * 3) == [True, True, False]
    edge.adopt(specs({"status": 501, "times": 3}), ON)
    assert hits(edge, Call(), Call()) == [True, False]
    edge.adopt(specs({"status": 501, "times": 3}, since=ON + 1), ON + 1)
    assert hits(edge, Call(), now=ON + 1) == [True]
    assert edge.take_hits() == {"a/status": 4}
