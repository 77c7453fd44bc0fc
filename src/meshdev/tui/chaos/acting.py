"""Which faults are on, where, and for how long: what the header, the Services and the Graph screen show. Pure."""

from collections.abc import Iterable, Mapping, Sequence

from meshdev.traffic.faults.target import parse_edge
from meshdev.tui.states import State
from meshdev.tui.tone import Tone
from meshdev.wire.fault_views import FaultView

ON = State("↯", "on", Tone.ALERT, 0)
PENDING = State("◐", "pending", Tone.WARN, 1)
WAITS = State("◌", "waits", Tone.BUSY, 2)
OFF = State("○", "off", Tone.MUTED, 3)

_HOUR, _MINUTE = 3600, 60


def state_of(fault: FaultView) -> State:
    """How a fault looks: acting, on its way into force, outside its schedule, off."""
    if not fault.on:
        return OFF
    if not fault.in_force:
        return PENDING
    return ON if fault.acting else WAITS


def are_on(faults: Iterable[FaultView]) -> list[FaultView]:
    """Those that are switched on."""
    return [fault for fault in faults if fault.on]


def left_of(fault: FaultView, told_at: float, now: float) -> float | None:
    """Seconds until it is over by itself, as of ``now``; None when it is off or has no end."""
    if not fault.on or fault.remaining is None:
        return None
    return max(0.0, fault.remaining - max(0.0, now - told_at))


def countdown(seconds: float) -> str:
    """What is left, by the second where seconds count.

    >>> [countdown(s) for s in (7.2, 61, 125, 3700)]
    ['8s', '1m01', '2m05', '1h01']
    """
    whole = int(seconds) + (seconds % 1 > 0)
    if whole < _MINUTE:
        return f"{whole}s"
    if whole < _HOUR:
        return f"{whole // _MINUTE}m{whole % _MINUTE:02}"
    return f"{whole // _HOUR}h{whole % _HOUR // _MINUTE:02}"


def by_service(faults: Sequence[FaultView]) -> Mapping[str, tuple[str, ...]]:
    """The names of the faults that are on, by the service that looks faulty for it: the callee, or itself."""
    found: dict[str, list[str]] = {}
    for fault in are_on(faults):
        callees = (edge.callee for text in fault.edges if (edge := parse_edge(text)) is not None)
        for name in dict.fromkeys((*fault.services, *callees)):
            found.setdefault(name, []).append(fault.name)
    return {name: tuple(names) for name, names in found.items()}
