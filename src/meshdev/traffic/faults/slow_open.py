"""Slow open: a new connection takes so long until its first byte passes; connections that are open are not touched."""

from meshdev.traffic.faults.draws import Draws
from meshdev.traffic.faults.kinds import Direction, FaultKind, Layer, Parameter, Unit
from meshdev.traffic.faults.link import Delaying, Item
from meshdev.traffic.faults.settings import Settings
from meshdev.traffic.faults.timing import CURVE, JITTER, P50, P99, drawn


class SlowOpen(Delaying):
    """Nothing leaves before the connection is open, which is ``delay`` after it was made."""

    __slots__ = ("_open",)

    def __init__(self, settings: Settings, draws: Draws) -> None:
        super().__init__()
        waits = 0.0 if settings.joined else drawn(settings, draws, "delay", 0, settings.opened)
        self._open = settings.opened + waits

    def take(self, item: Item, at: float) -> None:
        """Hold it until then."""
        self.hold(item, max(at, self._open))


SLOW_OPEN = FaultKind(
    name="slow-open",
    layer=Layer.BYTES,
    doc="a new connection takes long to open",
    main="delay",
    spread="jitter",
    needs=(("delay", "p50"),),
    direction=Direction.BOTH,
    directed=False,
    parameters=(Parameter("delay", Unit.DURATION, "how long", ramps=True), JITTER, CURVE, P50, P99),
    link=SlowOpen,
)
