"""The line of screens and golden signals."""

from dataclasses import replace

import pytest

from meshdev.tui.cells import width_of
from meshdev.tui.keys import PLACES
from meshdev.tui.tabs import Vitals, line, said, vitals, vitals_of
from meshdev.tui.tone import Tone
from support_chaos import fault
from support_dashboard import NOW, picture, signals
from support_recorded import recorded


def test_the_system_is_judged_by_its_entries() -> None:
    """What somebody asks from outside counts once, not once a hop."""
    vitals = vitals_of(
        [
            signals("outside", "storefront", rps=10.0, eps=1.0, p99_ms=80.0),
            signals("storefront", "orders", rps=30.0, eps=9.0, p99_ms=900.0),
        ]
    )
    assert vitals == Vitals(rps=10.0, eps=1.0, p99_ms=80.0)
    assert vitals.error_share == 0.1


def test_where_everybody_is_called_all_edges_count() -> None:
    """A ring has no entry."""
    ring = [signals("a", "b", rps=2.0), signals("b", "a", rps=3.0)]
    assert vitals_of(ring).rps == 5.0


def test_old_latencies_and_foreign_protocols_are_left_out() -> None:
    """A percentile of an edge that carries nothing now, connections of a broker."""
    vitals = vitals_of(
        [
            signals("outside", "storefront", rps=0.0, p99_ms=80.0),
            signals("outside", "events", rps=7.0, protocol="nats"),
        ]
    )
    assert vitals == Vitals()


def test_faults_that_act_are_counted_once_and_shouted() -> None:
    """However many edges one of them acts on; where there is room with their names, and what is left of the first."""
    shown = picture(
        (), faults=(fault("slow"), fault("lost", remaining=61.0), fault("idle", on=False)), faults_at=NOW
    )
    groups = said(vitals(shown, NOW + 1))
    assert [(span.text, span.tone) for span in groups[-1]] == [("⚡ 2 faults", Tone.ALERT)]
    assert "".join(span.text for span in said(vitals(shown, NOW + 1), named=True)[-1]) == "⚡ slow, lost 1m00"


def test_what_is_recorded_is_shouted_everywhere() -> None:
    """By a shape and a word; where there is room with its name, its calls and its bytes."""
    shown = picture((), recordings=(recorded("checkout", exchanges=1200, bytes=348_160),))
    (short,) = said(vitals(shown, NOW))
    assert [(span.text, span.tone) for span in short] == [("● rec", Tone.ALERT), (" 1,200", Tone.STRONG)]
    (named,) = said(vitals(shown, NOW), named=True)
    assert "".join(span.text for span in named) == "● rec checkout 1,200 calls 340K"
    several = replace(
        shown, recordings=(*shown.recordings, recorded("day", exchanges=90_000, trouble="the disk is full"))
    )
    assert "".join(span.text for span in said(vitals(several, NOW))[0]) == "✕ rec 91k"
    assert "✕ rec checkout +1" in "".join(span.text for span in said(vitals(several, NOW), named=True)[0])


def test_neither_a_recording_nor_a_fault_is_ever_left_out_at_80_columns() -> None:
    """What one forgets at one's peril stays when there is no room for figures."""
    shown = Vitals(12.5, 0.25, 340.0, ("a", "b"), 61.0, (recorded("checkout", exchanges=1_234_567),))
    text = "".join(span.text for span in line(PLACES, "graph", shown, 80)[0])
    assert "● rec 1234k  ⚡ 2 faults" in text
    assert width_of(text) <= 80


@pytest.mark.parametrize(("eps", "tone"), [(0.0, Tone.MUTED), (0.01, Tone.WARN), (1.0, Tone.ALERT)])
def test_errors_have_a_tone(eps: float, tone: Tone) -> None:
    """None, few, many."""
    (share,) = (group[0] for group in said(Vitals(rps=10.0, eps=eps)) if group[1].text == " errors")
    assert share.tone is tone


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_it_fits_and_the_names_can_be_hit(width: int) -> None:
    """The least important signal goes first."""
    spans, spots = line(PLACES, "graph", Vitals(12.5, 0.25, 340.0, ("slow-payments", "no-mail"), 61.0), width)
    text = "".join(span.text for span in spans)
    assert width_of(text) <= width
    hit = [text[start:end] for start, end, _ in spots]
    if width >= 120:
        assert hit == [f"{place.number} {place.title}" for place in PLACES]
    elif width >= 80:
        assert hit == [f"{place.number}{place.title}" for place in PLACES]
    else:
        assert hit == ["1", "2 Graph", *(place.number for place in PLACES[2:])]
    assert next(span.text for span in spans if span.tone is Tone.HERE) == "Graph"
    assert ("p99" in text) == (width >= 120)
    assert ("slow-payments" in text) == (width >= 200)
    assert "⚡" in text


def test_errors_are_told_in_fewer_letters_rather_than_not_at_all() -> None:
    """At 80 columns, where nothing else would fit."""
    text = "".join(span.text for span in line(PLACES, "graph", Vitals(12.5, 0.25, 340.0), 80)[0])
    assert text.rstrip().endswith(" 8Data  12 rps  2.0% err")
    assert width_of(text) <= 80


def test_names_are_short_where_a_recording_and_a_fault_leave_no_room() -> None:
    """The one in front has its whole name."""
    shown = Vitals(12.5, 0.25, 340.0, ("a", "b"), 61.0, (recorded("checkout", exchanges=1200),))
    text = "".join(span.text for span in line(PLACES, "traces", shown, 80)[0])
    assert text.startswith(" 1Svcs 2Grph 3Traf 4Traces 5Logs 6Chao 7Evts 8Data ")


@pytest.mark.parametrize("width", range(70, 180, 7))
def test_names_stand_still_while_figures_change(width: int) -> None:
    """A click hits what was aimed at."""
    quiet = line(PLACES, "graph", Vitals(), width)[1]
    assert line(PLACES, "graph", Vitals(0.5, 0.0, 0.42), width)[1] == quiet
    assert line(PLACES, "graph", Vitals(4321.0, 0.4, 340.0), width)[1] == quiet
