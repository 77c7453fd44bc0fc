"""Which of the calls a test makes again: those from outside, or what enters the recorded part of the system.

Pictures, styles and scripts that a browser fetches by itself are left out, and so is what faults have changed, what
meshdev has answered in a service's place, what had no answer, and WebSockets: each with a note.
"""

from typing import Final

from meshdev.recording.formats.content import media_of
from meshdev.recording.formats.heads import first
from meshdev.recording.formats.servable import SWITCHING, title
from meshdev.recording.model import Exchange, Recording

OUTSIDE: Final = "outside"
_DRESS: Final = frozenset({"text/css", "text/javascript", "application/javascript"})
_FETCHED: Final = frozenset({"font", "image", "script", "style"})


def entries(recording: Recording) -> tuple[list[Exchange], tuple[str, ...]]:
    """The calls in their order, and notes on those that are left out."""
    notes: list[str] = []
    kept: list[Exchange] = []
    dress = 0
    for exchange in sorted(_entering(recording.exchanges), key=lambda one: (one.started, one.id)):
        why = _left_out(exchange)
        if why:
            notes.append(f"{title(exchange)}: left out, {why}")
        elif _is_dress(exchange):
            dress += 1
        else:
            kept.append(exchange)
    if dress:
        notes.append(f"pictures, styles and scripts are left out ({dress})")
    return kept, tuple(notes)


def behind(calls: list[Exchange], recording: Recording) -> list[Exchange]:
    """The calls that these have caused, told by their traces."""
    traces = {call.trace for call in calls} - {""}
    own = {call.id for call in calls}
    found = [one for one in recording.exchanges if one.trace in traces and one.id not in own]
    return sorted(found, key=lambda one: (one.started, one.id))


def _entering(exchanges: tuple[Exchange, ...]) -> list[Exchange]:
    outside = [one for one in exchanges if one.caller.startswith(OUTSIDE)]
    if outside:
        return outside
    called: dict[str, set[str]] = {}
    for one in exchanges:
        called.setdefault(one.trace, set()).add(one.callee)
    inner = [one for one in exchanges if one.caller not in called[one.trace]]
    return inner or list(exchanges)


def _left_out(exchange: Exchange) -> str:
    response = exchange.response
    if response is None:
        return f"it had no answer ({exchange.error or 'unknown why'})"
    if exchange.messages or response.status == SWITCHING:
        return "a WebSocket"
    if exchange.faults:
        return f"faults acted on it ({', '.join(exchange.faults)})"
    return "meshdev answered it" if exchange.by else ""


def _is_dress(exchange: Exchange) -> bool:
    if exchange.request.method != "GET" or exchange.response is None:
        return False
    media = media_of(exchange.response.headers)
    return (
        media in _DRESS
        or media.startswith("font/")
        or first(exchange.request.headers, "sec-fetch-dest") in _FETCHED
        or (media.startswith("image/") and bool(first(exchange.request.headers, "referer")))
    )
