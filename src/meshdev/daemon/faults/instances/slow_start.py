"""``slow-start``: whatever starts while it acts waits before its program runs; at the end those that wait go on.

The shell waits in the program's place, so it has the program's pid, session and mark, and can be stopped as ever.
"""

import signal
from dataclasses import replace

from meshdev.daemon.faults.instances.affliction import Affliction, Patient
from meshdev.lifecycle.model import Incarnation
from meshdev.runners import census
from meshdev.runners.process import LaunchSpec
from meshdev.wire.faults import FaultSpec

_WAIT = 'sleep "$0"; exec "$@"'


class SlowStart(Affliction):
    """See the module. ``hits`` counts starts."""

    not_in_containers = "what runs first in one is its image's"

    def __init__(self, spec: FaultSpec, patient: Patient) -> None:
        super().__init__(spec, patient)
        self._waits = f"{self.number('delay', 0.0):.3f}"

    def adapt(self, ref: Incarnation, spec: LaunchSpec) -> LaunchSpec:  # noqa: ARG002 - any
        """Wait first."""
        self.hits += 1
        argv = ("/bin/sh", "-c", " ".join(spec.argv)) if spec.shell else spec.argv
        return replace(spec, argv=("/bin/sh", "-c", _WAIT, self._waits, *argv), shell=False)

    def end(self) -> None:
        """Wake those that wait."""
        for ref in self.patient.instances():
            leader, *others = self.patient.hands.members(ref) or (None,)
            if leader is None or _WAIT.encode() not in census.command_line(leader.pid):
                continue
            for seen in others:
                if seen.parent == leader.pid and seen.command == "sleep":
                    census.send(seen, signal.SIGKILL)
