"""SQL error: a statement fails with a SQLSTATE (or a number of MySQL's); the database never sees it.

Its connection goes on, in the state in which the database would have left it.
"""

from meshdev.traffic.faults.draws import Draws
from meshdev.traffic.faults.kinds import FaultKind, Layer, Parameter, Unit
from meshdev.traffic.faults.statements import Fate, StatementFault
from meshdev.traffic.protocols.answering import Refusal


class SqlError(StatementFault):
    """Has it fail; if several faults do, the first one's error counts."""

    __slots__ = ()

    def apply(self, fate: Fate, draws: Draws, now: float) -> None:
        """Have it fail."""
        del draws, now
        if fate.error is None:
            code = self.settings.text("code")
            fate.error = Refusal(
                code, self.settings.text("message") or f"injected on purpose: {code}", fate.hits[-1]
            )


SQL_ERROR = FaultKind(
    name="sql-error",
    layer=Layer.STATEMENT,
    doc="statements fail, without the database; the connection goes on",
    main="code",
    directed=False,
    parameters=(
        Parameter(
            "code",
            Unit.TEXT,
            "a SQLSTATE, or a number of MySQL's; each server is told its own",
            default="40001",
            form=(
                "(?!0[012])[0-9A-Za-z]{5}|[1-9][0-9]{0,3}",
                'a SQLSTATE such as "40001", or a number of MySQL\'s such as 1213',
            ),
        ),
        Parameter("message", Unit.TEXT, "what the error says; by default that it was injected"),
    ),
    statement=SqlError,
)
