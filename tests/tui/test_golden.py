"""Golden signals of a service from the edges into it, and their cells."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshdev.tui.cells import width_of
from meshdev.tui.golden import HEAT_CELLS, HEAT_TITLE, SPARKS, Golden, Recent, golden_of, heat, spark
from meshdev.tui.tone import Tone
from meshdev.wire.control import LATENCY_BOUNDS_MS
from support_dashboard import NOW, signals

NUMBERS = st.lists(st.integers(min_value=0, max_value=10**6), max_size=70)


def test_rates_add_up_and_the_slowest_caller_counts() -> None:
    """Two callers, one of them slow; edges out of the service don't matter."""
    found = golden_of(
        [
            signals("web", "orders", rps=9.0, eps=0.9, p50_ms=10.0, p99_ms=50.0),
            signals("app", "orders", rps=1.0, eps=0.1, p50_ms=110.0, p99_ms=900.0),
            signals("orders", "payments", rps=99.0),
        ]
    )["orders"]
    assert (found.rps, found.requests, found.p50_ms, found.p99_ms) == (10.0, 200, 20.0, 900.0)
    assert found.error_share == 0.1


def test_connections_are_no_requests() -> None:
    """An edge to a broker says nothing about requests, one that nobody uses says nothing at all."""
    assert golden_of([signals("a", "b", protocol="nats"), signals("a", "c", observed=False)]) == {}


def test_series_that_end_now_are_added_from_their_end() -> None:
    """A caller that came later has a shorter one."""
    found = golden_of([signals("a", "c", series=[1, 2, 3]), signals("b", "c", series=[10])])
    assert found["c"].series == (1, 2, 13)


def test_buckets_are_parted() -> None:
    """They come cumulated."""
    found = golden_of(
        [signals("a", "b", latency_buckets=[1, 4, 4, 9]), signals("c", "b", latency_buckets=[2])]
    )
    assert found["b"].buckets == (3, 3, 0, 5)


def test_a_sparkline_tells_heights_and_failures() -> None:
    """Steps with failed requests are in another tone, silence is a faint line."""
    series = [0] * 30 + [5] * 24 + [10] * 6
    errors = [0] * 54 + [1] + [0] * 5
    spans = spark(Golden(requests=1, series=tuple(series), error_series=tuple(errors)), 5.0)
    assert [(span.text, span.tone) for span in spans] == [
        ("▁▁▁▁▁", Tone.FAINT),
        ("▄▄▄▄", Tone.BUSY),
        ("▆", Tone.BAD),
    ]


def test_what_is_silent_has_no_sparkline() -> None:
    """Nothing rather than a line of nothing."""
    assert spark(Golden(requests=9, series=(0,) * 60), NOW) == ()


@given(NUMBERS, NUMBERS, st.floats(min_value=0, max_value=1e9))
def test_a_sparkline_has_its_width(series: list[int], errors: list[int], now: float) -> None:
    """Whatever came."""
    spans = spark(Golden(series=tuple(series), error_series=tuple(errors)), now)
    assert sum(width_of(span.text) for span in spans) in {0, SPARKS}
    assert bool(spans) == any(series)


@given(NUMBERS)
def test_a_heat_strip_has_its_width(buckets: list[int]) -> None:
    """Each bucket is a cell; one that has anything is not blank."""
    spans = heat(buckets)
    assert len(spans) == (HEAT_CELLS if sum(buckets) else 0)
    for span, count in zip(spans, buckets, strict=False):
        assert (span.text != " ") == (count > 0)


def test_the_heat_strip_is_read_by_its_title() -> None:
    """The words of the title stand over the cells that they name."""
    assert len(HEAT_TITLE) == HEAT_CELLS
    assert LATENCY_BOUNDS_MS[HEAT_TITLE.index("50ms")] == 50.0
    slow = [0] * (HEAT_CELLS - 1) + [7]
    assert [span.tone for span in heat(slow) if span.text == "█"] == [Tone.BAD]


def test_latencies_of_an_hour_ago_are_not_of_now() -> None:
    """What the buckets gained within the last minute counts; a new run begins anew."""
    recent = Recent(span=60.0, samples=6)

    def gained(buckets: tuple[int, ...], now: float) -> tuple[int, ...]:
        return recent.gained({"a": Golden(buckets=buckets)}, now)["a"]

    assert gained((100, 0), 0.0) == (100, 0)
    assert gained((100, 5), 30.0) == (0, 5)
    for step in range(12):
        gained((100, 5 + step), 40.0 + step * 10)
    assert gained((100, 20), 155.0)[0] == 0
    assert gained((100, 20), 155.0)[1] < 20
    assert gained((1, 0), 160.0) == (1, 0)


@pytest.mark.parametrize("now", [0.0, 3.0, 5.9, 59.0])
def test_columns_wander_with_the_clock(now: float) -> None:
    """Within a step of the clock an old second stays in its column."""
    series = [0] * 59 + [9]
    at = int(now) % 6
    shifted = series[at:] + [0] * at  # `at` seconds later it lies further back
    (newest,) = (span.text for span in spark(Golden(series=tuple(shifted)), now)[-1:])
    assert newest[-1] == "▆"
