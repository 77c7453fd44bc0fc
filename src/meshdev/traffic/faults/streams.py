"""What faults do to one stream of HTTP/2: a plan, as for a request of HTTP/1, of which fewer faults make use.

A stream may wait, be answered in place of the callee, or be reset; what edits an answer's head and body does nothing
here (`idle_here` tells which faults that is).
"""

from collections.abc import Iterator
from typing import Final

from meshdev.traffic.faults.edge import ActiveFault, EdgeFaults
from meshdev.traffic.faults.http import Plan
from meshdev.traffic.faults.kinds import Layer
from meshdev.traffic.faults.match import asks_for_more
from meshdev.traffic.protocols.http2.hpack_blocks import Fields

_PATH: Final = b":path"
_METHOD: Final = b":method"
_HOST: Final = b"host"
_AUTHORITY: Final = b":authority"


class StreamRequest:
    """A request's fields as matches ask for them."""

    __slots__ = ("fields",)

    def __init__(self, fields: Fields) -> None:
        self.fields = fields

    @property
    def method(self) -> str:
        """``POST`` for a call of gRPC."""
        return (self.value(_METHOD) or b"").decode("latin-1")

    @property
    def target(self) -> bytes:
        """The path; of a call it is ``/package.Service/Method``."""
        return self.value(_PATH) or b""

    def value(self, name: bytes, /) -> bytes | None:
        """The first value of that name; ``host`` is the authority."""
        for known, value in self.fields:
            if known == name:
                return value
        return self.value(_AUTHORITY) if name == _HOST else None


def plan_of_stream(edge: EdgeFaults, request: StreamRequest, now: float) -> Plan | None:
    """What is done to ``request``; None when no fault hits it."""
    plan: Plan | None = None
    for fault in edge.faults:
        if (
            not _on_streams(fault)
            or fault.http is None
            or not fault.acts(now)
            or not fault.http.means(request)
        ):
            continue
        ordinal = fault.decide(request, now)
        if ordinal <= 0:
            continue
        if plan is None:
            plan = Plan()
        plan.hits.append(fault.key)
        fault.http.apply(plan, request, fault.draws.about(ordinal), now)
        if plan.answer is not None and not plan.answered_by:
            plan.answered_by = fault.key
    return plan


def acts_on_streams(edge: EdgeFaults) -> bool:
    """Whether some fault of the edge does."""
    return any(map(_on_streams, edge.faults))


def idle_here(edge: EdgeFaults) -> Iterator[str]:
    """Faults that do nothing to HTTP/2, with what does something instead."""
    for fault in edge.faults:
        if fault.kind.layer is Layer.HTTP and not fault.kind.streams:
            yield f"{fault.kind.name} does nothing to HTTP/2 (status, grpc-status, delay and reset-stream do)"
        elif fault.kind.layer is Layer.BYTES and asks_for_more(fault.spec.match):
            yield f"{fault.kind.name} acts on whole connections here, so nothing matches (delay acts on streams)"


def _on_streams(fault: ActiveFault) -> bool:
    return fault.kind.streams or fault.kind.layer is Layer.STREAM
