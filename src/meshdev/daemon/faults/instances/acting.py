"""All faults of instances that act now. Used from the loop's thread only."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from meshdev.daemon.faults.instances.affliction import Affliction, Hands, Patient
from meshdev.daemon.faults.instances.table import AFFLICTIONS
from meshdev.lifecycle.model import Incarnation
from meshdev.runners.process import LaunchSpec
from meshdev.wire.faults import FaultSpec


@dataclass(frozen=True, slots=True)
class Reach:
    """What faults of instances may do in the daemon.

    ``living`` are a service's instances that are not about to end, ``restart`` has them replaced for a reason,
    ``sideline`` tells which services count as not ready, ``cpus`` is a service's limit if it has one.
    """

    hands: Hands
    living: Callable[[str], Iterable[Incarnation]]
    restart: Callable[[str, str], None]
    sideline: Callable[[frozenset[str]], None]
    cpus: Callable[[str], float | None]


class Afflictions:
    """See the module."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._acting: dict[tuple[str, str, float], Affliction] = {}
        self._hits: dict[str, int] = {}
        self._sidelined: frozenset[str] = frozenset()

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
            reach = self._reach
            patient = Patient(service, reach.living, reach.hands, reach.restart, reach.cpus)
            self._acting[key] = affliction = AFFLICTIONS[spec.kind](spec, patient)
            affliction.begin()
        self._sideline()

    def adapt(self, ref: Incarnation, spec: LaunchSpec) -> LaunchSpec:
        """How ``ref`` is started under what acts now."""
        for (service, _, _), affliction in self._acting.items():
            if service == ref.service:
                spec = affliction.adapt(ref, spec)
        return spec

    def hits(self) -> Mapping[str, int]:
        """What was done so far, by `FaultSpec.key`."""
        hits = dict(self._hits)
        for affliction in self._acting.values():
            hits[affliction.spec.key] = hits.get(affliction.spec.key, 0) + affliction.hits
        return hits

    def _sideline(self) -> None:
        services = frozenset(service for (service, _, _), one in self._acting.items() if one.unready)
        if services != self._sidelined:
            self._sidelined = services
            self._reach.sideline(services)

    def _ended(self, affliction: Affliction) -> None:
        key = affliction.spec.key
        self._hits[key] = self._hits.get(key, 0) + affliction.hits
