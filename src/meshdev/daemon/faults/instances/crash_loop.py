"""``crash-loop``: the first instance is killed again and again."""

import asyncio

from meshdev.daemon.faults.instances.affliction import Affliction, Patient
from meshdev.wire.faults import FaultSpec

_EVERY = 2.0


class CrashLoop(Affliction):
    """See the module."""

    def __init__(self, spec: FaultSpec, patient: Patient) -> None:
        super().__init__(spec, patient)
        self._next: asyncio.TimerHandle | None = None
        self._every = self.number("every", _EVERY)

    def begin(self) -> None:
        """Kill, and again in a while."""
        for ref in self.patient.instances()[:1]:
            self.patient.hands.signal(ref, "SIGKILL")
            self.hits += 1
        self._next = asyncio.get_running_loop().call_later(self._every, self.begin)

    def end(self) -> None:
        """No more."""
        if self._next is not None:
            self._next.cancel()
