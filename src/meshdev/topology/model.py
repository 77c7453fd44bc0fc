"""What the user wrote, resolved: immutable, serialisable, complete (no default is left to a reader).

Brokers and databases are nodes like services (`kind` tells them apart), so every floor above starts, probes and
stops one sort of thing. Times are seconds, sizes are bytes. Text that may hold ``${…}`` templates is kept as
written and is resolved at launch, when ports are known (`topology.template`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from meshdev.errors import Problem, Where
from meshdev.topology.container import Container, Network, Volume
from meshdev.topology.recordings import RecordingRules, Stub

if TYPE_CHECKING:
    from meshdev.topology.experiment import Experiment
    from meshdev.traffic.faults.reading import Toggle


class Kind(StrEnum):
    """What sort of node this is on the graph."""

    SERVICE = "service"
    DATABASE = "database"
    BROKER = "broker"


class Condition(StrEnum):
    """What a dependency must have reached before the dependent starts."""

    STARTED = "started"
    HEALTHY = "healthy"
    COMPLETED = "completed"
    LOG = "log"


class RestartPolicy(StrEnum):
    """When an incarnation that ended by itself is started again (Compose's words)."""

    NO = "no"
    ON_FAILURE = "on-failure"
    ALWAYS = "always"
    UNLESS_STOPPED = "unless-stopped"


class ReloadStrategy(StrEnum):
    """How new code replaces old: beside it (`rolling`), or after it has ended (`replace`)."""

    ROLLING = "rolling"
    REPLACE = "replace"


class Names(StrEnum):
    """How a process finds others: by its environment, by a hosts file of its own, or in a network of its own."""

    ENV = "env"
    HOSTS = "hosts"
    POD = "pod"


class TlsMode(StrEnum):
    """Where TLS ends on an edge."""

    TERMINATE = "terminate"
    PASSTHROUGH = "passthrough"
    ORIGINATE = "originate"


class StartMode(StrEnum):
    """Started with the system, or by the first call (`on-demand`)."""

    EAGER = "eager"
    ON_DEMAND = "on-demand"


@dataclass(frozen=True, slots=True)
class Process:
    """Run as a process: an argv without a shell, or one line for ``/bin/sh -c`` (`shell`)."""

    argv: tuple[str, ...]
    shell: bool = False


@dataclass(frozen=True, slots=True)
class Remote:
    """Runs elsewhere and is only reached: `url` as the user wrote it."""

    url: str


Run = Process | Container | Stub | Remote


def runs_as(run: Run) -> str:
    """One word for how a node runs."""
    match run:
        case Process():
            return "process"
        case Container():
            return "container"
        case Stub():
            return "stub"
        case Remote():
            return "remote"
        case _:
            assert_never(run)


@dataclass(frozen=True, slots=True)
class Tls:
    """TLS of an endpoint: where it ends, and whether the callee speaks it (``to_callee``).

    The callee is verified by ``ca``, else by the local authority (elsewhere: by the system's), under ``server_name``,
    else its own name; not at all without ``verify``. ``names`` are further ones on the certificate that callers see.
    """

    mode: TlsMode
    to_callee: bool = True
    verify: bool = True
    ca: Path | None = None
    server_name: str = ""
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Something that a node listens on.

    ``port`` is the number that the program insists on, or None when it listens on ``$PORT``
    (``$PORT_NAME`` for endpoints other than the first). ``known_as`` is the number by which callers know it, where
    somebody plays it who insists on none. With ``tls`` the protocol is what is spoken within.
    """

    name: str
    protocol: str = "http"
    port: int | None = None
    known_as: int | None = None
    tls: Tls | None = None


@dataclass(frozen=True, slots=True)
class PublishedPort:
    """A fixed loopback port for the world outside: ``ports = ["8080:http"]``."""

    port: int
    endpoint: str


@dataclass(frozen=True, slots=True)
class Dependency:
    """``depends_on``: `target` must have reached `condition`; `restart` cascades the target's restarts."""

    target: str
    condition: Condition = Condition.STARTED
    required: bool = True
    restart: bool = False
    log: str | None = None
    where: Where | None = None


class ProbeKind(StrEnum):
    """How health is asked."""

    HTTP = "http"
    TCP = "tcp"
    EXEC = "exec"
    LOG = "log"
    FILE = "file"
    GRPC = "grpc"


@dataclass(frozen=True, slots=True)
class Healthcheck:
    """A probe and its thresholds.

    ``target`` is a path (http), an endpoint's name (tcp, grpc), an argv (exec), a regular expression (log) or a
    file path (file). Ready after ``successes`` in a row; unhealthy after ``retries`` failures in a row once
    ``start_period`` is over; a start that is not ready after ``ready_timeout`` has failed. ``implied`` marks the
    one that nobody wrote: tcp on the first endpoint.
    """

    kind: ProbeKind
    target: str | tuple[str, ...]
    endpoint: str = ""
    interval: float = 1.0
    timeout: float = 1.0
    retries: int = 3
    successes: int = 1
    start_period: float = 0.0
    initial_delay: float = 0.0
    ready_timeout: float = 60.0
    implied: bool = False


@dataclass(frozen=True, slots=True)
class Restart:
    """Restart policy, its backoff, and the burst limit after which the service gives up."""

    policy: RestartPolicy = RestartPolicy.ON_FAILURE
    backoff_first: float = 0.1
    backoff_most: float = 30.0
    burst: int = 5
    window: float = 10.0
    healthy_after: float = 10.0


class WatchAction(StrEnum):
    """What a change of a watched file sets off."""

    RESTART = "restart"
    REBUILD = "rebuild"
    SYNC = "sync"
    SYNC_RESTART = "sync+restart"
    SYNC_EXEC = "sync+exec"
    SIGNAL = "signal"
    EXEC = "exec"


@dataclass(frozen=True, slots=True)
class Watch:
    """Which files matter (glob patterns relative to `base`) and what their change sets off.

    Sync copies ``base / x`` to ``target / x`` in the container; everything at the start, too, with ``initial_sync``.
    ``argument`` is the signal, or the command line of exec.
    """

    base: Path
    paths: tuple[str, ...]
    ignore: tuple[str, ...] = ()
    action: WatchAction = WatchAction.RESTART
    argument: str = ""
    target: str = ""
    initial_sync: bool = False


@dataclass(frozen=True, slots=True)
class Stop:
    """How an incarnation is asked to end, and how long it may take before SIGKILL."""

    signal: str = "SIGTERM"
    grace: float = 5.0


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds for one instance: bytes of memory, number of CPUs."""

    memory: int | None = None
    cpus: float | None = None


@dataclass(frozen=True, slots=True)
class CircuitBreaker:
    """Opens after ``consecutive_errors``, or above ``error_rate`` (0 to 1) within ``window``; seconds."""

    consecutive_errors: int | None = None
    error_rate: float | None = None
    window: float = 10.0
    open_for: float = 5.0


@dataclass(frozen=True, slots=True)
class EdgePolicy:
    """What one edge does besides forwarding (the mesh's issue gives it force).

    ``balance`` is ``round-robin``, ``least-request``, ``random`` or ``hash:HEADER``; ``retry_budget`` is the share
    of requests (0 to 1) that may be retries, ``retry_methods`` are the idempotent ones when empty; ``slow_start`` is
    the time in which a new instance's share grows, seconds; ``fault_headers`` is the percentage of the requests for
    which callers may ask for faults by headers; ``allow`` opens the edge under zero trust, or closes it
    (False). ``tls`` is another mode than the endpoint's.
    """

    timeout: float | None = None
    retry_attempts: int = 0
    retry_on: tuple[str, ...] = ()
    retry_backoff: float = 0.025
    retry_budget: float | None = None
    circuit_breaker: CircuitBreaker | None = None
    max_concurrency: int | None = None
    balance: str = "round-robin"
    hedge_after: float | None = None
    allow: bool = True
    retry_methods: tuple[str, ...] = ()
    slow_start: float = 0.0
    fault_headers: float = 0.0
    tls: TlsMode | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """One node of the system with everything that starting, probing, reloading and stopping it needs.

    ``uses`` names nodes that are reached over an edge; ``names`` says how a process finds them. ``files`` names
    embedded databases that are files (`System.embedded`), whose address is already in ``environment``. ``owner`` is the
    one service whose data a database holds; with ``exclusive`` its edges are closed to all others. Values of
    ``environment`` and the argv of ``run`` are templates: they go through `topology.template.resolve` at launch.
    ``protos`` may have ``*`` in them (`topology.protos`).
    """

    name: str
    run: Run
    working_dir: Path
    kind: Kind = Kind.SERVICE
    description: str = ""
    team: str = ""
    engine: str = ""
    owner: str = ""
    exclusive: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    endpoints: tuple[Endpoint, ...] = ()
    ports: tuple[PublishedPort, ...] = ()
    replicas: int = 1
    calls: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    publishes: tuple[str, ...] = ()
    subscribes: tuple[str, ...] = ()
    depends_on: tuple[Dependency, ...] = ()
    healthcheck: Healthcheck | None = None
    restart: Restart = Restart()
    watch: tuple[Watch, ...] = ()
    reload: ReloadStrategy = ReloadStrategy.ROLLING
    stop: Stop = Stop()
    start: StartMode = StartMode.EAGER
    limits: Limits | None = None
    profiles: tuple[str, ...] = ()
    edges: Mapping[str, EdgePolicy] = field(default_factory=dict)
    one_shot: bool = False
    proxy_env: bool = False
    names: Names = Names.ENV
    protos: tuple[Path, ...] = ()
    where: Where | None = None


@dataclass(frozen=True, slots=True)
class EmbeddedFile:
    """A database that is a file, not a process (sqlite): where it lies, and its URL."""

    name: str
    engine: str
    path: Path
    url: str
    owner: str = ""
    exclusive: bool = False
    seed: Path | None = None
    where: Where | None = None


_RECORDING = RecordingRules()
COMPOSE_SUFFIXES = (".yml", ".yaml")


@dataclass(frozen=True, slots=True)
class Inferred:
    """An edge that nobody wrote: read from ``evidence`` at ``where``.

    ``port`` is the one that the text names (None: the callee's first endpoint), ``protocol`` what it is guessed to
    speak ("" when even that is unknown).
    """

    caller: str
    callee: str
    evidence: str
    port: int | None = None
    protocol: str = ""
    where: Where | None = None

    def __str__(self) -> str:
        place = f", {self.where}" if self.where else ""
        return f"inferred from {self.evidence}{place}"


@dataclass(frozen=True, slots=True)
class System:
    """The whole topology after profiles, includes and defaults.

    ``services`` holds every active node by its name on the graph: ``orders``, and ``databases.orders``,
    ``brokers.events`` for the others; ``embedded`` holds the databases that are mere files, by the same names;
    ``inactive`` names what the chosen profiles leave out. ``path`` is put before PATH for every process.
    ``prometheus`` is the loopback ``HOST:PORT`` where metrics may be scraped, empty for nowhere; ``toxiproxy`` where
    Toxiproxy's API is. ``recording`` says how traffic is recorded, and where recordings are.
    ``overrides`` are the Compose files that were laid over ``file``, ``notes`` tell what in them has no meaning here.
    ``networks`` and ``volumes`` are what containers share; ``inferred`` tells of which edges nobody wrote.
    ``faults`` are the toggles and ``experiments`` the experiments by name, ``warnings`` are findings that stop nothing.
    """

    name: str
    root: Path
    file: Path
    services: Mapping[str, Service]
    profiles: tuple[str, ...] = ()
    path: tuple[Path, ...] = ()
    sources: tuple[Path, ...] = ()
    embedded: Mapping[str, EmbeddedFile] = field(default_factory=dict)
    inactive: tuple[str, ...] = ()
    zero_trust: bool = False
    prometheus: str = ""
    toxiproxy: str = ""
    recording: RecordingRules = _RECORDING
    faults: "Mapping[str, Toggle]" = field(default_factory=dict)
    experiments: "Mapping[str, Experiment]" = field(default_factory=dict)
    warnings: tuple[Problem, ...] = ()
    networks: Mapping[str, Network] = field(default_factory=dict)
    volumes: Mapping[str, Volume] = field(default_factory=dict)
    inferred: tuple[Inferred, ...] = ()
    overrides: tuple[Path, ...] = ()
    notes: tuple[Problem, ...] = ()

    @property
    def is_compose(self) -> bool:
        """Whether it was read from Compose files."""
        return self.file.suffix.lower() in COMPOSE_SUFFIXES
