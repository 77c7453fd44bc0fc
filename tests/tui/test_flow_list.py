"""Lists of calls that follow what comes, in an order."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshdev.telemetry.exchange_filter import failed
from meshdev.tui.flow_list import CallOrder, FlowList
from meshdev.tui.flows import Flows
from meshdev.wire.control import ExchangeView
from support_traffic import call


def some(first: int, last: int, **changes: object) -> list[ExchangeView]:
    """Calls with these numbers."""
    return [call(seq, "a", "b", **changes) for seq in range(first, last + 1)]


def seqs(calls: Iterable[ExchangeView]) -> list[int]:
    """Their numbers."""
    return [each.seq for each in calls]


def test_a_list_that_follows_has_what_passes() -> None:
    """What falls out of the ring leaves the list, too."""
    flows = Flows(capacity=4)
    listed = FlowList(flows)
    flows.extend([*some(1, 2), *some(3, 3, status=500)])
    assert seqs(listed.refresh()) == [1, 2, 3]
    listed.narrow(failed)
    assert seqs(listed.calls) == [3]
    flows.extend(some(4, 6, status=503))
    assert seqs(listed.refresh()) == [4, 5, 6]
    flows.extend(some(7, 8))
    assert listed.refresh() == []
    assert seqs(listed.calls) == [5, 6]


def test_a_paused_list_stands_still_and_counts() -> None:
    """Then it takes in what has come meanwhile."""
    flows = Flows(capacity=4)
    listed = FlowList(flows)
    flows.extend(some(1, 2))
    listed.refresh()
    listed.follow(following=False)
    flows.extend(some(3, 9))
    assert listed.refresh() == []
    assert (seqs(listed.calls), listed.waiting) == ([1, 2], 4)
    listed.follow(following=True)
    assert (seqs(listed.calls), listed.waiting) == ([6, 7, 8, 9], 0)


@given(st.lists(st.integers(0, 7), max_size=30), st.integers(1, 12))
def test_a_list_always_has_the_last_calls(batches: list[int], capacity: int) -> None:
    """However they come, and wherever the ring ends."""
    flows = Flows(capacity=capacity)
    listed = FlowList(flows)
    seq = 0
    for size in batches:
        flows.extend(some(seq + 1, seq + size))
        seq += size
        listed.refresh()
        assert seqs(listed.calls) == seqs(flows) == [*range(max(1, seq - capacity + 1), seq + 1)]
        assert sum(map(len, flows.traces.values())) == len(flows)


_ORDERED = {
    CallOrder.ENDED: [1, 2, 3, 4],
    CallOrder.SLOWEST: [2, 4, 3, 1],
    CallOrder.FAILED: [4, 3, 2, 1],
    CallOrder.LARGEST: [1, 4, 3, 2],
    CallOrder.EDGE: [4, 2, 1, 3],
}


@pytest.mark.parametrize("order", CallOrder)
def test_orders(order: CallOrder) -> None:
    """What the order is about comes first; of two alike, the newest."""
    flows = Flows()
    flows.extend(
        [
            call(1, "b", "c", ms=1.0, bytes_out=900),
            call(2, "b", "c", ms=80.0, bytes_out=1, status=404),
            call(3, "x", "a", ms=2.0, bytes_out=20, status=500),
            call(4, "a", "z", ms=2.0, bytes_out=20, status=0, error="refused"),
        ]
    )
    listed = FlowList(flows)
    listed.refresh()
    listed.sort(order)
    assert seqs(listed.calls) == _ORDERED[order]


@given(
    st.lists(st.lists(st.floats(0, 100), max_size=30), max_size=12),
    st.integers(1, 40),
    st.sampled_from(CallOrder),
)
def test_a_sorted_list_has_what_an_unsorted_one_has(
    batches: list[list[float]], capacity: int, order: CallOrder
) -> None:
    """Sorted as if all had come at once, however they come."""
    flows = Flows(capacity=capacity)
    listed, plain = FlowList(flows), FlowList(flows)
    listed.sort(order)
    seq = 0
    for batch in batches:
        flows.extend([call(seq + n, "a", "b", ms=ms) for n, ms in enumerate(batch, 1)])
        seq += len(batch)
        listed.refresh()
        plain.refresh()
    at_once = FlowList(flows)
    at_once.refresh()
    at_once.sort(order)
    assert sorted(seqs(listed.calls)) == seqs(plain.calls)
    assert seqs(listed.calls) == seqs(at_once.calls)


def test_a_flood_is_sorted_too() -> None:
    """All at once, not one by one."""
    flows = Flows()
    listed = FlowList(flows)
    listed.sort(CallOrder.SLOWEST)
    flows.extend([call(seq, "a", "b", ms=float(seq * 7919 % 2003)) for seq in range(1, 2001)])
    listed.refresh()
    assert [each.ms for each in listed.calls] == sorted((each.ms for each in flows), reverse=True)
