"""Status: the request is answered with a status at once; the callee never sees it."""

from meshdev.traffic.faults.draws import Draws
from meshdev.traffic.faults.http import Answer, HttpFault, Plan, content_type, fields_of
from meshdev.traffic.faults.kinds import FaultKind, Layer, Parameter, Unit
from meshdev.traffic.faults.match import Request


class Status(HttpFault):
    """Answers; if several faults do, the first one's answer counts."""

    __slots__ = ()

    def apply(self, plan: Plan, request: Request, draws: Draws, now: float) -> None:
        """Answer it."""
        del request, draws
        if plan.answer is not None:
            return
        settings = self.settings
        more: list[tuple[str, str]] = []
        body: bytes | None = None
        if settings.has("body"):
            text = settings.text("body")
            body = text.encode()
            more.append(("content-type", settings.text("content_type") or content_type(text)))
        if settings.has("retry_after"):
            more.append(("retry-after", str(round(settings.number("retry_after", now)))))
        plan.answer = Answer(
            int(settings.number("code", now)), body, fields_of(settings.table("headers"), *more)
        )


STATUS = FaultKind(
    name="status",
    layer=Layer.HTTP,
    doc="requests are answered with an error, without the callee",
    main="code",
    directed=False,
    aliases=("abort",),
    parameters=(
        Parameter("code", Unit.COUNT, "the status", required=True, least=200, most=599),
        Parameter("body", Unit.TEXT, "what the answer says; by default a problem that names the fault"),
        Parameter("content_type", Unit.TEXT, "what the body is; by default JSON if it looks so, else text"),
        Parameter("headers", Unit.TABLE, "further headers"),
        Parameter("retry_after", Unit.DURATION, "a Retry-After header"),
    ),
    http=Status,
    streams=True,
)
