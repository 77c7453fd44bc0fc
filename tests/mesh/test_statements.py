"""Statements between two telemetry frames."""

from meshdev.mesh.operations import Operations
from meshdev.mesh.statements import MOST_STATEMENTS, Statements
from meshdev.telemetry.histogram import bucket
from meshdev.traffic.protocols.operation import Operation, Outcome
from meshdev.wire.mesh import StatementCounters


def select(text: str, outcome: Outcome = Outcome.OK) -> Operation:
    """One that took a millisecond."""
    return Operation("SELECT", "t", 1.0, 1.001, outcome, detail=text)


def test_counts_by_fingerprint() -> None:
    """Outcomes and latencies; what has no fingerprint is not counted here."""
    statements = Statements()
    for outcome in (Outcome.OK, Outcome.OK, Outcome.REFUSED):
        statements.record(select("SELECT 1", outcome))
    statements.record(select(""))
    taken = statements.take()
    assert taken == (StatementCounters("SELECT", "t", "SELECT 1", (0, 0, 2, 0, 1, 0), {bucket(999): 3}),)
    assert statements.take() == ()


def test_they_are_bounded() -> None:
    """What is more than is told apart, counts as others, also later on; what is known stays known."""
    statements = Statements()
    for number in range(MOST_STATEMENTS + 3):
        statements.record(select(f"SELECT {number}"))
    told = {one.text: sum(one.statuses) for one in statements.take()}
    assert len(told) == MOST_STATEMENTS + 1
    assert told[""] == 3
    statements.record(select("SELECT 0"))
    statements.record(select("SELECT new"))
    assert {one.text for one in statements.take()} == {"SELECT 0", ""}


def test_only_protocols_that_have_some() -> None:
    """Details of others are no fingerprints."""
    assert Operations("postgres").statements is not None
    assert Operations("mysql").statements is not None
    assert Operations("words").statements is None
