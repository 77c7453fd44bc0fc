"""Corrupt: some bytes are changed by one bit each, at places that do not depend on how the stream is cut."""

from math import log1p

from meshdev.traffic.faults.draws import Draws
from meshdev.traffic.faults.kinds import FaultKind, Layer, Parameter, Unit
from meshdev.traffic.faults.link import End, Item, Link
from meshdev.traffic.faults.settings import Settings


class Corrupt(Link):
    """Each byte is changed with the probability ``share``: the gaps between changed ones are drawn."""

    __slots__ = ("_draws", "_flips", "_gap", "_settings")

    def __init__(self, settings: Settings, draws: Draws) -> None:
        super().__init__()
        self._settings = settings
        self._draws = draws
        self._flips = 0
        self._gap = -1  # bytes that are still left alone; -1: to be drawn

    def take(self, item: Item, at: float) -> None:
        """Change what is to be changed."""
        if isinstance(item, End):
            super().take(item, at)
            return
        share = self._settings.number("share", at)
        if share <= 0.0:
            super().take(item, at)
            return
        changed, offset = bytearray(item), 0
        while True:
            if self._gap < 0:
                self._gap = self._drawn_gap(share)
            if offset + self._gap >= len(item):
                self._gap -= len(item) - offset
                break
            offset += self._gap
            changed[offset] ^= 1 << int(8 * self._draws.uniform("bit", self._flips))
            self._flips += 1
            self._gap = -1
            offset += 1
        super().take(bytes(changed), at)

    def _drawn_gap(self, share: float) -> int:
        if share >= 1.0:
            return 0
        return int(log1p(-self._draws.uniform("gap", self._flips)) / log1p(-share))


CORRUPT = FaultKind(
    name="corrupt",
    layer=Layer.BYTES,
    doc="some bytes are changed",
    main="share",
    parameters=(Parameter("share", Unit.SHARE, "of the bytes", default=0.01, ramps=True),),
    link=Corrupt,
)
