"""Chunk delay: the response's head comes at once, then each piece of its body so long after the one before."""

from meshdev.traffic.faults.draws import Draws
from meshdev.traffic.faults.http import HttpFault, Plan
from meshdev.traffic.faults.kinds import FaultKind, Layer, Parameter, Unit
from meshdev.traffic.faults.link import Delaying, Item
from meshdev.traffic.faults.match import Request


class Apart(Delaying):
    """Keeps pieces ``delay`` apart; the first one, which is the head, passes."""

    __slots__ = ("_delay", "_free")

    def __init__(self, delay: float) -> None:
        super().__init__()
        self._delay = delay
        self._free: float | None = None

    def take(self, item: Item, at: float) -> None:
        """Hold it until its turn."""
        if isinstance(item, bytes):
            at = at if self._free is None else max(at, self._free + self._delay)
            self._free = at
        self.hold(item, at)


class ChunkDelay(HttpFault):
    """Puts `Apart` into the way of the response."""

    __slots__ = ()

    def apply(self, plan: Plan, request: Request, draws: Draws, now: float) -> None:
        """Let it trickle."""
        del request, draws
        plan.apart = True
        plan.downstream.append((CHUNK_DELAY.name, Apart(self.settings.number("delay", now))))


CHUNK_DELAY = FaultKind(
    name="chunk-delay",
    layer=Layer.HTTP,
    doc="pieces of a response's body come slowly one after the other",
    main="delay",
    directed=False,
    parameters=(Parameter("delay", Unit.DURATION, "before each piece", required=True, ramps=True),),
    http=ChunkDelay,
)
