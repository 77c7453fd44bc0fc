"""Malformed: the response's body has the right length and framing, but no parser takes it."""

from meshdev.traffic.faults.draws import Draws
from meshdev.traffic.faults.http import Edit, HttpFault, Plan
from meshdev.traffic.faults.kinds import FaultKind, Layer
from meshdev.traffic.faults.match import Request

BAD = b"\xff"


class Spoil(Edit):
    """The first byte becomes one that neither JSON, XML, UTF-8 nor gzip begins with."""

    __slots__ = ("_done",)

    def __init__(self) -> None:
        self._done = False

    def body(self, data: bytes) -> bytes:
        """Spoil it."""
        if self._done or not data:
            return data
        self._done = True
        return BAD + data[1:]


class Malformed(HttpFault):
    """Puts `Spoil` into the way of the response."""

    __slots__ = ()

    def apply(self, plan: Plan, request: Request, draws: Draws, now: float) -> None:
        """Spoil it."""
        del request, draws, now
        plan.edits.append(Spoil())


MALFORMED = FaultKind(
    name="malformed",
    layer=Layer.HTTP,
    doc="bodies of responses cannot be parsed",
    directed=False,
    http=Malformed,
)
