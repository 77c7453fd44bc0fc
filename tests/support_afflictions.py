"""Faults of instances over real processes: what runs is known to a runner, what is asked of the daemon is noted."""

import resource
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from meshdev.daemon.faults.instances.acting import Afflictions, Reach
from meshdev.lifecycle.model import Incarnation
from meshdev.traffic.faults.reading import read_toggle
from support_processes import Bench

REF = Incarnation("orders", 0, 1)


@dataclass
class Ward:
    """One service's instances under faults."""

    bench: Bench
    cpus: float | None = 1.0
    living: list[Incarnation] = field(default_factory=lambda: [REF])
    restarts: list[tuple[str, str]] = field(default_factory=list)
    sidelined: list[frozenset[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """All that faults may reach."""
        self.acting = Afflictions(
            Reach(
                hands=self.bench.runner,
                living=lambda _: self.living,
                restart=lambda service, why: self.restarts.append((service, why)),
                sideline=self.sidelined.append,
                cpus=lambda _: self.cpus,
            )
        )

    def afflict(self, **fault: Any) -> None:
        """These faults act now, since now; called again they begin anew."""
        table = {name.replace("_", "-") if name != "start_after" else name: it for name, it in fault.items()}
        toggle = read_toggle("a", {"service": "orders", **table})
        specs = [msgspec.structs.replace(spec, since=time.monotonic()) for spec in toggle.specs]
        self.specs = {"orders": specs}
        self.look()

    def look(self) -> None:
        """A second has passed."""
        self.acting.afflict(self.specs)

    def relieve(self) -> None:
        """All are over."""
        self.acting.afflict({})

    @property
    def hits(self) -> Mapping[str, int]:
        """By fault."""
        return self.acting.hits()

    def pids(self) -> set[int]:
        """Whoever belongs to the instance."""
        return set(self.bench.runner.pids(REF))


def state(pid: int) -> str:
    """``S`` sleeps, ``T`` is stopped."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def resident(pid: int) -> int:
    """Bytes of memory that a process really has."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize()


def control_groups(pid: int) -> str:
    """Which it is in."""
    return Path(f"/proc/{pid}/cgroup").read_text()


def cpu_seconds(pid: int) -> float:
    """What a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100
