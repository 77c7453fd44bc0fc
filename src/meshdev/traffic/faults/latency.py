"""Latency: each chunk leaves so much later than it came.

Delays do not accumulate: a chunk that comes while another waits has its own time to wait, counted from when it came.
On a TCP edge each chunk has its own draw, on an HTTP edge each request. Order is kept.
"""

from meshdev.traffic.faults.draws import Draws
from meshdev.traffic.faults.kinds import FaultKind, Layer, Parameter, Unit
from meshdev.traffic.faults.link import Delaying, End, Item
from meshdev.traffic.faults.settings import Settings
from meshdev.traffic.faults.timing import CURVE, JITTER, P50, P99, drawn


class Latency(Delaying):
    """Due is arrival and delay."""

    __slots__ = ("_draws", "_index", "_settings")

    def __init__(self, settings: Settings, draws: Draws) -> None:
        super().__init__()
        self._settings = settings
        self._draws = draws
        self._index = 0

    def take(self, item: Item, at: float) -> None:
        """Hold it; an end comes right behind the last chunk."""
        if isinstance(item, End):
            self.hold(item, at)
            return
        self.hold(item, at + drawn(self._settings, self._draws, "latency", self._index, at))
        self._index += not self._settings.per_exchange


LATENCY = FaultKind(
    name="latency",
    layer=Layer.BYTES,
    doc="bytes come later",
    main="latency",
    spread="jitter",
    needs=(("latency", "p50"),),
    parameters=(
        Parameter("latency", Unit.DURATION, "how much later", ramps=True),
        JITTER,
        CURVE,
        P50,
        P99,
    ),
    link=Latency,
)
