"""Which of the recorded exchanges a stand-in can play. Pure.

An exchange can be played if the service itself answered, and what it said was kept whole. What meshdev said in its
stead (a fault, a policy) is nobody's answer.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from meshdev.recording.calls import is_call, is_whole
from meshdev.recording.model import Cut, Exchange, Recording

_HTTP2 = "it came over HTTP/2"


def layers_for(
    recordings: Iterable[Recording], service: str, endpoint: str, first: str, *, calls: bool = False
) -> tuple[list[Recording], Counter[str]]:
    """The recordings with only what ``service`` can play on ``endpoint``; what was left out, by its reason.

    Exchanges without an endpoint are those of the ``first``. ``calls``: the endpoint speaks gRPC.
    """
    left_out: Counter[str] = Counter()
    layers = []
    for recording in recordings:
        kept = []
        for exchange in recording.exchanges:
            if exchange.callee != service or (exchange.endpoint or first) != endpoint:
                continue
            if reason := unplayable_call(exchange) if calls else unplayable(exchange):
                left_out[reason] += 1
            else:
                kept.append(exchange)
        layers.append(replace(recording, exchanges=tuple(kept)))
    return layers, left_out


def unplayable(exchange: Exchange) -> str:
    """Why an exchange cannot be played; empty when it can."""
    if exchange.by:
        return f"{exchange.by} answered itself"
    if exchange.protocol:
        return "calls of gRPC, and this endpoint does not speak it" if is_call(exchange) else _HTTP2
    if exchange.request.body.cut is not None:
        return "the request was not kept whole"
    if exchange.response is None:
        return ""
    if exchange.response.body.cut not in (None, Cut.BROKEN):
        return "the answer was not kept whole"
    return ""


def unplayable_call(exchange: Exchange) -> str:
    """The same where calls are played."""
    if exchange.by:
        return f"{exchange.by} answered itself"
    if not is_call(exchange):
        return _HTTP2 if exchange.protocol else "it is no call of gRPC"
    return "" if is_whole(exchange) else "not all messages were kept whole"


def callees(recordings: Sequence[Recording]) -> list[str]:
    """Whom the recordings could play."""
    return sorted({exchange.callee for recording in recordings for exchange in recording.exchanges})
