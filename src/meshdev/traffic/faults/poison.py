"""Poison: the message arrives whole by its protocol, but no consumer can read what it carries."""

from meshdev.traffic.faults.draws import Draws
from meshdev.traffic.faults.kinds import PERCENTAGE, Direction, FaultKind, Layer, Parameter, Unit
from meshdev.traffic.faults.malformed import BAD
from meshdev.traffic.faults.messages import Fate, MessageFault


class Poison(MessageFault):
    """Gives it another payload."""

    __slots__ = ()

    def apply(self, fate: Fate, draws: Draws, now: float) -> None:
        """Give it another payload."""
        del draws, now
        if self.settings.has("payload"):
            payload = self.settings.text("payload").encode()
            fate.payload = lambda _: payload
        else:
            fate.payload = spoiled


def spoiled(payload: bytes) -> bytes:
    """Half of it, behind a byte with which no JSON, XML, UTF-8, Avro container or gzip begins."""
    return BAD + payload[1 : max(1, len(payload) // 2)]


POISON = FaultKind(
    name="poison",
    layer=Layer.MESSAGE,
    doc="messages carry what nobody can read",
    main=PERCENTAGE,
    direction=Direction.BOTH,
    parameters=(
        Parameter("payload", Unit.TEXT, "what they carry; by default a spoiled half of what it was"),
    ),
    message=Poison,
)
