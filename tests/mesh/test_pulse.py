"""Who does not answer is given up, and nobody else."""

from hypothesis import given
from hypothesis import strategies as st

from meshdev.mesh.pulse import MOST_MISSED, MOST_MISSED_AT_FIRST, STARVED_SECONDS, Pulse


def test_three_beats_without_an_answer_are_enough() -> None:
    """Once it has been heard at all; before that it may take longer."""
    it = Pulse()
    assert [it.beat() for _ in range(MOST_MISSED_AT_FIRST + 1)] == [False] * MOST_MISSED_AT_FIRST + [True]
    it.heard()
    assert [it.beat() for _ in range(MOST_MISSED + 1)] == [False] * MOST_MISSED + [True]


@given(st.lists(st.integers(0, MOST_MISSED), max_size=50))
def test_who_answers_now_and_then_stays(gaps: list[int]) -> None:
    """However long it goes on."""
    it = Pulse()
    it.heard()
    for gap in gaps:
        assert not any(it.beat() for _ in range(gap))
        it.heard()


def test_a_starved_side_gets_ten_times_the_beats() -> None:
    """It cannot answer without a core; but nobody waits for ever."""
    it = Pulse()
    it.heard()
    beats = 0
    while not it.beat(STARVED_SECONDS):
        beats += 1
    assert 25 <= beats <= 31


def test_a_stuck_side_is_found_among_starved_beats() -> None:
    """Beats in which it had a core count in full."""
    it = Pulse()
    it.heard()
    assert [it.beat(waited) for waited in (0.9, 0.0, 0.0, 0.1)] == [False, False, False, True]
