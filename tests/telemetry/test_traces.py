"""Calls become trees, whatever is missing, late or wrong."""

from collections.abc import Sequence
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from meshdev.telemetry.traces import Hop, Join, Trace, answering, assemble, end_of, summarise, untraced
from meshdev.wire.control import ExchangeView

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def call(
    caller: str, callee: str, at: float, ms: float, span: str = "", parent: str = "", status: int = 200
) -> ExchangeView:
    """One call; ``at`` in milliseconds, which number it too."""
    return ExchangeView(
        seq=int(at * 1000),
        at=1000.0 + at / 1000.0,
        caller=caller,
        callee=callee,
        method="GET",
        target="/",
        status=status,
        ms=ms,
        bytes_in=1,
        bytes_out=1,
        trace=TRACE,
        span=span,
        parent=parent,
    )


CHECKOUT = (
    call("outside", "front", 0, 100, "s1"),
    call("front", "carts", 10, 20, "s2", "s1"),
    call("front", "orders", 40, 50, "s3", "s1"),
    call("orders", "payments", 45, 30, "s4", "s3", 503),
    call("orders", "stock", 46, 10, "s5", "s3"),
)


def drawn(trace: Trace) -> list[str]:
    """The tree, one line a call."""
    return ["  " * hop.depth + hop.call.callee for hop in trace.hops]


@pytest.mark.parametrize("seed", range(5))
def test_a_tree_is_joined_by_spans_in_whatever_order_the_calls_came(seed: int) -> None:
    """Exchanges are told when they end: the root comes last."""
    calls = [*CHECKOUT]
    Random(seed).shuffle(calls)
    trace = assemble(calls)
    assert drawn(trace) == ["front", "  carts", "  orders", "    payments", "    stock"]
    assert (trace.roots, trace.guessed) == (1, 0)
    summary = trace.summary
    assert (summary.root.callee, summary.spans, summary.services, summary.errors) == ("front", 5, 5, 1)
    assert summary.ms == pytest.approx(100)
    assert summary == summarise(calls)


def test_the_critical_path_is_what_the_root_waited_for() -> None:
    """Stock ran beside payments and was done earlier: making it faster would not help."""
    critical = {hop.call.callee for hop in assemble(CHECKOUT).hops if hop.critical}
    assert critical == {"front", "carts", "orders", "payments"}


def test_own_time_is_what_no_child_took() -> None:
    """Children that run at once are counted once."""
    own = {hop.call.callee: round(hop.own_ms) for hop in assemble(CHECKOUT).hops}
    assert own == {"front": 30, "carts": 20, "orders": 20, "payments": 30, "stock": 10}


def test_a_span_that_nobody_saw_is_bridged_by_time() -> None:
    """A service with an SDK names its own span; the call to it that was under way is the parent."""
    calls = [*CHECKOUT[:3], call("orders", "payments", 45, 30, "s4", "its-own")]
    trace = assemble(calls)
    assert drawn(trace)[-2:] == ["  orders", "    payments"]
    assert trace.hops[-1].join is Join.TIME
    assert trace.guessed == 1


def test_work_that_nobody_waited_for_hangs_below_what_began_it() -> None:
    """A saga goes on after the order was answered; calls that name the same unseen span hang together."""
    saga = [
        call("front", "orders", 0, 50, "s1"),
        call("orders", "carts", 10, 5, "s2", "http"),
        call("front", "orders", 60, 20, "s3", "x"),
        call("orders", "stock", 70, 30, "s4", "http"),
        call("orders", "mail", 120, 5, "s5", "later"),
    ]
    trace = assemble(saga)
    assert drawn(trace) == ["orders", "  carts", "  stock", "orders", "  mail"]


def test_a_call_whose_parent_was_lost_is_a_root() -> None:
    """Nothing of it is hidden."""
    trace = assemble([CHECKOUT[0], CHECKOUT[3]])
    assert drawn(trace) == ["front", "payments"]
    assert trace.roots == 2


def test_ids_that_name_each_other_are_cut_at_the_first_call() -> None:
    """And a call that names itself is a root."""
    circle = [
        call("a", "b", 0, 10, "s1", "s2"),
        call("b", "a", 1, 5, "s2", "s1"),
        call("b", "c", 2, 1, "s3", "s3"),
    ]
    assert drawn(assemble(circle)) == ["b", "  a", "c"]


def test_a_child_may_outlive_its_parent() -> None:
    """Work that was not waited for has a place, and no share in the parent's waiting beyond its end."""
    trace = assemble([call("x", "a", 0, 10, "s1"), call("a", "b", 5, 50, "s2", "s1")])
    assert trace.hops[0].own_ms == pytest.approx(5)
    assert trace.summary.ms == pytest.approx(55)


@pytest.mark.parametrize("shape", ["deep", "wide", "alike"])
def test_ten_thousand_spans_are_no_trouble(shape: str) -> None:
    """Neither recursion nor squares."""
    count = 10_000
    parents = {
        "deep": [f"s{number - 1}" for number in range(count)],
        "wide": ["s0"] * count,
        "alike": [f"unseen{number}" for number in range(count)],
    }[shape]
    calls = [
        call("a", "a", number / 1000, count / 500 - number / 500, f"s{number}", parent if number else "")
        for number, parent in enumerate(parents)
    ]
    trace = assemble(calls)
    assert len(trace.hops) == count
    assert max(hop.depth for hop in trace.hops) == {"deep": count - 1, "wide": 1, "alike": count - 1}[shape]


def test_a_service_that_does_not_pass_the_trace_on_is_found() -> None:
    """Its calls began traces of their own while it answered; who passed the trace on is not blamed."""
    stray = call("orders", "payments", 45, 30, "p1")
    later = call("orders", "payments", 300, 30, "p2")
    other = call("front", "ads", 20, 5, "p3")
    roots = {"orders": [stray, later], "front": [other]}
    assert untraced(CHECKOUT[:3], roots) == {"orders": 1}
    assert answering(stray, CHECKOUT[:3]) == CHECKOUT[2]
    assert answering(later, CHECKOUT[:3]) is None
    assert answering(CHECKOUT[1], CHECKOUT[:3]) is None


names = st.sampled_from(["a", "b", "c", "d"])
ids = st.sampled_from(["", *(f"s{number}" for number in range(12))])
whatever = st.lists(
    st.builds(
        call,
        names,
        names,
        st.integers(0, 200).map(float),
        st.floats(0, 100),
        ids,
        ids,
        st.sampled_from([0, 200, 500]),
    ),
    min_size=1,
    max_size=30,
)


def nested(hops: Sequence[Hop]) -> bool:
    """Whether the depths are those of a walk through trees."""
    return all(
        second.depth <= first.depth + 1 and (second.depth > 0) == (second.join is not Join.ROOT)
        for first, second in pairwise(hops)
    )


@given(whatever)
def test_every_call_has_exactly_one_place(calls: list[ExchangeView]) -> None:
    """None is lost or doubled, whatever the ids say; the order in which they came makes no difference."""
    trace = assemble(calls)
    assert sorted(id(hop.call) for hop in trace.hops) == sorted(id(call) for call in calls)
    assert nested(trace.hops)
    assert trace.hops[0].depth == 0
    assert any(hop.critical for hop in trace.hops)
    assert sum(hop.children for hop in trace.hops) == len(calls) - trace.roots


@given(whatever)
def test_times_stay_within_the_trace(calls: list[ExchangeView]) -> None:
    """Waiting lies within the call, apart and sorted; the own time is between nothing and all."""
    trace = assemble(calls)
    for hop in trace.hops:
        assert 0.0 <= hop.own_ms <= hop.call.ms + 1e-6
        edges = [edge for interval in hop.waits for edge in interval]
        assert edges == sorted(edges)
        assert all(hop.call.at <= edge <= end_of(hop.call) for edge in edges)
        assert trace.summary.start <= hop.call.at
        assert end_of(hop.call) <= trace.summary.end


def message(
    kind: str, caller: str, at: float, ms: float = 0.0, *, topic: str = "order.placed"
) -> ExchangeView:
    """A message that names the span of the handler that published it, which nobody saw."""
    view = call(caller, "events", at, ms, parent="own")
    return replace(view, kind=kind, target=topic, method="MSG", protocol="nats")


def test_a_delivery_hangs_below_the_publishing_and_the_handler_s_calls_below_the_delivery() -> None:
    """From the click to the e-mail."""
    calls = (
        call("outside", "orders", 0, 20, "s1"),
        message("publish", "orders", 30, 2),
        message("publish", "orders", 31, 2, topic="order.paid"),
        message("deliver", "mail", 40),
        message("deliver", "history", 41),
        call("mail", "smtp", 45, 5, "s2", "handler"),
    )
    trace = assemble(calls)
    assert [("  " * hop.depth + " → ".join(hop.call.ends)) for hop in trace.hops] == [
        "outside → orders",
        "  orders → events",
        "    events → mail",
        "      mail → smtp",
        "    events → history",
        "  orders → events",
    ]
    assert trace.roots == 1
    assert trace.summary.root.callee == "orders"


def test_an_operation_without_a_span_is_nobody_s_parent() -> None:
    """A root names no parent, and must not be taken for its child."""
    calls = (call("outside", "front", 0, 20, "s1"), call("front", "db", 5, 2, parent="s1"))
    assert summarise(calls).root.callee == "front"
