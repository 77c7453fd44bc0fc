"""Operations that were begun: kept as they began (``ended`` is ``started``), until somebody says how they ended."""

from typing import Final

from meshdev.traffic.protocols.operation import Operation, Outcome

OK: Final = Outcome.OK  # looking into an enum takes as long as half a dictionary


def ended(begun: Operation, now: float, outcome: Outcome = OK, code: str = "") -> Operation:
    """The same, as it ended."""
    return Operation._make((*begun[:3], now, outcome, code, *begun[6:]))  # _replace takes three times as long
