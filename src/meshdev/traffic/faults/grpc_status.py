"""gRPC status: the call ends at once with a status of gRPC's; the callee never sees it, the connection goes on."""

from urllib.parse import quote

from meshdev.traffic.faults.draws import Draws
from meshdev.traffic.faults.http import Answer, HttpFault, Plan
from meshdev.traffic.faults.kinds import FaultKind, Layer, Parameter, Unit
from meshdev.traffic.faults.match import Request
from meshdev.traffic.protocols.http2.grpc import Status, is_grpc

_PLAIN = (
    " !\"#$&'()*+,-./:;<=>?@[\\]^_`{|}~"  # what a grpc-message may hold as it is, besides letters and digits
)


class GrpcStatus(HttpFault):
    """Answers; if several faults do, the first one's answer counts."""

    __slots__ = ()

    def means(self, request: Request) -> bool:
        """Only calls of gRPC."""
        return is_grpc(request.value(b"content-type") or b"")

    def apply(self, plan: Plan, request: Request, draws: Draws, now: float) -> None:
        """Answer it, by a head without a body."""
        del request, draws, now
        if plan.answer is None:
            status = Status[self.settings.text("code")]
            message = self.settings.text("message") or f"injected on purpose: {status.name}"
            plan.answer = Answer(
                200,
                b"",
                (
                    ("content-type", "application/grpc"),
                    ("grpc-status", str(int(status))),
                    ("grpc-message", quote(message, safe=_PLAIN)),
                ),
            )


GRPC_STATUS = FaultKind(
    name="grpc-status",
    layer=Layer.STREAM,
    doc="calls of gRPC end with a status, without the callee",
    main="code",
    directed=False,
    aliases=("grpc-abort",),
    parameters=(
        Parameter(
            "code",
            Unit.TEXT,
            "the status",
            default=Status.UNAVAILABLE.name,
            choices=tuple(status.name for status in Status if status is not Status.OK),
        ),
        Parameter("message", Unit.TEXT, "what `grpc-message` says; by default that it was injected"),
    ),
    http=GrpcStatus,
)
