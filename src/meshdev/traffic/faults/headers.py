"""Headers: some are set, others removed; of requests (upstream) or of responses (downstream)."""

from meshdev.traffic.faults.draws import Draws
from meshdev.traffic.faults.http import Edit, HttpFault, Message, Plan, listed
from meshdev.traffic.faults.kinds import Direction, FaultKind, Layer, Parameter, Unit
from meshdev.traffic.faults.match import Request
from meshdev.traffic.faults.settings import Settings


class Fields(Edit):
    """Sets and removes header fields; framing and the connection's own stay as they are."""

    __slots__ = ("_settings",)

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def head(self, message: Message, length: int | None) -> None:
        """Edit the head."""
        del length
        for name in listed(self._settings.text("remove")):
            if name.lower() not in KEPT:
                message.remove(name)
        for name, value in self._settings.table("set").items():
            if name.lower() not in KEPT:
                message.set(name, value)


class Headers(HttpFault):
    """Puts `Fields` into the way of request or response."""

    __slots__ = ()

    def apply(self, plan: Plan, request: Request, draws: Draws, now: float) -> None:
        """Edit it."""
        del request, draws, now
        direction = self.settings.direction
        if direction is not Direction.DOWNSTREAM:
            plan.request_edits.append(Fields(self.settings))
        if direction is not Direction.UPSTREAM:
            plan.edits.append(Fields(self.settings))


KEPT = frozenset({"content-length", "transfer-encoding", "connection", "upgrade", "trailer"})

HEADERS = FaultKind(
    name="headers",
    layer=Layer.HTTP,
    doc="headers are set or removed",
    main="set",
    needs=(("set", "remove"),),
    parameters=(
        Parameter("set", Unit.TABLE, "headers that take the place of those that are there"),
        Parameter("remove", Unit.TEXT, "names of headers, with commas between"),
    ),
    http=Headers,
)
