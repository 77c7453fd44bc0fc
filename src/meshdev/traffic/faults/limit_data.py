"""Limit data: after so many bytes in this direction the connection closes."""

from meshdev.traffic.faults.draws import Draws
from meshdev.traffic.faults.kinds import FaultKind, Layer, Parameter, Unit
from meshdev.traffic.faults.link import End, Item, Link
from meshdev.traffic.faults.settings import Settings


class LimitData(Link):
    """Passes ``bytes`` bytes of the connection, counted from when it was put in, then closes."""

    __slots__ = ("_settings", "_spent")

    def __init__(self, settings: Settings, _: Draws) -> None:
        super().__init__()
        self._settings = settings
        self._spent = 0

    def take(self, item: Item, at: float) -> None:
        """Pass what is within the limit."""
        if isinstance(item, End):
            super().take(item, at)
            return
        left = max(0, int(self._settings.number("bytes", at)) - self._spent)
        self._spent += len(item)
        if left:
            super().take(item[:left], at)
        if len(item) >= left:
            super().take(End.CLOSE, at)

    def renew(self, before: Link) -> list[Item]:
        """What has passed counts."""
        if isinstance(before, LimitData):
            self._spent = before._spent  # noqa: SLF001 - one of us
        return super().renew(before)


LIMIT_DATA = FaultKind(
    name="limit-data",
    layer=Layer.BYTES,
    doc="the connection closes after so many bytes",
    main="bytes",
    parameters=(Parameter("bytes", Unit.SIZE, "how many bytes pass", required=True),),
    link=LimitData,
)
