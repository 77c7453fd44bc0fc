"""A waterfall's lines fit, and its bars stand where the calls were."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshdev.telemetry.traces import assemble
from meshdev.tui.cells import width_of
from meshdev.tui.waterfall import Frame, aboves, axis_of, bar_spans, line_of, notes_of
from support_traffic import call, checkout


def bar(number: int, cells: int) -> str:
    """The bar of the line with that number of a checkout."""
    trace = assemble(checkout())
    return "".join(span.text for span in bar_spans(trace, trace.hops[number], cells))


def test_bars_are_in_proportion_and_show_the_waiting() -> None:
    """200 ms over 40 cells; orders (12 to 190 ms) waits for three calls."""
    assert bar(0, 40) == "━" + "─" * 37 + "━━"
    assert bar(2, 40) == "  ━" + "─" * 34 + "━  "
    assert bar(4, 40) == " " * 8 + "━" * 26 + " " * 6


def test_a_call_far_shorter_than_a_cell_is_seen() -> None:
    """At the very end, too."""
    calls = [
        call(1, "a", "b", at=0.0, ms=1000.0, span="1" * 16, trace="t"),
        call(2, "b", "c", at=0.9999, ms=0.01, parent="1" * 16, trace="t"),
    ]
    trace = assemble(calls)
    assert "".join(span.text for span in bar_spans(trace, trace.hops[1], 20)) == " " * 19 + "━"


@given(st.integers(1, 250), st.integers(0, 40), st.text(max_size=30), st.floats(0, 1e7))
def test_every_line_has_the_same_width(width: int, depth: int, name: str, ms: float) -> None:
    """Whatever names, depths and durations."""
    calls = [
        call(
            number,
            name if number else "x",
            name,
            ms=ms / (number + 1),
            target="/" + name,
            span=f"s{number}",
            parent=f"s{number - 1}",
            trace="t",
        )
        for number in range(depth + 1)
    ]
    trace = assemble(calls)
    frame = Frame.over(width, trace)
    widths = {
        sum(width_of(span.text) for span in line_of(trace, hop, frame, above))
        for hop, above in zip(trace.hops, aboves(trace.hops), strict=True)
    }
    assert len(widths) == 1
    if width >= 22 + 16:  # else the columns alone are wider
        assert widths <= {*range(width + 1)}
        assert sum(width_of(span.text) for span in axis_of(trace, frame)) <= width


@pytest.mark.parametrize(("losers", "said"), [({}, []), ({"orders": 1}, ["1 call of orders"])])
def test_what_is_wrong_with_the_tree_is_said(losers: dict[str, int], said: list[str]) -> None:
    """Nothing where nothing is."""
    notes = ["".join(span.text for span in note) for note in notes_of(assemble(checkout()), losers)]
    assert len(notes) == len(said)
    assert all(part in note for part, note in zip(said, notes, strict=True))
