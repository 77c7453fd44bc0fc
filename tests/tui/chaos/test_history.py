"""What the edges did before a fault, and what they do under it."""

import pytest

from meshdev.tui.chaos.history import KEPT, History
from support_chaos import SLOW, edges, fault
from support_dashboard import NOW, signals

EDGE = ("orders", "payments", "")


def lived(seconds: int = 58) -> History:
    """A minute, with `SLOW` on for the last twelve seconds."""
    history = History()
    for back in range(seconds, -1, -1):
        on = back <= 12
        history.note(edges(NOW - back, slow=on), [SLOW] if on else [], NOW - back)
    return history


def test_before_and_now_are_told_apart() -> None:
    """To the second at which the fault began."""
    history = lived()
    before = history.before(SLOW, EDGE)
    now = history.lately(EDGE, NOW, SLOW.since)
    assert before is not None
    assert now is not None
    assert (before.rps, before.share, before.p99_ms) == (4.0, 0.0, 240.0)
    assert before.mean_ms == pytest.approx(42.0)
    assert now.mean_ms == pytest.approx(742.0)
    assert now.p99_ms == 2140.0
    assert now.share == pytest.approx(0.125, abs=0.03)


def test_of_what_nobody_has_seen_nothing_is_told() -> None:
    """A dashboard that came later, an edge that nobody used, a fault that is off."""
    late = History()
    late.note(edges(NOW, slow=True), [SLOW], NOW)
    assert late.before(SLOW, EDGE) is None
    assert late.lately(EDGE, NOW) is None
    assert lived().before(SLOW, ("a", "b", "")) is None
    assert lived().before(fault("other", on=False), EDGE) is None
    unused = History()
    for at in range(3):
        unused.note([signals("a", "b", observed=False)], [], NOW + at)
    assert unused.lately(("a", "b", ""), NOW + 2) is None


def test_what_was_before_is_kept_as_long_as_the_fault_is_on() -> None:
    """Also when the samples of then are long gone; off, or on anew, it is forgotten."""
    history = lived()
    before = history.before(SLOW, EDGE)
    for later in range(1, KEPT * 3):
        history.note(edges(NOW + later, slow=True), [SLOW], NOW + later)
    assert history.before(SLOW, EDGE) == before
    history.note((), [], NOW + 400)
    assert history.before(SLOW, EDGE) is None


def test_samples_are_a_second_apart() -> None:
    """However often a picture comes."""
    history = History()
    for tenth in range(50):
        history.note(edges(NOW + tenth / 10, slow=False), [], NOW + tenth / 10)
    assert len(history._samples[EDGE]) == 5


def test_a_new_run_begins_anew() -> None:
    """Counts that fall belong to another daemon."""
    history = lived()
    history.note([signals("orders", "payments", requests=3)], [SLOW], NOW + 1)
    assert history.lately(EDGE, NOW + 1) is None


def test_each_second_has_its_mean() -> None:
    """The newest last; what was not seen is nothing."""
    means = lived(20).means(EDGE, NOW)
    assert len(means) == KEPT
    assert means[:39] == [0.0] * 39
    assert means[-20:-12] == pytest.approx([42.0] * 8)
    assert means[-11:] == pytest.approx([742.0] * 11)
