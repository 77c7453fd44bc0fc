"""The window: differences of growing counters, by second, bounded."""

import math

from hypothesis import given
from hypothesis import strategies as st

from meshdev.telemetry.window import SECONDS, Reading, Window


def test_rates_are_over_what_was_asked_for() -> None:
    """Ten requests a second for twenty seconds: ten a second over any stretch of it."""
    window = Window(0.0)
    for second in range(1, 21):
        window.read(Reading(requests=10 * second, failures=second, bytes_in=100 * second), float(second))

    assert window.last(10, 20.0).rate == 10.0
    assert (window.last(5, 20.0).requests, window.last(5, 20.0).failures) == (50, 5)
    assert window.last(60, 20.0).rate == 10.0


def test_an_edge_that_is_young_is_not_measured_against_time_before_it() -> None:
    """Three requests in an edge's first two seconds are 1.5 a second, not 0.3 over ten."""
    window = Window(100.0)
    window.read(Reading(requests=3), 102.0)

    assert window.last(10, 102.0).rate == 1.5


def test_quiet_seconds_take_no_room_and_end_the_rate() -> None:
    """When nothing comes any more, the rate goes to zero by itself."""
    window = Window(0.0)
    window.read(Reading(requests=5), 1.0)

    assert [window.read(Reading(requests=5), float(now)) for now in range(2, 30)] == [False] * 28
    assert window.last(10, 30.0).rate == 0.0


def test_percentiles_are_of_the_stretch() -> None:
    """Slow requests of a minute ago do not stain the last ten seconds."""
    window = Window(0.0)
    window.read(Reading(requests=1, latency={50: 1}), 1.0)
    window.read(Reading(requests=2, latency={50: 1, 10: 1}), 60.0)

    assert window.last(10, 60.0).milliseconds(0.99) == 0.01
    assert window.last(90, 60.0).milliseconds(0.99) == 0.05
    assert window.last(10, 200.0).milliseconds(0.5) is None


def test_counters_that_went_back_begin_anew() -> None:
    """A replaced source of counters never yields negative numbers."""
    window = Window(0.0)
    window.read(Reading(requests=100, latency={5: 100}), 1.0)
    window.read(Reading(requests=3, latency={5: 3}), 2.0)

    assert window.last(10, 2.0).requests == 103


def test_a_series_is_by_second() -> None:
    """One number for each second, the newest last."""
    window = Window(0.0)
    window.read(Reading(requests=2), 1.5)
    window.read(Reading(requests=3), 3.5)

    assert window.series(4, 4.0) == [0, 2, 0, 1]


@given(st.lists(st.tuples(st.integers(0, 50), st.floats(0.1, 40)), max_size=200))
def test_nothing_is_lost_within_the_window_and_nothing_kept_beyond(
    steps: list[tuple[int, float]],
) -> None:
    """The sum over the window is what came in the last fifteen minutes, whatever the rhythm."""
    window = Window(0.0)
    now, total = 0.0, 0
    came: list[tuple[float, int]] = []
    for count, pause in steps:
        now += pause
        total += count
        came.append((now, count))
        window.read(Reading(requests=total), now)

    expected = sum(count for at, count in came if at > now - SECONDS)
    assert window.last(SECONDS, now).requests == expected


def test_failures_have_a_rate_and_a_series() -> None:
    """Of the same seconds as the requests."""
    window = Window(0.0)
    window.read(Reading(requests=4, failures=1), 1.0)
    window.read(Reading(requests=9, failures=4), 2.0)

    assert window.last(10, 2.0).failure_rate == 2.0
    assert window.error_series(3, 2.0) == [0, 1, 3]


def test_it_knows_for_how_long_nothing_has_happened() -> None:
    """For ever when nothing ever did."""
    window = Window(0.0)
    assert window.quiet_for(5.0) == math.inf
    window.read(Reading(requests=1), 6.0)
    window.read(Reading(requests=1), 9.0)
    assert window.quiet_for(9.5) == 3.5
