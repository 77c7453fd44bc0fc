"""Drop: the message never arrives; whoever waits for an answer to it waits in vain."""

from meshdev.traffic.faults.draws import Draws
from meshdev.traffic.faults.kinds import PERCENTAGE, Direction, FaultKind, Layer
from meshdev.traffic.faults.messages import Fate, MessageFault


class Drop(MessageFault):
    """Loses it."""

    __slots__ = ()

    def apply(self, fate: Fate, draws: Draws, now: float) -> None:
        """Lose it."""
        del draws, now
        fate.dropped = True


DROP = FaultKind(
    name="drop",
    layer=Layer.MESSAGE,
    doc="messages are lost",
    main=PERCENTAGE,
    direction=Direction.BOTH,
    message=Drop,
)
