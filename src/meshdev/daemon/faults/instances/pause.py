"""``pause``: instances stand still (SIGSTOP), those too that come later, and go on at the end.

A stop does not wait for them: whoever is asked to end is made to go on.
"""

from typing import TYPE_CHECKING

from meshdev.daemon.faults.instances.affliction import Affliction, Patient
from meshdev.wire.faults import FaultSpec

if TYPE_CHECKING:
    from meshdev.lifecycle.model import Incarnation


class Pause(Affliction):
    """See the module."""

    def __init__(self, spec: FaultSpec, patient: Patient) -> None:
        super().__init__(spec, patient)
        self._still: set[Incarnation] = set()

    def begin(self) -> None:
        """Stop those that live."""
        self.look()

    def look(self) -> None:
        """Stop those that are new."""
        for ref in self.patient.instances():
            if ref not in self._still:
                self._still.add(ref)
                self.patient.hands.signal(ref, "SIGSTOP")
                self.hits += 1

    def end(self) -> None:
        """Let all go on."""
        for ref in self._still:
            self.patient.hands.signal(ref, "SIGCONT")
        self._still.clear()
