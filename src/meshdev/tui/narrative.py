"""What happened between two pictures, where the daemon gives no notice of its own: starts that went well, and ends.

The daemon's notices tell of failures, restarts and reloads; `happened` adds the quiet changes, so that the events pane
tells the whole story and nothing twice. Pure.
"""

from collections.abc import Sequence

from meshdev.tui import states
from meshdev.tui.model import Happening, totals_of
from meshdev.tui.states import state_of
from meshdev.tui.tone import Tone
from meshdev.wire.control import ServiceView

_ENDS = {states.STOPPED: "is stopped", states.DONE: "has finished"}
_COMING = {"waiting", "building", "starting", "backoff"}


def happened(before: Sequence[ServiceView], after: Sequence[ServiceView], now: float) -> list[Happening]:
    """The changes from ``before`` to ``after``, at the times that the views give them."""
    known = {service.name: service for service in before}
    found = []
    for service in after:
        old = known.get(service.name)
        if old is not None and (text := _change(old, service)):
            found.append(Happening(service.since or now, service.name, text))
    good, was = totals_of(after), totals_of(before)
    if was.wanted and was.good < was.wanted and good.good == good.wanted > 1:
        found.append(Happening(now, "", f"all {good.wanted} services are healthy"))
    return found


def _change(old: ServiceView, new: ServiceView) -> str:
    was, state = state_of(old), state_of(new)
    if was == state:
        return ""
    if state in _ENDS:
        return _ENDS[state]
    if state.tone is Tone.OK and old.phase in _COMING:
        took = new.since - old.since
        measured = old.phase == "starting" and old.since and took > 0
        return f"is {state.word} after {took:.1f} s" if measured else f"is {state.word}"
    return ""
