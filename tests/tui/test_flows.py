"""The calls that are kept."""

from collections.abc import Iterable

from msgspec.structs import replace

from meshdev.tui.flows import Flows
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
    """By caller and by time; a statement or a message is none, since it mostly cannot name a parent."""
    flows = Flows()
    flows.extend([*checkout(1), *some(20, 21), *(replace(call, protocol="nats") for call in some(30, 30))])
    assert {caller: seqs(calls) for caller, calls in flows.stray().items()} == {
        "shoppers": [6],
        "a": [20, 21],
    }
