"""When faults act."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshdev.traffic.faults.schedule import acts, next_change, over, remaining, strength
from meshdev.wire.faults import FaultSchedule

NOW = FaultSchedule()
LATER = FaultSchedule(start_after=10, duration=120)
ROUNDS = FaultSchedule(start_after=1, duration=5, repeat=60, times=2)
EVER = FaultSchedule(duration=5, repeat=60)


@pytest.mark.parametrize(
    ("schedule", "age", "acting", "change", "left"),
    [
        (NOW, 0, True, None, None),
        (NOW, 1e9, True, None, None),
        (LATER, 0, False, 10, 130),
        (LATER, 10, True, 130, 120),
        (LATER, 129.9, True, 130, 0.1),
        (LATER, 130, False, None, 0),
        (ROUNDS, 0, False, 1, 66),
        (ROUNDS, 1, True, 6, 65),
        (ROUNDS, 6, False, 61, 60),
        (ROUNDS, 61, True, 66, 5),
        (ROUNDS, 66, False, None, 0),
        (ROUNDS, 200, False, None, 0),
        (EVER, 6, False, 60, None),
        (EVER, 6000, True, 6005, None),
        (FaultSchedule(duration=60, repeat=60), 30, True, None, None),
        (FaultSchedule(duration=90, repeat=60, times=2), 30, True, 120, 90),
    ],
)
def test_a_schedule(
    schedule: FaultSchedule, age: float, *, acting: bool, change: float | None, left: float | None
) -> None:
    """Whether it acts, when that changes next, and how long it has left."""
    assert acts(schedule, age) is acting
    assert next_change(schedule, age) == change
    assert remaining(schedule, age) == (None if left is None else pytest.approx(left))
    assert over(schedule, age) is (not acting and change is None)


SCHEDULES = st.builds(
    FaultSchedule,
    start_after=st.integers(0, 20).map(float),
    duration=st.none() | st.integers(1, 20).map(float),
    repeat=st.none() | st.integers(1, 20).map(float),
    times=st.integers(0, 3),
)


@given(SCHEDULES, st.integers(0, 400))
def test_nothing_changes_between_changes(schedule: FaultSchedule, quarter: int) -> None:
    """Up to the next change that is foretold, and for ever when none is, it acts or not as it does now."""
    age = quarter / 4
    change = next_change(schedule, age)
    until = age + 100 if change is None else change
    assert change is None or change > age
    steps = [age + (until - age) * step / 50 for step in range(50)]
    assert {acts(schedule, step) for step in steps} == {acts(schedule, age)}


def test_a_ramp_begins_with_the_start_and_stays() -> None:
    """From 0 to 1 over its length."""
    schedule = FaultSchedule(start_after=10, ramp=20)
    assert [strength(schedule, age) for age in (0, 10, 20, 30, 99)] == [0, 0, 0.5, 1, 1]
    assert strength(NOW, 0) == 1
