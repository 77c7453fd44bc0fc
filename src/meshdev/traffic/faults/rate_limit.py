"""Rate limit: requests beyond so many within a time get 429, with the headers that APIs have for it."""

from math import ceil, floor

from meshdev.traffic.faults.draws import Draws
from meshdev.traffic.faults.http import Answer, Edit, Fields, HttpFault, Message, Plan
from meshdev.traffic.faults.kinds import FaultKind, Layer, Parameter, Unit
from meshdev.traffic.faults.match import Request
from meshdev.traffic.faults.settings import Settings


class Told(Edit):
    """Tells the caller how much is left."""

    __slots__ = ("_fields",)

    def __init__(self, fields: Fields) -> None:
        self._fields = fields

    def head(self, message: Message, length: int | None) -> None:
        """Add the headers."""
        del length
        for name, value in self._fields:
            message.set(name, value)


class RateLimit(HttpFault):
    """Counts requests in windows of ``per`` seconds, the first of which begins with the first request."""

    __slots__ = ("_begin", "_spent", "_window")

    def __init__(self, settings: Settings, draws: Draws) -> None:
        super().__init__(settings, draws)
        self._begin: float | None = None
        self._window = -1
        self._spent = 0

    def apply(self, plan: Plan, request: Request, draws: Draws, now: float) -> None:
        """Count it, and refuse what is too much."""
        del request, draws
        limit, per = int(self.settings.number("requests", now)), self.settings.number("per", now)
        if self._begin is None:
            self._begin = now
        window = floor((now - self._begin) / per)
        if window != self._window:
            self._window, self._spent = window, 0
        self._spent += 1
        wait = self._begin + (window + 1) * per - now
        fields: Fields = [
            ("x-ratelimit-limit", str(limit)),
            ("x-ratelimit-remaining", str(max(0, limit - self._spent))),
            ("x-ratelimit-reset", str(ceil(wait))),
        ]
        if self._spent > limit:
            if plan.answer is None:
                code = int(self.settings.number("code", now))
                plan.answer = Answer(code, None, (("retry-after", str(ceil(wait))), *fields))
        else:
            plan.edits.append(Told(fields))


RATE_LIMIT = FaultKind(
    name="rate-limit",
    layer=Layer.HTTP,
    doc="too many requests within a time get 429",
    main="requests",
    directed=False,
    parameters=(
        Parameter("requests", Unit.COUNT, "how many pass", required=True),
        Parameter("per", Unit.DURATION, "within which time", default=60.0, least=0.001),
        Parameter("code", Unit.COUNT, "what the others get", default=429, least=200, most=599),
    ),
    http=RateLimit,
    streams=True,
)
