"""Reset: the connection is reset, some time after something was said on it in this direction."""

from meshdev.traffic.faults.draws import Draws
from meshdev.traffic.faults.kinds import FaultKind, Layer, Parameter, Unit
from meshdev.traffic.faults.link import End, Item, Link
from meshdev.traffic.faults.settings import Settings


class Reset(Link):
    """Swallows what is said, and resets ``after`` the first of it."""

    __slots__ = ("_armed", "_settings")

    def __init__(self, settings: Settings, _: Draws) -> None:
        super().__init__()
        self._settings = settings
        self._armed = False

    def take(self, item: Item, at: float) -> None:
        """The first chunk arms it; an end that comes before passes."""
        if isinstance(item, End):
            if not self._armed or item is End.RESET:
                self._out.appendleft((at, item))
        elif not self._armed:
            self._armed = True
            self._out.append((at + self._settings.number("after", at), End.RESET))

    def renew(self, before: Link) -> list[Item]:
        """What is armed goes off when it was to."""
        if isinstance(before, Reset):
            self._armed, self._out = before._armed, before._out  # noqa: SLF001 - one of us
        return []

    def release(self) -> list[Item]:
        """Once it has swallowed something the connection is reset all the same."""
        self._out.clear()
        return [End.RESET] if self._armed else []


RESET = FaultKind(
    name="reset",
    layer=Layer.BYTES,
    doc="the connection is reset as soon as something is said",
    main="after",
    parameters=(Parameter("after", Unit.DURATION, "time from the first bytes to the reset", default=0.0),),
    link=Reset,
)
