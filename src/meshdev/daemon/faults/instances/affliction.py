"""What all faults of instances have in common, and what they may do to instances."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from meshdev.lifecycle.model import Incarnation
from meshdev.runners.census import Seen
from meshdev.runners.process import LaunchSpec
from meshdev.wire.faults import FaultSpec


class Hands(Protocol):
    """Who can reach an instance's processes (`runners.process.ProcessRunner`)."""

    def signal(self, ref: Incarnation, name: str) -> None:
        """Send a signal to all of them; nobody left to hear it is fine."""
        ...

    def members(self, ref: Incarnation) -> tuple[Seen, ...]:
        """Those that live, the leader first."""
        ...

    def beside(self, ref: Incarnation, argv: Sequence[str]) -> Seen | None:
        """Start a program of ours that ends with the instance and keeps its limits; None when that is gone."""
        ...


@dataclass(frozen=True, slots=True)
class Patient:
    """A service and the ways to its instances; ``restart`` has all of them replaced, for a reason."""

    service: str
    living: Callable[[str], Iterable[Incarnation]]
    hands: Hands
    restart: Callable[[str, str], None]
    cpus: Callable[[str], float | None]

    def instances(self) -> list[Incarnation]:
        """Those that live now and are not about to end, the lowest slot first."""
        return sorted(self.living(self.service), key=str)


class Affliction:
    """Base of all: does nothing. ``hits`` counts what it did."""

    unready: ClassVar[bool] = False
    """Whether the service counts as not ready for as long as this acts."""

    not_in_containers: ClassVar[str] = ""
    """Why it cannot act on containers; empty when it can."""

    def __init__(self, spec: FaultSpec, patient: Patient) -> None:
        self.spec = spec
        self.patient = patient
        self.hits = 0

    @classmethod
    def check(cls, spec: FaultSpec) -> None:
        """Raises UsageError when ``spec`` cannot be done, here or at all."""

    def begin(self) -> None:
        """It begins to act."""

    def look(self) -> None:
        """Once a second: new instances may be there."""

    def end(self) -> None:
        """It acts no longer; what can be undone is undone."""

    def adapt(self, ref: Incarnation, spec: LaunchSpec) -> LaunchSpec:  # noqa: ARG002 - most change nothing
        """How ``ref`` is started while this acts."""
        return spec

    def number(self, name: str, default: float) -> float:
        """The value of a parameter that is a number."""
        value = self.spec.values.get(name, default)
        return float(value) if isinstance(value, int | float) else default
