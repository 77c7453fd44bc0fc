"""Faults that callers ask for themselves, request by request, by Envoy's headers, on edges that allow it.

| header | what |
|---|---|
| ``x-envoy-fault-delay-request`` | wait so many milliseconds |
| ``x-envoy-fault-abort-request`` | answer with this status, 200 to 599 |
| the same with ``-percentage`` behind it | for so many of 100 requests, at most what the edge allows; else just that |

The two are drawn on their own, and the answer comes after the delay. They are kinds that no table and no command names.
"""

from collections.abc import Mapping
from typing import Final

from meshdev.traffic.faults.draws import Draws
from meshdev.traffic.faults.http import Answer, HttpFault, Plan
from meshdev.traffic.faults.kinds import FaultKind, Layer
from meshdev.traffic.faults.match import Request
from meshdev.wire.faults import FaultMatch, FaultSpec

ID: Final = "x-envoy-fault"
_DELAY: Final = b"x-envoy-fault-delay-request"
_ABORT: Final = b"x-envoy-fault-abort-request"
_SHARE: Final = b"-percentage"
_LEAST_STATUS, _MOST_STATUS = 200, 599


def _number(request: Request, name: bytes) -> int | None:
    value = (request.value(name) or b"").strip()
    return int(value) if value.isdigit() and len(value) < 10 else None  # noqa: PLR2004 - what 32 bits hold


class _Asked(HttpFault):
    """``header`` is what asks for it; only a readable one hits."""

    __slots__ = ()
    header = b""

    def percentage(self, request: Request, most: float) -> float:
        """What the request asks for, within what is allowed."""
        if not self.is_meant(_number(request, self.header)):
            return 0.0
        share = _number(request, self.header + _SHARE)
        return most if share is None else min(float(share), most)

    def is_meant(self, asked: int | None) -> bool:
        """Whether it is something that can be done."""
        return asked is not None


class _AskedDelay(_Asked):
    __slots__ = ()
    header = _DELAY

    def apply(self, plan: Plan, request: Request, draws: Draws, now: float) -> None:
        """Wait as long as it says."""
        del draws, now
        plan.delay += (_number(request, _DELAY) or 0) / 1000


class _AskedAbort(_Asked):
    __slots__ = ()
    header = _ABORT

    def is_meant(self, asked: int | None) -> bool:
        """Only a status that an answer can have."""
        return asked is not None and _LEAST_STATUS <= asked <= _MOST_STATUS

    def apply(self, plan: Plan, request: Request, draws: Draws, now: float) -> None:
        """Answer, unless another fault has."""
        del draws, now
        status = _number(request, _ABORT)
        if plan.answer is None and status is not None:
            plan.answer = Answer(status)


ASKED: Final[Mapping[str, FaultKind]] = {
    kind.name: kind
    for kind in (
        FaultKind(
            "delay-request", Layer.HTTP, "the caller asked for a delay", http=_AskedDelay, streams=True
        ),
        FaultKind(
            "abort-request", Layer.HTTP, "the caller asked for an error", http=_AskedAbort, streams=True
        ),
    )
}


def asked_specs(percentage: float) -> tuple[FaultSpec, ...]:
    """What lets callers ask, for at most so many percent of their requests; 0 is nothing."""
    if not percentage:
        return ()
    return tuple(
        FaultSpec(ID, name, percentage=percentage, match=FaultMatch(headers={f"{ID}-{name}": "*"}))
        for name in ASKED
    )
