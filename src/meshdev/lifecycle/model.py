"""Data of the lifecycle core: states, events that come in, commands that go out.

Three axes, never one enum: `Phase` (what the run is doing), `Health` (what probes say), `Desired` (what the user
wants), plus ``why`` (the reason for any wait). An *incarnation* is one run of one slot (replica) of a service; its
generation is unique within the service and only grows, so a late fact of an old run can never touch a new one.
Times are seconds of a monotonic clock and always come in as ``now``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from meshdev.topology.model import System


class Phase(StrEnum):
    """What the run is doing."""

    STOPPED = "stopped"
    WAITING = "waiting"
    BUILDING = "building"
    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"
    BACKOFF = "backoff"
    EXITED = "exited"
    GAVE_UP = "gave-up"


class Health(StrEnum):
    """What probes say."""

    UNKNOWN = "unknown"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"


class Desired(StrEnum):
    """What the user wants."""

    UP = "up"
    DOWN = "down"


class Role(StrEnum):
    """What an incarnation is to its slot: in charge, being tried beside it, or on its way out."""

    SERVING = "serving"
    CANDIDATE = "candidate"
    RETIRING = "retiring"


class Urgency(IntEnum):
    """How hard a stop is pressed: Ctrl-C once, twice, three times."""

    GRACEFUL = 1
    HURRY = 2
    KILL = 3


@dataclass(frozen=True, slots=True, order=True)
class Incarnation:
    """One run of one slot of a service: ``orders-0@3``."""

    service: str
    slot: int
    generation: int

    @property
    def id(self) -> str:
        """The instance's name, stable over its generations: ``orders-0``."""
        return f"{self.service}-{self.slot}"

    def __str__(self) -> str:
        return f"{self.id}@{self.generation}"


@dataclass(frozen=True, slots=True)
class Exit:
    """How a leader ended: an exit code, or the signal that ended it; ``at`` is seconds (monotonic)."""

    at: float
    code: int | None = None
    signal: int | None = None

    @property
    def clean(self) -> bool:
        """Whether it ended with exit code 0."""
        return self.code == 0


@dataclass(frozen=True, slots=True)
class ProbeOutcome:
    """The last answer of a probe: seconds (monotonic), verdict, and what it said."""

    at: float
    ok: bool
    detail: str = ""
    tries: int = 1


# --- events: wishes -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StartWanted:
    """The user wants these services up (and what they depend on); empty means all eager ones."""

    services: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Called:
    """Somebody calls this service and waits: it starts if it is one that calls start (`ServiceState.wakes`)."""

    service: str


@dataclass(frozen=True, slots=True)
class StopWanted:
    """The user wants these services down."""

    services: frozenset[str]


@dataclass(frozen=True, slots=True)
class RestartWanted:
    """The user wants fresh incarnations of these services, whatever they are doing."""

    services: frozenset[str]
    cause: str = "asked for"


@dataclass(frozen=True, slots=True)
class ReloadWanted:
    """Watched files changed: replace the service's incarnations by its reload strategy."""

    service: str
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ScaleWanted:
    """The user wants this many slots."""

    service: str
    replicas: int


@dataclass(frozen=True, slots=True)
class Applied:
    """A new topology is in force: only what changed restarts, what vanished stops.

    Of those that changed, ``rolling`` ones are followed by a new run beside the old one; ``kept`` ones go on.
    """

    system: System
    rolling: frozenset[str] = frozenset()
    kept: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ShutdownWanted:
    """Everything goes down; a later, more urgent one overtakes an earlier one."""

    urgency: Urgency = Urgency.GRACEFUL


@dataclass(frozen=True, slots=True)
class Sidelined:
    """These services, and no others, count as not ready, whatever their probes say, and get no traffic."""

    services: frozenset[str]


# --- events: facts --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Launched:
    """The leader runs: its pid and the port of its first endpoint (0: none)."""

    ref: Incarnation
    pid: int
    port: int = 0


@dataclass(frozen=True, slots=True)
class LaunchFailed:
    """The leader could not be started at all (command not found, no such directory, no port …)."""

    ref: Incarnation
    reason: str


@dataclass(frozen=True, slots=True)
class Exited:
    """The leader ended. What is left of its group may still live until `Gone`."""

    ref: Incarnation
    code: int | None = None
    signal: int | None = None


@dataclass(frozen=True, slots=True)
class Gone:
    """Nothing of the incarnation is left: leader, group and strays. The slot is free."""

    ref: Incarnation


@dataclass(frozen=True, slots=True)
class Probed:
    """A probe answered once; thresholds are the core's business."""

    ref: Incarnation
    ok: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class LogMatched:
    """A line matched the `log` pattern that a dependent or a healthcheck waits for."""

    ref: Incarnation
    pattern: str


@dataclass(frozen=True, slots=True)
class Drained:
    """No traffic goes to this incarnation any more, and none is under way; the answer to `Drain`."""

    ref: Incarnation


@dataclass(frozen=True, slots=True)
class BuildMoved:
    """How far a build (or pull) is, in words."""

    service: str
    detail: str


@dataclass(frozen=True, slots=True)
class Built:
    """A build ended; when it failed ``detail`` says why, as a person shall read it."""

    service: str
    ok: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Ticked:
    """Time has passed; sent when `Lifecycle.next_deadline` is reached."""


Wish = (
    StartWanted
    | Called
    | StopWanted
    | RestartWanted
    | ReloadWanted
    | ScaleWanted
    | Applied
    | ShutdownWanted
    | Sidelined
)
Fact = Launched | LaunchFailed | Exited | Gone | Probed | LogMatched | Drained | BuildMoved | Built | Ticked
Event = Wish | Fact


# --- commands -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Launch:
    """Start this incarnation; answered by `Launched` or `LaunchFailed` (then nothing of it is left).

    ``attempt`` counts tries of the slot, from 1, until one was healthy for long enough (`Restart.healthy_after`).
    """

    ref: Incarnation
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class Signal:
    """Send ``signal`` (``SIGTERM``) to the incarnation's whole group; never comes before `Launched`.

    It also comes after a leader ended by itself, for whatever it left behind; nobody left to hear it is fine.
    """

    ref: Incarnation
    signal: str


@dataclass(frozen=True, slots=True)
class Kill:
    """SIGKILL everything that belongs to the incarnation, leader or not, until nothing is left; answered by `Gone`.

    May come while the launch is still in flight: then that is given up, or ended as soon as it has happened.
    """

    ref: Incarnation


@dataclass(frozen=True, slots=True)
class StartProbing:
    """Begin to probe this incarnation by its service's healthcheck."""

    ref: Incarnation


@dataclass(frozen=True, slots=True)
class StopProbing:
    """Stop probing this incarnation."""

    ref: Incarnation


@dataclass(frozen=True, slots=True)
class Build:
    """Make ready what this service is launched from: have its image built, pulled or found; answered by `Built`."""

    service: str


@dataclass(frozen=True, slots=True)
class Route:
    """From now on the service's traffic goes to exactly these incarnations (none: hold or refuse)."""

    service: str
    refs: tuple[Incarnation, ...]


@dataclass(frozen=True, slots=True)
class Drain:
    """Say `Drained` once the routes so far act everywhere and nothing is under way to this incarnation.

    Comes after the `Route` that leaves it out. The core does not wait for ever: a stop signal may come before.
    """

    ref: Incarnation


class Level(StrEnum):
    """How loud a notice is."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that a person should read in the event stream."""

    service: str
    text: str
    level: Level = Level.INFO
    ref: Incarnation | None = None


Command = Launch | Signal | Kill | StartProbing | StopProbing | Build | Route | Drain | Notice


# --- state ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class InstanceState:
    """One incarnation as the core knows it; ``since`` is when its phase began (monotonic seconds)."""

    ref: Incarnation
    role: Role = Role.SERVING
    phase: Phase = Phase.STOPPED
    health: Health = Health.UNKNOWN
    since: float = 0.0
    why: str = ""
    attempt: int = 1
    pid: int = 0
    port: int = 0
    exit: Exit | None = None
    last_probe: ProbeOutcome | None = None


class ReloadOutcome(StrEnum):
    """How a reload goes or went."""

    RUNNING = "running"
    DONE = "done"
    ROLLED_BACK = "rolled back"  # the new code did not become ready; the old goes on serving
    FAILED = "failed"  # ... and there was no old one to keep
    CANCELLED = "cancelled"  # a stop or restart was stronger


@dataclass(frozen=True, slots=True)
class ReloadState:
    """The last reload: when (monotonic seconds), which files caused it, how it went (`ReloadOutcome`), and why."""

    at: float
    files: tuple[str, ...]
    outcome: ReloadOutcome
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ServiceState:
    """A service as the core knows it; phase, health and why sum up its incarnations.

    ``unready`` tells that a try was not ready in time, and why; it stays until one is ready. ``wakes`` says that the
    next call starts it.
    """

    name: str
    desired: Desired = Desired.DOWN
    phase: Phase = Phase.STOPPED
    health: Health = Health.UNKNOWN
    why: str = ""
    restarts: int = 0
    replicas: int = 1
    since: float = 0.0
    instances: tuple[InstanceState, ...] = ()
    last_reload: ReloadState | None = None
    unready: str = ""
    wakes: bool = False


@dataclass(frozen=True, slots=True)
class LifecycleState:
    """An immutable picture of the whole core."""

    services: Mapping[str, ServiceState] = field(default_factory=dict)
    shutting_down: Urgency | None = None
