"""``kill``: so many instances are killed, once each time that the fault begins to act."""

from signal import Signals

from meshdev.daemon.faults.instances.affliction import Affliction
from meshdev.errors import UsageError
from meshdev.wire.faults import FaultSpec


class Kill(Affliction):
    """See the module."""

    @classmethod
    def check(cls, spec: FaultSpec) -> None:
        """Its signal is one that there is."""
        name = _signal(spec)
        if name not in Signals.__members__:
            raise UsageError(f"no signal is called {name!r}", hint="SIGKILL, SIGTERM, SIGINT, …")

    def begin(self) -> None:
        """Send the signal."""
        wanted = int(self.number("instances", 1))
        found = self.patient.instances()
        for ref in found[: wanted or len(found)]:
            self.patient.hands.signal(ref, _signal(self.spec))
            self.hits += 1


def _signal(spec: FaultSpec) -> str:
    name = str(spec.values.get("signal", "SIGKILL")).upper()
    return name if name.startswith("SIG") else f"SIG{name}"
