"""What ``cpu`` and ``memory`` share: programs of ours beside each instance, ended by their pids."""

import logging
import signal
import sys
from pathlib import Path

from meshdev.daemon.faults.instances.affliction import Affliction, Patient
from meshdev.errors import ServiceError
from meshdev.lifecycle.model import Incarnation
from meshdev.runners import census
from meshdev.runners.census import Seen
from meshdev.wire.faults import FaultSpec

log = logging.getLogger(__name__)

_PROGRAM = str(Path(__file__).with_name("burden.py"))


class Beside(Affliction):
    """A burden for each instance, those that come later too. ``hits`` counts the programs that were started."""

    not_in_containers = "nothing can be started beside one, within its limits"

    def __init__(self, spec: FaultSpec, patient: Patient) -> None:
        super().__init__(spec, patient)
        self._started: dict[Incarnation, list[Seen]] = {}

    def begin(self) -> None:
        """Burden those that live."""
        self.look()

    def look(self) -> None:
        """Burden those that are new, and forget those that have gone, with theirs."""
        there = self.patient.instances()
        for ref in self._started.keys() - set(there):
            del self._started[ref]
        for ref in there:
            if ref not in self._started:
                self._started[ref] = [seen for seen in self._burden(ref) if seen is not None]
                self.hits += len(self._started[ref])

    def end(self) -> None:
        """End each by its pid."""
        for programs in self._started.values():
            for seen in programs:
                census.send(seen, signal.SIGKILL)
        self._started.clear()

    def _burden(self, ref: Incarnation) -> list[Seen | None]:
        raise NotImplementedError

    def _start(self, ref: Incarnation, sort: str, name: str, full: float) -> Seen | None:
        """One program, growing to ``full`` as the ramp of the parameter ``name`` says."""
        schedule = self.spec.schedule
        begin = self.spec.starts.get(name, 0.0) if schedule.ramp else full
        at = self.spec.since + schedule.start_after
        figures = [f"{figure:.6f}" for figure in (begin, full, at, schedule.ramp)]
        try:
            return self.patient.hands.beside(ref, [sys.executable, "-I", "-S", _PROGRAM, sort, *figures])
        except ServiceError as error:
            log.warning("no %s burden beside %s: %s", sort, ref, error.message)
            return None
