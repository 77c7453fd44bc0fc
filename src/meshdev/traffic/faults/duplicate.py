"""Duplicate: the message arrives more than once, byte by byte the same: with the same ids, if it has any."""

from meshdev.traffic.faults.draws import Draws
from meshdev.traffic.faults.kinds import PERCENTAGE, Direction, FaultKind, Layer, Parameter, Unit
from meshdev.traffic.faults.messages import Fate, MessageFault


class Duplicate(MessageFault):
    """Adds copies."""

    __slots__ = ()

    def apply(self, fate: Fate, draws: Draws, now: float) -> None:
        """Add copies."""
        del draws
        fate.copies += round(self.settings.number("copies", now))
        fate.gap = max(fate.gap, self.settings.number("gap", now))


DUPLICATE = FaultKind(
    name="duplicate",
    layer=Layer.MESSAGE,
    doc="messages arrive more than once",
    main=PERCENTAGE,
    direction=Direction.BOTH,
    parameters=(
        Parameter("copies", Unit.COUNT, "how often again", default=1, least=1, most=100),
        Parameter("gap", Unit.DURATION, "time from one to the next", default=0.0),
    ),
    message=Duplicate,
)
