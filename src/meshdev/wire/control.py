"""The control API's shapes: what the daemon tells its clients over its Unix socket, and what they ask.

HTTP/1.1 with JSON over ``control.sock``; every path begins with ``/v1``. Times are seconds since the epoch (wall
clock), sizes bytes. A field may be added within a version; none is renamed or removed.

| call | answer |
|---|---|
| GET /v1/version | `VersionView` |
| GET /v1/snapshot | `Snapshot`: everything, with the sequence number that it stands for |
| GET /v1/services · /v1/services/{name} | list of `ServiceView` · `ServiceView` |
| GET /v1/services/{name}/why · /env | `WhyView` · `EnvView` |
| GET /v1/graph | `GraphView`, with the edges' signals |
| GET /v1/edges | list of `EdgeSignalsView` |
| GET /v1/topics | see `wire.topic_views` |
| GET /v1/databases | see `wire.database_views` |
| GET /v1/traffic?limit=N | list of the last `ExchangeView`, the oldest first |
| GET /v1/traffic/stream?after=SEQ | server-sent events, each one `ExchangeView` |
| GET /v1/processes | list of `ProcessView`: meshdev's own processes |
| GET /v1/events?after=SEQ | server-sent events, each one `StreamEvent`; the `id:` is its sequence number |
| POST /v1/up | `UpRequest` → `PlanView`: (re)read the topology, apply the difference, want services up |
| POST /v1/plan | `UpRequest` → `PlanView` without applying |
| POST /v1/services/start·stop·restart | `ServicesRequest` → list of `ServiceView` |
| POST /v1/services/{name}/scale | `ScaleRequest` → `ServiceView` |
| POST /v1/services/{name}/swap | see `wire.swap` |
| POST /v1/shutdown | `ShutdownRequest` → 202; progress arrives as events, then the daemon is gone |
| GET /v1/lease | held open by a foreground `up`; when it breaks without `POST /v1/lease/release`, the system stops |
| /v1/faults…, /v1/leases… | see `wire.fault_views` |
| /v1/recordings…, /v1/traffic/{span} | see `wire.recording_views` |
| GET /v1/openapi.json | this, as OpenAPI 3.1 |

``?settled`` behind the path of graph, edges, topics, databases and traffic: the answer comes when everything that had
happened before is counted in.

An error answers 4xx/5xx with `ErrorView` (RFC 9457, ``application/problem+json``).
"""

from typing import Any

from msgspec import Struct

from meshdev.wire.fault_views import FaultView
from meshdev.wire.recording_views import RecordingView
from meshdev.wire.topic_views import TopicView

API_VERSION = 1
HTTP = "http"
CONNECTIONS = "connections"
PUBLISH, DELIVER = "publish", "deliver"
_REFUSED = 400
LATENCY_BOUNDS_MS = (1.0, 2.5, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0, 2500.0, 5000.0, 10000.0)


class View(Struct, frozen=True, kw_only=True):
    """Base of all shapes: immutable, built by name; unknown fields of a newer peer are ignored."""


class ExitView(View, frozen=True, kw_only=True):
    """How a leader ended: exit code, or the name of the signal."""

    at: float
    code: int | None = None
    signal: str | None = None


class ProbeView(View, frozen=True, kw_only=True):
    """The last answer of a probe."""

    at: float
    ok: bool
    detail: str = ""
    tries: int = 1


class ReloadView(View, frozen=True, kw_only=True):
    """The last reload: the files that caused it, and ``running``, ``done`` or ``rolled back``."""

    at: float
    files: list[str]
    outcome: str
    detail: str = ""


class InstanceView(View, frozen=True, kw_only=True):
    """One incarnation. ``id`` is stable (``orders-0``), ``generation`` grows with each run."""

    id: str
    generation: int
    pid: int | None
    port: int | None
    phase: str
    health: str
    since: float
    cpu_percent: float | None = None
    rss_bytes: int | None = None
    role: str = "serving"
    why: str = ""
    exit: ExitView | None = None
    last_probe: ProbeView | None = None


class ServiceView(View, frozen=True, kw_only=True):
    """One service (or broker, or database) as people see it.

    ``unready`` is the reason of a readiness time-out; ``trouble`` is what keeps people from it although it runs, such
    as a published port that another program has. ``stand_in`` is who plays it (``recording:checkout``, ``url:http://x``;
    empty: itself), ``swapped`` says that this was asked for at run time. ``tls``: its instances speak TLS on the port
    that is theirs.
    """

    name: str
    phase: str
    health: str
    desired: str
    why: str
    restarts: int
    instances: list[InstanceView]
    kind: str = "service"
    team: str = ""
    description: str = ""
    replicas: int = 1
    since: float = 0.0
    url: str = ""
    ports: list[str] = []
    last_reload: ReloadView | None = None
    unready: str = ""
    trouble: str = ""
    stand_in: str = ""
    swapped: bool = False
    tls: bool = False


class WhyStep(View, frozen=True, kw_only=True):
    """One link of the chain that ``meshdev why`` prints; ``exit`` tells a completed one from a failed one.

    ``trouble`` is part of ``why``: a service can be healthy and still not be had.
    """

    service: str
    phase: str
    health: str
    why: str
    depth: int
    exit: ExitView | None = None
    trouble: str = ""


class WhyView(View, frozen=True, kw_only=True):
    """Why a service is where it is: itself first, then what it waits for, down to the root cause."""

    service: str
    chain: list[WhyStep]
    last_lines: list[str] = []


class EnvView(View, frozen=True, kw_only=True):
    """The environment that a service's next incarnation gets, with secrets as they are.

    ``engine`` is where its containers are, if it runs in some, and ``container`` the id of one that runs. ``names``
    tells how a process finds others (``env``, ``hosts``, ``pod``), ``leader`` is the pid of one that runs (0: none).
    """

    service: str
    working_dir: str
    environment: dict[str, str]
    container: str = ""
    engine: str = ""
    names: str = "env"
    leader: int = 0


class EdgeView(View, frozen=True, kw_only=True):
    """A declared dependency: ``kind`` is ``calls``, ``uses``, ``depends_on``, ``publishes`` or ``subscribes``.

    Events are ``event:NAME`` on the other side; embedded databases go by their name though they are no service.
    """

    caller: str
    callee: str
    kind: str


class RouteView(View, frozen=True, kw_only=True):
    """One method and guessed route of an edge, or one operation (``SELECT orders``), since the daemon started.

    ``kind`` and ``messages`` are of events (`ExchangeView.kind`): how many messages were published or delivered.
    """

    route: str
    requests: int
    errors: int
    p50_ms: float | None = None
    p99_ms: float | None = None
    kind: str = ""
    messages: int = 0


class EdgeSignalsView(View, frozen=True, kw_only=True):
    """What an edge carries.

    ``requests`` and ``errors`` (no answer, a transport error, 5xx) count since the daemon started; ``rps`` is over
    ten seconds, and so is ``eps``, its failed ones; percentiles are over the last minute, or over everything when
    that was quiet. ``series`` and ``error_series`` are the last minute by the second, the oldest first. Requests
    are HTTP's, or the operations of another ``protocol`` that is read (``guessed`` when nobody declared it); an
    edge that is not read counts connections and has no percentiles. ``policies`` and ``faults`` name what acts;
    ``foreign`` is the owner of the database that the edge leads to, if that is not the caller.
    ``denied`` is the rule that closes the edge, if one does; ``acts`` counts what policies did (retries, …), and
    ``circuit`` is ``open``, ``half-open`` or empty.
    ``fault_hits`` counts what injected faults did, by `FaultSpec.key`, since the daemon started.
    ``tls`` is ``terminate``, ``passthrough`` or ``originate`` where TLS is spoken, as the edge was declared.
    ``latency_buckets`` counts the requests that took at most each of `LATENCY_BOUNDS_MS`, the last one all of them.
    """

    caller: str
    callee: str
    protocol: str
    declared: bool
    observed: bool
    requests: int
    errors: int
    in_flight: int
    rps: float
    p50_ms: float | None
    p90_ms: float | None
    p99_ms: float | None
    bytes_in: int
    bytes_out: int
    policies: list[str] = []
    faults: list[str] = []
    endpoint: str = ""
    port: int = 0
    connections: int = 0
    held: int = 0
    errors_by_kind: dict[str, int] = {}
    series: list[int] = []
    routes: list[RouteView] = []
    denied: str = ""
    acts: dict[str, int] = {}
    circuit: str = ""
    latency_buckets: list[int] = []
    latency_sum_ms: float = 0.0
    guessed: bool = False
    fault_hits: dict[str, int] = {}
    eps: float = 0.0
    error_series: list[int] = []
    foreign: str = ""
    tls: str = ""

    @property
    def scheme(self) -> str:
        """How a caller of HTTP speaks to it."""
        return "https" if self.tls in ("terminate", "passthrough") else "http"

    @property
    def unit(self) -> str:
        """What ``requests`` counts: requests, another protocol's operations, or, where nothing is read, connections."""
        if self.protocol == HTTP:
            return "requests"
        return "operations" if self.routes else CONNECTIONS


class ExchangeView(View, frozen=True, kw_only=True):
    """One call over an edge; ``at`` is when it began, ``status`` 0 means that no answer came (``error`` says why).

    ``by`` is who answered when it was not the callee (``meshdev``), ``retries`` counts the attempts after the first,
    ``span`` is the parent id that the callee got, ``parent`` the one that the caller told (empty: it told none).
    ``faults`` are the injected faults that had a part in it (`FaultSpec.key`).
    ``messages_in`` (the caller's) and ``messages_out`` count a WebSocket's messages, ``events`` the server-sent ones of
    an answer; None where there is nothing of the kind, or where it cannot be read.

    With a ``protocol`` it is an operation of that protocol: ``method`` is its name (``SELECT``, ``PUB``), ``target``
    the tables, key's pattern, subject or topic, ``code`` the protocol's word for how it ended, ``detail`` more for
    a person (a statement without its values). Its ``status`` is 200 when it went well, 400 when the callee said no,
    500 when it failed. ``kind`` is ``publish``, ``deliver`` or ``subscribe`` for what has to do with events,
    ``payload`` the beginning of a published message.
    """

    seq: int
    at: float
    caller: str
    callee: str
    method: str
    target: str
    status: int
    ms: float
    bytes_in: int
    bytes_out: int
    instance: str = ""
    trace: str = ""
    error: str = ""
    span: str = ""
    retries: int = 0
    hedged: bool = False
    by: str = ""
    faults: list[str] = []
    parent: str = ""
    messages_in: int | None = None
    messages_out: int | None = None
    events: int | None = None
    protocol: str = ""
    code: str = ""
    detail: str = ""
    kind: str = ""
    payload: str = ""

    @property
    def ends(self) -> tuple[str, str]:
        """Who sent something to whom: the caller to the callee, but a broker delivers to the one that called it."""
        return (self.callee, self.caller) if self.kind == DELIVER else (self.caller, self.callee)

    @property
    def answer(self) -> str:
        """How it ended, in its protocol's words: ``404``, ``ok``, ``23505``; empty when no answer came."""
        if not self.status:
            return ""
        if not self.protocol:
            return str(self.status)
        return self.code or ("ok" if self.status < _REFUSED else "error")


class GraphView(View, frozen=True, kw_only=True):
    """The system as a graph."""

    nodes: list[ServiceView]
    edges: list[EdgeView]
    signals: list[EdgeSignalsView] = []


class ProcessView(View, frozen=True, kw_only=True):
    """One of meshdev's own processes."""

    role: str
    pid: int
    cpu_seconds: float
    rss_bytes: int


class NoteView(View, frozen=True, kw_only=True):
    """What the topology file says without effect: left out, or of no meaning here; ``where`` is FILE:LINE."""

    where: str
    text: str
    hint: str = ""


class SystemView(View, frozen=True, kw_only=True):
    """The system as a whole; ``notes`` are about its file."""

    name: str
    root: str
    file: str
    profiles: list[str]
    run_id: str
    log_dir: str
    started: float
    shutting_down: int | None = None
    notes: list[NoteView] = []


class Snapshot(View, frozen=True, kw_only=True):
    """Everything a client needs to begin; then it follows the events after ``seq``."""

    seq: int
    system: SystemView
    services: list[ServiceView]
    edges: list[EdgeView] = []
    signals: list[EdgeSignalsView] = []
    faults: list[FaultView] = []
    recordings: list[RecordingView] = []
    topics: list[TopicView] = []


class StreamEvent(View, frozen=True, kw_only=True):
    """One thing that happened; ``kind`` says what, and which field tells more.

    ``service`` (``service``: its new view) · ``removed`` (``name`` left the topology) · ``notice`` (``text`` at
    ``level``) · ``system`` (``system``: its new view) · ``usage`` (``usage`` maps an instance id to
    ``[cpu_percent, rss_bytes]``) · ``edges`` (``edges``: those whose figures moved, also when they fall back to
    nothing) · ``topology`` (``declared``: the edges that the file declares now) · ``faults`` (``faults``: all of them,
    since one was added, switched, has ended or hit) · ``recordings`` (``recordings``: all that are being made) ·
    ``topics`` (``topics``: all of them, when something moved) · ``reset``
    (the client's sequence number is too old: take a snapshot).
    """

    seq: int
    at: float
    kind: str
    name: str = ""
    text: str = ""
    level: str = "info"
    service: ServiceView | None = None
    system: SystemView | None = None
    usage: dict[str, tuple[float, int]] | None = None
    edges: list[EdgeSignalsView] | None = None
    faults: list[FaultView] | None = None
    recordings: list[RecordingView] | None = None
    topics: list[TopicView] | None = None
    declared: list[EdgeView] | None = None


class PlanStep(View, frozen=True, kw_only=True):
    """What applying the file would do to one service: ``start|stop|restart|scale|update|keep``, and why."""

    service: str
    action: str
    reason: str = ""


class PlanView(View, frozen=True, kw_only=True):
    """What applying the file would do, or did."""

    steps: list[PlanStep]
    warnings: list[str] = []


class UpRequest(View, frozen=True, kw_only=True):
    """Read the topology (again) and want these services up; none named means all.

    ``overrides`` are Compose files that lie over ``file``; without a file they are those of the running system.
    """

    services: list[str] = []
    file: str | None = None
    overrides: list[str] = []
    profiles: list[str] | None = None


class ServicesRequest(View, frozen=True, kw_only=True):
    """The services that a start, stop or restart is about."""

    services: list[str]
    cause: str = "asked for"


class ScaleRequest(View, frozen=True, kw_only=True):
    """How many replicas are wanted."""

    replicas: int


class ShutdownRequest(View, frozen=True, kw_only=True):
    """1 graceful, 2 hurry (short grace), 3 kill."""

    urgency: int = 1


class VersionView(View, frozen=True, kw_only=True):
    """Who answers."""

    meshdev: str
    api: int
    pid: int
    run_id: str
    system: str


class ErrorView(View, frozen=True, kw_only=True):
    """A problem (RFC 9457): what happened, the way out, and the exit code a command should end with."""

    title: str
    status: int
    detail: str = ""
    hint: str = ""
    exit_code: int = 1
    extra: dict[str, Any] = {}
