"""Truncate: the response breaks off after a fraction of its body, and the connection closes."""

from meshdev.traffic.faults.draws import Draws
from meshdev.traffic.faults.http import Edit, HttpFault, Message, Plan
from meshdev.traffic.faults.kinds import FaultKind, Layer, Parameter, Unit
from meshdev.traffic.faults.match import Request


class Cut(Edit):
    """Lets ``fraction`` of the body pass; of one whose length nobody knows, that fraction of its first piece."""

    __slots__ = ("_fraction", "_left")

    def __init__(self, fraction: float) -> None:
        self._fraction = fraction
        self._left: int | None = None

    def head(self, message: Message, length: int | None) -> None:
        """Note how much may pass."""
        del message
        if length is not None:
            self._left = int(length * self._fraction)

    def body(self, data: bytes) -> bytes:
        """What may pass of it."""
        if self._left is None:
            self._left = int(len(data) * self._fraction)
        passing = data[: self._left]
        self._left -= len(passing)
        return passing

    def breaks_off(self) -> bool:
        """When all that may pass has passed."""
        return self._left == 0


class Truncate(HttpFault):
    """Puts `Cut` into the way of the response."""

    __slots__ = ()

    def apply(self, plan: Plan, request: Request, draws: Draws, now: float) -> None:
        """Break it off."""
        del request, draws
        plan.edits.append(Cut(self.settings.number("fraction", now)))


TRUNCATE = FaultKind(
    name="truncate",
    layer=Layer.HTTP,
    doc="responses break off in their body",
    main="fraction",
    directed=False,
    parameters=(Parameter("fraction", Unit.SHARE, "of the body that still comes", default=0.5),),
    http=Truncate,
)
