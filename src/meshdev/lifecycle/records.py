"""The core's own books: mutable records of incarnations, slots and services. Nothing outside of the core sees them.

A slot holds one `current` run, which stands for the slot to the outside; in a rolling reload a `candidate` beside it;
and the runs on their way out in `retiring`. Two counters say whether a run is what is wanted now: `epoch` grows
with each wish for fresh incarnations, `code` with each reload. A run whose epoch is older than its service's has to go;
one whose code is older is replaced by the reload in hand.
"""

from dataclasses import dataclass, field

from meshdev.lifecycle.model import (
    Desired,
    Exit,
    Health,
    Incarnation,
    Phase,
    ProbeOutcome,
    ReloadOutcome,
    ReloadState,
    Role,
)
from meshdev.lifecycle.table import LIVE
from meshdev.topology.container import Container
from meshdev.topology.model import Healthcheck, ProbeKind, Service, StartMode

# A candidate is launched while at most this many runs of its slot are still on their way out: a save that follows
# another need not wait for a slow drain, yet a storm can't pile up processes.
MOST_RETIRING = 1


@dataclass(slots=True, eq=False)
class Run:
    """One incarnation."""

    ref: Incarnation
    spec: Service
    phase: Phase
    since: float
    epoch: int
    code: int
    attempt: int = 1
    role: Role = Role.SERVING
    health: Health = Health.UNKNOWN
    deadline: float | None = None

    launched: bool = False
    launched_at: float = 0.0
    pid: int = 0
    port: int = 0
    exit: Exit | None = None
    failure: str = ""  # why it counts as failed, whatever its exit code says
    verdict: str = ""  # why it is not tried again
    delay: float = 0.0  # seconds of backoff after it
    asked: bool = False  # its end was asked for, so it is no failure
    grace: float = 0.0  # seconds from the stop signal to SIGKILL
    signalled: bool = False
    killed: bool = False

    probe: ProbeOutcome | None = None
    bad: int = 0  # bad answers in a row that count
    logs: set[str] = field(default_factory=set)
    blocked: bool = False  # gave up only because of what it depends on

    @property
    def live(self) -> bool:
        """Whether something of it may be running."""
        return self.phase in LIVE

    @property
    def failed(self) -> bool:
        """Whether its end was a failure: any end but exit code 0."""
        return bool(self.failure) or self.exit is None or not self.exit.clean

    @property
    def probing(self) -> Healthcheck | None:
        """What its health is asked by; a log line is not asked for, it comes."""
        check = self.spec.healthcheck
        return None if check is None or check.kind is ProbeKind.LOG else check


@dataclass(slots=True, eq=False)
class Slot:
    """One replica."""

    index: int
    current: Run | None = None
    candidate: Run | None = None
    retiring: list[Run] = field(default_factory=list)
    failures: int = 0  # in a row, until it was healthy for long enough
    failed_at: list[float] = field(default_factory=list)
    unready: str = ""  # its last try was not ready in time; kept until one is

    def runs(self) -> list[Run]:
        """Everything that this slot holds."""
        found = [*self.retiring]
        if self.current is not None:
            found.append(self.current)
        if self.candidate is not None:
            found.append(self.candidate)
        return found

    @property
    def live(self) -> bool:
        """Whether something of this slot may be running."""
        return any(run.live for run in self.runs())

    def forgive(self) -> None:
        """Forget failures: the user asks anew, or it has been healthy for long enough."""
        self.failures = 0
        self.failed_at.clear()
        self.unready = ""


@dataclass(slots=True, eq=False)
class Node:
    """One service (or broker, or database) as the core keeps it."""

    name: str
    spec: Service
    replicas: int
    desired: Desired = Desired.DOWN
    stopped: bool = False  # by a wish; until it is wanted up again
    sidelined: bool = False  # counts as not ready, whatever its probes say
    removed: bool = False  # has left the topology; forgotten as soon as nothing of it lives
    slots: list[Slot] = field(default_factory=list)
    generation: int = 0
    epoch: int = 0
    code: int = 0
    restarts: int = 0
    routed: tuple[Incarnation, ...] = ()

    built: int = -1  # the code that the last good build stands for
    building: int | None = None  # ... and the one that a running build is for
    progress: str = ""  # how far that is, in words

    reload: ReloadState | None = None  # the last one, or the one in hand
    rolling: bool = False  # the reload in hand puts another kind of run beside the one in charge
    reloaded_at: list[float] = field(default_factory=list)
    suspended: bool = False
    missed: tuple[str, ...] = ()  # files that changed while suspended
    deadline: float | None = None

    @property
    def up(self) -> bool:
        """Whether it is wanted."""
        return self.desired is Desired.UP

    @property
    def wakes(self) -> bool:
        """Whether the next call starts it: on demand, not stopped by a wish, and either down or done."""
        if self.spec.start is not StartMode.ON_DEMAND or self.stopped or self.removed:
            return False
        runs = [slot.current for slot in self.wanted_slots()]
        done = [run is not None and run.phase is Phase.EXITED and not run.failed for run in runs]
        return not self.up or (bool(done) and all(done))

    @property
    def live(self) -> bool:
        """Whether something of it may be running."""
        return any(slot.live for slot in self.slots)

    @property
    def reloading(self) -> ReloadState | None:
        """The reload in hand."""
        return (
            self.reload if self.reload is not None and self.reload.outcome is ReloadOutcome.RUNNING else None
        )

    @property
    def builds(self) -> bool:
        """Whether something must be made ready (an image built, pulled, or found) before it can be launched."""
        return isinstance(self.spec.run, Container)

    def wants(self, slot: Slot) -> bool:
        """Whether an incarnation is wanted in this slot."""
        return self.up and slot.index < self.replicas

    def wanted_slots(self) -> list[Slot]:
        """The slots that count."""
        return self.slots[: self.replicas]

    def find(self, ref: Incarnation) -> tuple[Slot, Run] | None:
        """The run that a fact is about, or None when it is long over."""
        for slot in self.slots:
            if slot.index == ref.slot:
                for run in slot.runs():
                    if run.ref == ref:
                        return slot, run
        return None
