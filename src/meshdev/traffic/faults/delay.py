"""Delay: the request waits before it goes on, or before it is answered by another fault; a message comes later.

A message that is late is overtaken by those that are not; what keeps the order is `latency`.
"""

from meshdev.traffic.faults.draws import Draws
from meshdev.traffic.faults.http import HttpFault, Plan
from meshdev.traffic.faults.kinds import Direction, FaultKind, Layer, Parameter, Unit
from meshdev.traffic.faults.match import Request
from meshdev.traffic.faults.messages import Fate, MessageFault
from meshdev.traffic.faults.timing import CURVE, JITTER, P50, P99, drawn


class Delay(HttpFault):
    """Adds to the time that the request waits."""

    __slots__ = ()

    def apply(self, plan: Plan, request: Request, draws: Draws, now: float) -> None:
        """Wait."""
        del request
        plan.delay += drawn(self.settings, draws, "delay", 0, now)


class MessageDelay(MessageFault):
    """Adds to the time by which a message is late."""

    __slots__ = ()

    def apply(self, fate: Fate, draws: Draws, now: float) -> None:
        """Be late."""
        fate.delay += drawn(self.settings, draws, "delay", 0, now)


DELAY = FaultKind(
    name="delay",
    layer=Layer.HTTP,
    doc="requests, and brokers' messages, wait before they go on, once each",
    main="delay",
    spread="jitter",
    needs=(("delay", "p50"),),
    direction=Direction.BOTH,
    parameters=(Parameter("delay", Unit.DURATION, "how long", ramps=True), JITTER, CURVE, P50, P99),
    http=Delay,
    message=MessageDelay,
    streams=True,
)
