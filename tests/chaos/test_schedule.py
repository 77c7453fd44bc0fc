"""The absolute schedule of the load, and whose turn it is."""

from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshdev.chaos.schedule import Schedule, filled, rotation
from meshdev.topology.experiment import LoadRequest

rates = st.floats(0.1, 1000)


@given(rates, rates, st.floats(0.1, 60), st.integers(0, 5000))
def test_as_many_are_due_as_the_rate_has_it(rate: float, end: float, ramp: float, ordinal: int) -> None:
    """The area under the rate up to a request's time is the request's number."""
    at = Schedule(rate, end, ramp).due(ordinal)
    within = min(at, ramp)
    area = rate * within + (end - rate) * within * within / (2 * ramp) + end * (at - within)
    assert area == pytest.approx(ordinal, rel=1e-6, abs=1e-6)


@given(st.floats(0, 100), rates, st.floats(0.1, 60))
def test_times_never_go_back(rate: float, end: float, ramp: float) -> None:
    """Each request is due after the one before."""
    schedule = Schedule(rate, end, ramp)
    assert all(early <= late for early, late in pairwise(map(schedule.due, range(300))))


@given(st.lists(st.integers(1, 5), min_size=1, max_size=5))
def test_each_sort_comes_as_often_as_its_weight(weights: list[int]) -> None:
    """In every round of all weights together each sort comes exactly so often, and turns count up without a gap."""
    requests = [LoadRequest(path=f"/{index}", weight=weight) for index, weight in enumerate(weights)]
    rounds = 3
    turns = list(islice(rotation(requests), rounds * sum(weights)))
    for request, weight in zip(requests, weights, strict=True):
        assert [turn.turn for turn in turns if turn.request is request] == list(range(rounds * weight))


def test_sorts_of_the_same_weight_alternate() -> None:
    """A cart is filled before it is ordered: the first one's n-th turn comes before the second one's."""
    first, second = LoadRequest(path="/cart"), LoadRequest(path="/checkout")
    turns = [(turn.request.path, turn.turn) for turn in islice(rotation([first, second]), 4)]
    assert turns == [("/cart", 0), ("/checkout", 0), ("/cart", 1), ("/checkout", 1)]


def test_braces_that_mean_nothing_stay() -> None:
    """JSON bodies need no escaping."""
    assert filled('{"a": {"id": {turn}}}', 3, "x") == '{"a": {"id": 3}}'
