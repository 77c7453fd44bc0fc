"""The tables of the Data screen."""

from meshdev.tui.databases.cells import Order, database_rows, key_of, statement_rows
from meshdev.tui.tone import Tone
from support_databases import STATEMENTS, databases


def test_who_should_not_be_there_is_marked() -> None:
    """Amber where it gets in, red where it is kept out, and then the database has no mark."""
    stock, ledger, carts, _ = database_rows(databases())
    assert (stock.cells[0].text, ledger.cells[0].text) == ("‡", "")
    assert [span.tone for span in stock.cells[-1].spans if span.text == "reports"] == [Tone.WARN]
    assert [span.tone for span in ledger.cells[-1].spans if span.text == "reports"] == [Tone.BAD]
    assert [span.tone for span in carts.cells[-1].spans] == [Tone.FAINT]


def test_statements_are_sorted_and_filtered() -> None:
    """As the daemon has them (by time), or by the order that is asked for."""
    assert [row.key for row in statement_rows(STATEMENTS)] == [key_of(one) for one in STATEMENTS]
    assert statement_rows(STATEMENTS, Order.SLOW)[0].cells[6].text == "reports"
    assert statement_rows(STATEMENTS, Order.ERRORS)[1].cells[4].text == "41"
    assert len(statement_rows(STATEMENTS, wanted="stock !for")) == 1
