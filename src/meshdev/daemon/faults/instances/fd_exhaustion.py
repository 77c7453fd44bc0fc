"""``fd-exhaustion``: the soft limit of open files is lowered on living processes, and put back at the end.

What is open stays open; nothing further can be, from a number of descriptors on. Children inherit it.
"""

import resource
import sys
from contextlib import suppress

from meshdev.daemon.faults.instances.affliction import Affliction, Patient
from meshdev.errors import UsageError
from meshdev.lifecycle.model import Incarnation
from meshdev.runners.census import Seen, look
from meshdev.wire.faults import FaultSpec

_LIMIT = 16


class FdExhaustion(Affliction):
    """See the module. ``hits`` counts processes."""

    def __init__(self, spec: FaultSpec, patient: Patient) -> None:
        super().__init__(spec, patient)
        self._limit = int(self.number("limit", _LIMIT))
        self._before: dict[Incarnation, int] = {}
        self._lowered: set[tuple[int, float]] = set()

    @classmethod
    def check(cls, spec: FaultSpec) -> None:  # noqa: ARG003 - any value will do
        """Limits of others can be set on Linux only."""
        if sys.platform != "linux":
            raise UsageError("fd-exhaustion needs Linux", hint="`ulimit -n` in the service's command")

    def begin(self) -> None:
        """Lower those that live."""
        self.look()

    def look(self) -> None:
        """Lower those that are new."""
        for ref in self.patient.instances():
            for seen in self.patient.hands.members(ref):
                if (seen.pid, seen.start) not in self._lowered:
                    self._lower(ref, seen)

    def _lower(self, ref: Incarnation, seen: Seen) -> None:
        before = _soft(seen)
        if before is None:
            return
        self._lowered.add((seen.pid, seen.start))
        self.hits += 1
        if before == resource.RLIM_INFINITY or before > self._limit:
            self._before[ref] = max(before, self._before.get(ref, 0))
            _set_soft(seen, self._limit)

    def end(self) -> None:
        """Put back what was there, for those too that were born meanwhile and have inherited it."""
        for ref, before in self._before.items():
            for seen in self.patient.hands.members(ref):
                if _soft(seen) == self._limit:
                    _set_soft(seen, before)
        self._before.clear()
        self._lowered.clear()


if sys.platform == "linux":

    def _soft(seen: Seen) -> int | None:
        with suppress(OSError):
            return resource.prlimit(seen.pid, resource.RLIMIT_NOFILE)[0]
        return None

    def _set_soft(seen: Seen, soft: int) -> None:
        now = look(seen.pid)
        if now is None or now.start != seen.start:
            return
        with suppress(OSError, ValueError):
            hard = resource.prlimit(seen.pid, resource.RLIMIT_NOFILE)[1]
            resource.prlimit(seen.pid, resource.RLIMIT_NOFILE, (soft, hard))

else:

    def _soft(seen: Seen) -> int | None:  # noqa: ARG001 - the same face on every platform
        return None

    def _set_soft(seen: Seen, soft: int) -> None:
        """Nothing can be set here."""
