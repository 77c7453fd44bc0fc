"""The details of the Data screen."""

import pytest

from meshdev.tui.cells import width_of
from meshdev.tui.databases.facts import database_facts
from support_databases import STATEMENTS, databases


@pytest.mark.parametrize("width", [20, 40, 60, 120])
@pytest.mark.parametrize("number", range(4))
def test_lines_fit_where_there_is_room_for_figures(number: int, width: int) -> None:
    """Whatever the database."""
    lines = database_facts(databases()[number], STATEMENTS[1], width)
    assert max(sum(width_of(span.text) for span in line) for line in lines) <= max(width, 45)


def test_whoever_is_kept_out_is_told_why() -> None:
    """And whose the data is."""
    text = " ".join(span.text for line in database_facts(databases()[1], None, 80) for span in line)
    assert "nobody else may use it" in text
    assert "databases.ledger belongs to payments, and is exclusive" in text
