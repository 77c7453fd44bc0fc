"""``unready``: the service counts as not ready, whatever its probe says, and gets no traffic."""

from typing import TYPE_CHECKING, ClassVar

from meshdev.daemon.faults.instances.affliction import Affliction, Patient
from meshdev.wire.faults import FaultSpec

if TYPE_CHECKING:
    from meshdev.lifecycle.model import Incarnation


class Unready(Affliction):
    """See the module; `acting` tells the lifecycle core. ``hits`` counts instances."""

    unready: ClassVar[bool] = True

    def __init__(self, spec: FaultSpec, patient: Patient) -> None:
        super().__init__(spec, patient)
        self._met: set[Incarnation] = set()

    def begin(self) -> None:
        """Count those that live."""
        self.look()

    def look(self) -> None:
        """Count those that are new."""
        self._met.update(self.patient.instances())
        self.hits = len(self._met)
