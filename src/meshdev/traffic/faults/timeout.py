"""Timeout (blackhole): nothing passes any more, and after a while the connection closes.

Bytes that came meanwhile are lost, so when it is taken out the connection closes at once.
"""

from meshdev.traffic.faults.draws import Draws
from meshdev.traffic.faults.kinds import FaultKind, Layer, Parameter, Unit
from meshdev.traffic.faults.link import End, Item, Link
from meshdev.traffic.faults.settings import Settings


class Timeout(Link):
    """Drops bytes, lets an end pass, and closes ``timeout`` after it has begun; 0 is never."""

    __slots__ = ("_settings",)

    def __init__(self, settings: Settings, _: Draws) -> None:
        super().__init__()
        self._settings = settings

    def begin(self, now: float) -> None:
        """The time runs."""
        if timeout := self._settings.number("timeout", now):
            self._out.append((now + timeout, End.CLOSE))

    def take(self, item: Item, at: float) -> None:
        """Swallow bytes; without them an answer is never complete."""
        if isinstance(item, End) and item is not End.DONE:
            self._out.appendleft((at, item))

    def renew(self, before: Link) -> list[Item]:
        """Nothing passes as before; its own time runs."""
        del before
        return []

    def release(self) -> list[Item]:
        """What was swallowed cannot be had back: the connection ends."""
        self._out.clear()
        return [End.CLOSE]


TIMEOUT = FaultKind(
    name="timeout",
    layer=Layer.BYTES,
    doc="nothing passes any more, then the connection closes",
    main="timeout",
    aliases=("blackhole",),
    parameters=(
        Parameter("timeout", Unit.DURATION, "until it closes; 0: never, until the fault is off", default=0.0),
    ),
    link=Timeout,
)
