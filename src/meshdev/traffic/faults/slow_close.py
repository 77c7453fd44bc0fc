"""Slow close: the end of one direction is told so much later; bytes are not touched."""

from meshdev.traffic.faults.draws import Draws
from meshdev.traffic.faults.kinds import FaultKind, Layer, Parameter, Unit
from meshdev.traffic.faults.link import Delaying, End, Item
from meshdev.traffic.faults.settings import Settings


class SlowClose(Delaying):
    """Holds an EOF, or an orderly close, for ``delay``."""

    __slots__ = ("_settings",)

    def __init__(self, settings: Settings, _: Draws) -> None:
        super().__init__()
        self._settings = settings

    def take(self, item: Item, at: float) -> None:
        """Hold ends only."""
        late = item is End.EOF or item is End.CLOSE
        self.hold(item, at + self._settings.number("delay", at) if late else at)


SLOW_CLOSE = FaultKind(
    name="slow-close",
    layer=Layer.BYTES,
    doc="the connection's end is told late",
    main="delay",
    parameters=(Parameter("delay", Unit.DURATION, "how much later", required=True, ramps=True),),
    link=SlowClose,
)
