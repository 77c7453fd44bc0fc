"""Reorder: the message is overtaken by those that follow it.

Those that overtake it are not hit by the same fault meanwhile: at 100 % and one that overtakes, pairs change places.
"""

from meshdev.traffic.faults.draws import Draws
from meshdev.traffic.faults.kinds import PERCENTAGE, Direction, FaultKind, Layer, Parameter, Unit
from meshdev.traffic.faults.messages import Fate, MessageFault


class Reorder(MessageFault):
    """Puts it behind others."""

    __slots__ = ()

    def apply(self, fate: Fate, draws: Draws, now: float) -> None:
        """Put it behind others."""
        del draws
        fate.behind = max(fate.behind, round(self.settings.number("behind", now)))
        fate.within = max(fate.within, self.settings.number("within", now))


REORDER = FaultKind(
    name="reorder",
    layer=Layer.MESSAGE,
    doc="messages are overtaken by later ones",
    main=PERCENTAGE,
    direction=Direction.BOTH,
    parameters=(
        Parameter("behind", Unit.COUNT, "how many overtake it", default=1, least=1, most=1000),
        Parameter("within", Unit.DURATION, "it comes after this time, even if fewer did", default=1.0),
    ),
    message=Reorder,
)
