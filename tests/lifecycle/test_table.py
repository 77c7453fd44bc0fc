"""The table of transitions."""

from pathlib import Path

import pytest

from meshdev.lifecycle.model import Incarnation, Phase
from meshdev.lifecycle.table import IDLE, LIVE, TABLE, Cause, TransitionError, transition


def test_what_is_not_listed_is_a_defect() -> None:
    """The error names the phase, the cause and the incarnation."""
    with pytest.raises(TransitionError, match="no transition from stopped by ready: orders-0@3") as caught:
        transition(Phase.STOPPED, Cause.READY, Incarnation("orders", 0, 3))
    assert (caught.value.phase, caught.value.cause) == (Phase.STOPPED, Cause.READY)


def test_every_phase_can_be_left_and_reached() -> None:
    """No phase is a trap, none is out of reach."""
    assert set(Phase) == set(TABLE)
    assert set(Phase) == {phase for row in TABLE.values() for phase in row.values()}


def test_every_cause_is_used() -> None:
    """A cause that leads nowhere would be dead."""
    assert set(Cause) == {cause for row in TABLE.values() for cause in row}


def test_only_facts_end_a_live_phase() -> None:
    """A wish alone never declares something dead that may still live."""
    for phase in LIVE:
        assert not {Cause.ADMIT, Cause.CANCEL, Cause.BLOCK, Cause.UNBLOCK} & set(TABLE[phase])


def test_whatever_does_not_live_can_be_cancelled_or_followed() -> None:
    """So no wish has to wait for a phase in which nothing runs."""
    for phase in IDLE:
        assert {Cause.ADMIT, Cause.CANCEL} <= set(TABLE[phase])
    for phase in (Phase.WAITING, Phase.BUILDING):
        assert TABLE[phase][Cause.CANCEL] is Phase.STOPPED


def test_the_page_shows_the_table_as_it_is() -> None:
    """docs/lifecycle.md lists the same transitions."""
    page = (Path(__file__).parents[2] / "docs/lifecycle.md").read_text()
    rows = [f"| {phase} | {cause} | {then} |" for phase, row in TABLE.items() for cause, then in row.items()]
    section = page.split("## The table")[1].split("\n## ")[0]
    assert rows == [line for line in section.splitlines() if line.startswith("| ")][1:]
