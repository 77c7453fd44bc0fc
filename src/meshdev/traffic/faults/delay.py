"""Delay: the request waits before it goes on, or before it is answered by another fault; so does a statement of SQL.

A message comes later, and is overtaken by those that are not late; what keeps the order is `latency`. Behind a
statement everything waits that follows on its connection.
"""

from meshdev.traffic.faults.draws import Draws
from meshdev.traffic.faults.http import HttpFault, Plan
from meshdev.traffic.faults.kinds import Direction, FaultKind, Layer, Parameter, Unit
from meshdev.traffic.faults.match import Request
from meshdev.traffic.faults.messages import Fate, MessageFault
from meshdev.traffic.faults.statements import Fate as StatementFate
from meshdev.traffic.faults.statements import StatementFault
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


class StatementDelay(StatementFault):
    """Adds to the time that a statement waits."""

    __slots__ = ()

    def apply(self, fate: StatementFate, draws: Draws, now: float) -> None:
        """Wait."""
        fate.delay += drawn(self.settings, draws, "delay", 0, now)


DELAY = FaultKind(
    name="delay",
    layer=Layer.HTTP,
    doc="requests, brokers' messages and SQL's statements wait before they go on, once each",
    main="delay",
    spread="jitter",
    needs=(("delay", "p50"),),
    direction=Direction.BOTH,
    parameters=(Parameter("delay", Unit.DURATION, "how long", ramps=True), JITTER, CURVE, P50, P99),
    http=Delay,
    message=MessageDelay,
    statement=StatementDelay,
    streams=True,
)
