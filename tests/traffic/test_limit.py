"""So many at a time, and no more."""

from hypothesis import given
from hypothesis import strategies as st

from meshdev.traffic.limit import Limit


@given(st.integers(0, 5), st.lists(st.booleans(), max_size=60))
def test_never_more_than_the_most(most: int, steps: list[bool]) -> None:
    """Whatever comes and goes."""
    it = Limit(most)
    for comes in steps:
        if comes:
            before = it.taken
            assert it.take() is (before < most)
        elif it.taken:
            it.give_back()
        assert 0 <= it.taken <= most


def test_lowering_it_waits_for_what_is_under_way() -> None:
    """Only then are new ones let in again."""
    it = Limit(3)
    assert [it.take() for _ in range(3)] == [True] * 3
    it.most = 1
    it.give_back()
    it.give_back()
    assert not it.take()
    it.give_back()
    assert it.take()
