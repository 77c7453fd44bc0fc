"""Reset stream: one call or request of an HTTP/2 connection is reset; all others go on."""

from meshdev.traffic.faults.draws import Draws
from meshdev.traffic.faults.http import HttpFault, Plan, StreamReset
from meshdev.traffic.faults.kinds import FaultKind, Layer, Parameter, Unit
from meshdev.traffic.faults.match import Request
from meshdev.traffic.protocols.http2.frames import Error


class ResetStream(HttpFault):
    """Resets; if several faults do, the first one's counts."""

    __slots__ = ()

    def apply(self, plan: Plan, request: Request, draws: Draws, now: float) -> None:
        """Reset it."""
        del request, draws
        if plan.reset is None:
            error = Error[self.settings.text("error")]
            plan.reset = StreamReset(int(error), self.settings.number("after", now))


RESET_STREAM = FaultKind(
    name="reset-stream",
    layer=Layer.STREAM,
    doc="streams are reset, the connection goes on",
    main="after",
    directed=False,
    parameters=(
        Parameter(
            "after",
            Unit.DURATION,
            "time from the request to the reset; the callee never sees it at 0",
            default=0.0,
        ),
        Parameter(
            "error",
            Unit.TEXT,
            "the error that both ends are told",
            default=Error.INTERNAL_ERROR.name,
            choices=tuple(error.name for error in Error),
        ),
    ),
    http=ResetStream,
)
