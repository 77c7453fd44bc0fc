"""Delay: the request waits before it goes on, or before it is answered by another fault."""

from meshdev.traffic.faults.draws import Draws
from meshdev.traffic.faults.http import HttpFault, Plan
from meshdev.traffic.faults.kinds import FaultKind, Layer, Parameter, Unit
from meshdev.traffic.faults.match import Request
from meshdev.traffic.faults.timing import CURVE, JITTER, P50, P99, drawn


class Delay(HttpFault):
    """Adds to the time that the request waits."""

    __slots__ = ()

    def apply(self, plan: Plan, request: Request, draws: Draws, now: float) -> None:
        """Wait."""
        del request
        plan.delay += drawn(self.settings, draws, "delay", 0, now)


DELAY = FaultKind(
    name="delay",
    layer=Layer.HTTP,
    doc="requests wait before they go on, once each",
    main="delay",
    spread="jitter",
    needs=(("delay", "p50"),),
    directed=False,
    parameters=(Parameter("delay", Unit.DURATION, "how long", ramps=True), JITTER, CURVE, P50, P99),
    http=Delay,
    streams=True,
)
