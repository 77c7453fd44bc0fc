"""What every runner can do to instances, whatever they run as; and the two that there are as one.

A runner executes the core's `Signal` and `Kill` and reports facts (`Launched`, `Exited`, `Gone` …). What a launch
needs differs, so launching is not part of it.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol

from meshdev.lifecycle.model import Incarnation
from meshdev.runners.census import Seen
from meshdev.runners.container.runner import ContainerRunner
from meshdev.runners.process import ProcessRunner


class Runner(Protocol):
    """Acts on instances that were launched, and tells about them."""

    def signal(self, ref: Incarnation, name: str) -> None:
        """Send the signal ``name``; one that is gone needs none."""
        ...

    def kill(self, ref: Incarnation) -> None:
        """End everything of ``ref``, launched or still being launched."""
        ...

    def members(self, ref: Incarnation) -> tuple[Seen, ...]:
        """Its live processes, the leader first; empty when they are not on this machine."""
        ...

    def everybody(self) -> Iterator[tuple[Incarnation, tuple[int, ...]]]:
        """Each incarnation that is not gone, with the pids of its members."""
        ...


class Runners:
    """Processes and containers behind one `Runner`: each command goes to the one that has the instance."""

    def __init__(self, processes: ProcessRunner, containers: ContainerRunner) -> None:
        self._processes = processes
        self._containers = containers

    def _of(self, ref: Incarnation) -> Runner:
        return self._containers if self._containers.knows(ref) else self._processes

    def signal(self, ref: Incarnation, name: str) -> None:
        """As `Runner.signal`."""
        self._of(ref).signal(ref, name)

    def kill(self, ref: Incarnation) -> None:
        """As `Runner.kill`."""
        self._of(ref).kill(ref)

    def members(self, ref: Incarnation) -> tuple[Seen, ...]:
        """As `Runner.members`."""
        return self._of(ref).members(ref)

    def everybody(self) -> Iterator[tuple[Incarnation, tuple[int, ...]]]:
        """As `Runner.everybody`."""
        yield from self._processes.everybody()
        yield from self._containers.everybody()

    def beside(self, ref: Incarnation, argv: Sequence[str]) -> Seen | None:
        """Start a program of ours that ends with the instance; None when that is gone, or a container."""
        return None if self._containers.knows(ref) else self._processes.beside(ref, argv)

    def mark_of(self, ref: Incarnation) -> int:
        """The mark of a process's members (0: a container, or gone)."""
        return self._processes.mark_of(ref)
