"""How long a call waits for a service that has no incarnation: pure, from what is wanted of the service.

One that is on its way is waited for as long as edges usually hold, one that starts on demand for as long as its start
may take. One that is stopped, or gave up, turns callers away at once, so that they see what is the case.
"""

from dataclasses import dataclass

from meshdev.lifecycle.model import Desired, Phase, ServiceState
from meshdev.topology.model import StartMode, System


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds (None: as long as edges usually hold), and whether the call starts the service (`wake`)."""

    seconds: float | None = 0.0
    wake: bool = False


START_SECONDS = 60.0  # for a service without a probe, whose start has no limit of its own
_AS_USUAL = Patience(None)
_NONE = Patience()


def patience(system: System, state: ServiceState | None) -> Patience:
    """How calls to the service of this state wait while it has no incarnation."""
    if state is None or not (state.wakes or state.desired is Desired.UP) or state.phase is Phase.GAVE_UP:
        return _NONE
    service = system.services.get(state.name)
    if service is None or service.start is not StartMode.ON_DEMAND:
        return _AS_USUAL
    check = service.healthcheck
    return Patience(check.ready_timeout if check is not None else START_SECONDS, state.wakes)
