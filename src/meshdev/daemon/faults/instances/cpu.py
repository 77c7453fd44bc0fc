"""``cpu``: programs beside each instance burn CPU, one for each core, within the instance's limits."""

import math
import os

from meshdev.daemon.faults.instances.beside import Beside
from meshdev.lifecycle.model import Incarnation
from meshdev.runners.census import Seen


class Cpu(Beside):
    """See the module."""

    def _burden(self, ref: Incarnation) -> list[Seen | None]:
        load = self.number("load", 1.0)
        return [self._start(ref, "cpu", "load", load) for _ in range(self._cores())]

    def _cores(self) -> int:
        asked = int(self.number("cores", 0))
        limit = self.patient.cpus(self.patient.service)
        return asked or max(1, math.ceil(limit) if limit else os.cpu_count() or 1)
