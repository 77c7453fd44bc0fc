"""Which calls of a recording are sent again, and when. Pure.

Rules: calls to the service, whoever made them · without those that meshdev answered itself, or that a fault hit, for
they tell nothing of the service · without tunnels (WebSockets) · in the order in which they began.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from meshdev.errors import UsageError
from meshdev.kernel.nearest import did_you_mean
from meshdev.recording.calls import is_call, told_status
from meshdev.recording.calls import is_whole as is_whole_call
from meshdev.recording.model import Cut, Exchange, Recording
from meshdev.recording.protobuf.codec import HINT
from meshdev.traffic.faults.target import means, parse_edge

OUTSIDE = "outside"
_SWITCHING = 101


@dataclass(frozen=True, slots=True)
class Chosen:
    """The calls to send; ``left_out`` says how many are not, by reason."""

    exchanges: tuple[Exchange, ...]
    left_out: tuple[tuple[str, int], ...] = ()


def entry_services(recording: Recording) -> list[str]:
    """The services that were called from outside of the system; all that were called when there is no such call."""
    entries = {one.callee for one in recording.exchanges if one.caller.partition(":")[0] == OUTSIDE}
    return sorted(entries or {one.callee for one in recording.exchanges})


def chosen(recording: Recording, service: str, edges: Sequence[str] = ()) -> Chosen:
    """The calls to ``service``, over these edges only if any are named. Raises UsageError when there are none."""
    patterns = []
    for text in edges:
        pattern = parse_edge(text)
        if pattern is None:
            raise UsageError(
                f"{text!r} is no edge", hint="write it as 'orders -> payments'; * stands for any"
            )
        patterns.append(pattern)
    found: list[Exchange] = []
    left_out: dict[str, int] = {}
    for one in recording.exchanges:
        if one.callee != service:
            continue
        if patterns and not any(means(it, one.caller, one.callee, one.endpoint) for it in patterns):
            continue
        reason = _why_not(one)
        if reason:
            left_out[reason] = left_out.get(reason, 0) + 1
        else:
            found.append(one)
    if not found:
        called = sorted({one.callee for one in recording.exchanges})
        hint = did_you_mean(service, called, what="called in it")
        if left_out:
            hint = "; ".join(f"{count} {reason}" for reason, count in left_out.items())
        raise UsageError(
            f"{recording.meta.name} has no call to {service} that could be sent again", hint=hint
        )
    return Chosen(tuple(found), tuple(left_out.items()))


def _why_not(one: Exchange) -> str:
    if one.by or one.faults:
        return "were answered by meshdev or hit by a fault"
    if one.protocol:
        return _why_not_call(one) if is_call(one) else "came over HTTP/2"
    if one.response is None:
        return "had no answer"
    if one.response.status == _SWITCHING or one.messages:
        return "are WebSockets"
    return "were not recorded whole" if one.request.body.cut is not None else ""


def _why_not_call(one: Exchange) -> str:
    """Of a call that was not made into a request (`calls`)."""
    if not is_whole_call(one):
        return "were not recorded whole"
    return "had no end" if told_status(one) is None else f"are calls of gRPC ({HINT} sends them)"


def due_times(exchanges: Sequence[Exchange], speed: float) -> list[float]:
    """Seconds from the first request to each, at ``speed`` times the recorded pace; all 0 when it is infinite."""
    if not exchanges or math.isinf(speed):
        return [0.0] * len(exchanges)
    first = exchanges[0].started
    return [(one.started - first) / speed for one in exchanges]


def is_whole(one: Exchange) -> bool:
    """Whether the recorded answer can be compared with another one."""
    return one.response is not None and one.response.body.cut in (None, Cut.DISK)
