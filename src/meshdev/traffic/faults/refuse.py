"""Refuse: connections are reset as they come, as if nobody listened; open ones too unless they are spared."""

from meshdev.traffic.faults.draws import Draws
from meshdev.traffic.faults.kinds import Direction, FaultKind, Layer, Parameter, Unit
from meshdev.traffic.faults.link import End, Item, Link
from meshdev.traffic.faults.settings import Settings


class Refuse(Link):
    """Resets at once."""

    __slots__ = ("_spared",)

    def __init__(self, settings: Settings, _: Draws) -> None:
        super().__init__()
        self._spared = settings.joined and not settings.flag("existing")

    def begin(self, now: float) -> None:
        """That is all."""
        if not self._spared:
            self._out.append((now, End.RESET))

    def take(self, item: Item, at: float) -> None:
        """Nothing passes a connection that is reset."""
        if self._spared:
            super().take(item, at)


REFUSE = FaultKind(
    name="refuse",
    layer=Layer.BYTES,
    doc="connections are reset as they come",
    direction=Direction.BOTH,
    directed=False,
    main="existing",
    parameters=(Parameter("existing", Unit.FLAG, "open connections are reset too", default=True),),
    link=Refuse,
)
