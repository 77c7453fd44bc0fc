"""Slicer: chunks are cut into small pieces that come one after the other."""

from meshdev.traffic.faults.draws import Draws
from meshdev.traffic.faults.kinds import FaultKind, Layer, Parameter, Unit
from meshdev.traffic.faults.link import Delaying, Item
from meshdev.traffic.faults.settings import Settings


class Slicer(Delaying):
    """Pieces of ``average_size`` ± ``size_variation``, each ``delay`` after the one before."""

    __slots__ = ("_draws", "_free", "_index", "_settings")

    def __init__(self, settings: Settings, draws: Draws) -> None:
        super().__init__()
        self._settings = settings
        self._draws = draws
        self._index = 0
        self._free = float("-inf")

    def take(self, item: Item, at: float) -> None:
        """Cut it up."""
        if not isinstance(item, bytes):
            self.hold(item, at)
            return
        delay = self._settings.number("delay", at)
        at = max(at, self._free)
        offset = 0
        while offset < len(item):
            size = self._size(at)
            self.hold(item[offset : offset + size], at)
            offset += size
            at += delay
        self._free = at

    def _size(self, at: float) -> int:
        settings = self._settings
        size, stray = settings.number("average_size", at), settings.number("size_variation", at)
        if stray:
            size += stray * (2.0 * self._draws.uniform("size", self._index) - 1.0)
            self._index += 1
        return max(1, round(size))

    def release(self) -> list[Item]:
        """All pieces, at once."""
        self._free = float("-inf")
        return super().release()


SLICER = FaultKind(
    name="slicer",
    layer=Layer.BYTES,
    doc="bytes come in small pieces",
    main="average_size",
    spread="size_variation",
    parameters=(
        Parameter("average_size", Unit.SIZE, "bytes a piece", required=True, least=1.0),
        Parameter("size_variation", Unit.SIZE, "how far sizes stray from that, both ways", default=0),
        Parameter("delay", Unit.DURATION, "between the pieces", default=0.0),
    ),
    link=Slicer,
)
