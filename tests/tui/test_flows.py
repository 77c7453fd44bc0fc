"""The calls that are kept, and lists that follow them."""

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from meshdev.telemetry.exchange_filter import failed
from meshdev.tui.flows import FlowList, Flows
from meshdev.wire.control import ExchangeView
from support_traffic import call, checkout


def some(first: int, last: int, **changes: object) -> list[ExchangeView]:
    """Calls with these numbers."""
    return [call(seq, "a", "b", **changes) for seq in range(first, last + 1)]


def seqs(calls: Iterable[ExchangeView]) -> list[int]:
    """Their numbers."""
    return [each.seq for each in calls]


def test_the_oldest_go_first_and_leave_their_traces() -> None:
    """A trace without calls is no trace."""
    flows = Flows(capacity=4)
    flows.extend(some(1, 3))
    flows.extend(some(4, 6), lost=2)
    assert seqs(flows) == [3, 4, 5, 6]
    assert [seqs(calls) for calls in flows.traces.values()] == [[3], [4], [5], [6]]
    assert (flows.total, flows.lost, len(flows)) == (6, 2, 4)
    assert seqs(flows.since(4)) == [5, 6]
    assert seqs(flows.since(0)) == [3, 4, 5, 6]


def test_touched_names_each_trace_once() -> None:
    """Those that got calls, and those that lost some."""
    flows = Flows(capacity=6)
    flows.extend(checkout(1))
    [trace] = flows.touched()
    assert flows.touched() == set()
    flows.extend(some(10, 10))
    assert flows.touched() == {trace, f"{10:032x}"}


def test_calls_without_a_parent_are_strays() -> None:
    """By caller and by time."""
    flows = Flows()
    flows.extend([*checkout(1), *some(20, 21)])
    assert {caller: seqs(calls) for caller, calls in flows.stray().items()} == {
        "shoppers": [6],
        "a": [20, 21],
    }


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
