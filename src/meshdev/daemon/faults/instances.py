"""Faults of instances at work. One class a kind, in the table `AFFLICTIONS`; what is not in it cannot be added.

An affliction begins when its fault begins to act on a service, is looked after until it ends, and always ends: with its
fault, with the shutdown of the system, with the daemon.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from meshdev.lifecycle.model import Incarnation
from meshdev.wire.faults import FaultSpec

_CRASH_EVERY = 2.0


class Signaller(Protocol):
    """Who can send signals to an instance's processes."""

    def signal(self, ref: Incarnation, name: str) -> None:
        """Send one to all of them; nobody left to hear it is fine."""
        ...


@dataclass(frozen=True, slots=True)
class Patient:
    """A service and the ways to its instances."""

    service: str
    living: Callable[[str], Iterable[Incarnation]]
    signaller: Signaller

    def instances(self) -> list[Incarnation]:
        """Those that live now, the lowest slot first."""
        return sorted(self.living(self.service), key=str)


class Affliction:
    """Base of all: does nothing. ``hits`` counts what it did."""

    def __init__(self, spec: FaultSpec, patient: Patient) -> None:
        self.spec = spec
        self.patient = patient
        self.hits = 0

    def begin(self) -> None:
        """It begins to act."""

    def look(self) -> None:
        """Once a second: new instances may be there."""

    def end(self) -> None:
        """It acts no longer; what can be undone is undone."""

    def _send(self, ref: Incarnation, signal: str) -> None:
        self.patient.signaller.signal(ref, signal)
        self.hits += 1


class KillInstances(Affliction):
    """So many instances are killed, once each time that the fault begins to act."""

    def begin(self) -> None:
        """Send the signal."""
        wanted = int(float(str(self.spec.values.get("instances", 1))))
        found = self.patient.instances()
        for ref in found[: wanted or len(found)]:
            self._send(ref, str(self.spec.values.get("signal", "SIGKILL")))


class Pause(Affliction):
    """Instances stand still, those too that come later, and go on at the end."""

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
                self._send(ref, "SIGSTOP")

    def end(self) -> None:
        """Let all go on."""
        for ref in self._still & set(self.patient.instances()):
            self.patient.signaller.signal(ref, "SIGCONT")
        self._still.clear()


class CrashLoop(Affliction):
    """The first instance is killed again and again."""

    def __init__(self, spec: FaultSpec, patient: Patient) -> None:
        super().__init__(spec, patient)
        self._next: asyncio.TimerHandle | None = None
        self._every = float(str(spec.values.get("every", _CRASH_EVERY)))

    def begin(self) -> None:
        """Kill, and again in a while."""
        for ref in self.patient.instances()[:1]:
            self._send(ref, "SIGKILL")
        self._next = asyncio.get_running_loop().call_later(self._every, self.begin)

    def end(self) -> None:
        """No more."""
        if self._next is not None:
            self._next.cancel()


AFFLICTIONS: Mapping[str, type[Affliction]] = {"kill": KillInstances, "pause": Pause, "crash-loop": CrashLoop}


class Afflictions:
    """All that act now. Used from the loop's thread only."""

    def __init__(self, living: Callable[[str], Iterable[Incarnation]], signaller: Signaller) -> None:
        self._living = living
        self._signaller = signaller
        self._acting: dict[tuple[str, str, float], Affliction] = {}
        self._hits: dict[str, int] = {}

    def afflict(self, faults: Mapping[str, Iterable[FaultSpec]]) -> None:
        """These act from now on, and no others; those that act already go on."""
        wanted = {
            (service, spec.key, spec.since): (service, spec)
            for service, specs in faults.items()
            for spec in specs
        }
        for key in [key for key in self._acting if key not in wanted]:
            affliction = self._acting.pop(key)
            affliction.end()
            self._ended(affliction)
        for key, (service, spec) in wanted.items():
            known = self._acting.get(key)
            if known is not None:
                known.look()
                continue
            patient = Patient(service, self._living, self._signaller)
            self._acting[key] = affliction = AFFLICTIONS[spec.kind](spec, patient)
            affliction.begin()

    def hits(self) -> Mapping[str, int]:
        """What was done so far, by `FaultSpec.key`."""
        hits = dict(self._hits)
        for affliction in self._acting.values():
            hits[affliction.spec.key] = hits.get(affliction.spec.key, 0) + affliction.hits
        return hits

    def _ended(self, affliction: Affliction) -> None:
        key = affliction.spec.key
        self._hits[key] = self._hits.get(key, 0) + affliction.hits
