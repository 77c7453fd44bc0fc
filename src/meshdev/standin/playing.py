"""Which of the recorded exchanges a stand-in can play. Pure.

An exchange can be played if the service itself answered, and what it said was kept whole. What meshdev said in its
stead (a fault, a policy) is nobody's answer.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from meshdev.recording.model import Cut, Exchange, Recording


def layers_for(
    recordings: Iterable[Recording], service: str, endpoint: str, first: str
) -> tuple[list[Recording], Counter[str]]:
    """The recordings with only what ``service`` can play on ``endpoint``; what was left out, by its reason.

    Exchanges without an endpoint are those of the ``first``.
    """
    left_out: Counter[str] = Counter()
    layers = []
    for recording in recordings:
        kept = []
        for exchange in recording.exchanges:
            if exchange.callee != service or (exchange.endpoint or first) != endpoint:
                continue
            if reason := unplayable(exchange):
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
        return "it came over HTTP/2"
    if exchange.request.body.cut is not None:
        return "the request was not kept whole"
    if exchange.response is None:
        return ""
    if exchange.response.body.cut not in (None, Cut.BROKEN):
        return "the answer was not kept whole"
    return ""


def callees(recordings: Sequence[Recording]) -> list[str]:
    """Whom the recordings could play."""
    return sorted({exchange.callee for recording in recordings for exchange in recording.exchanges})
