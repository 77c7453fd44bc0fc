"""The messages between the daemon and its mesh workers: msgpack in `frames`, over a Unix socket pair.

| direction | message | meaning |
|---|---|---|
| worker → daemon | `Hello` | the first frame: who I am and which protocol I speak |
| daemon → worker | `Listen` | one listening socket rides along (SCM_RIGHTS): it belongs to this edge |
| daemon → worker | `Policy` | the whole truth at this version; edges that it does not name are closed |
| daemon → worker | `Ping` | say that you live (`Pong`) |
| daemon → worker | `Link` | the way to the recorder (`wire.capture`) rides along; what is captured goes there |
| daemon → worker | `Nets` | the way to the keeper of networks (`wire.pods`) rides along; its sockets lead into pods |
| daemon → worker | `Dump` | send the recorder what was kept of the last seconds, then a mark |
| worker → daemon | `Ack` | the policy of this version acts now |
| worker → daemon | `Waiting` | a caller waits on this edge for a service to start (`EdgePolicy.wake`) |
| worker → daemon | `Met` | a caller reached somebody who is no edge of the policy: one was made |
| worker → daemon | `Telemetry` | what happened on the edges since the last such frame |
| worker → daemon | `Trouble` | something that a person should read |

Messages are arrays: a field may be added at the end, with a default, within one `PROTOCOL`. A policy is a snapshot and
idempotent: a worker may skip any but the newest. Counters in telemetry are differences, so frames add up; `active` and
`held` are gauges. Bytes in are what the caller sent, bytes out what the callee sent.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import msgspec
from msgspec import Struct

from meshdev.wire.faults import FaultSpec
from meshdev.wire.frames import frame

PROTOCOL: Final = 2
FIRST_MET: Final = 1 << 32


class EdgeKey(Struct, frozen=True, array_like=True, order=True):
    """An edge's name: who calls which endpoint of whom. Callers from the world outside are ``outside``."""

    caller: str
    callee: str
    endpoint: str = ""

    def __str__(self) -> str:
        return f"{self.caller} -> {self.callee}" + (f":{self.endpoint}" if self.endpoint else "")


class Remote(Struct, frozen=True, array_like=True, order=True):
    """A callee that runs elsewhere: its name (``staging.example:8080``), below which path, and by TLS or not."""

    authority: str
    base: str = ""
    tls: bool = False


class Upstream(Struct, frozen=True, array_like=True, order=True):
    """One incarnation that serves an edge; ``instance`` names it for people (``payments-0@3``).

    With ``remote`` it runs elsewhere, and requests are made out to it. With ``net`` it is in a network of its own, of
    which the keeper of networks has sockets. With ``tls`` it is spoken to by TLS, as `EdgePolicy.tls` says.
    """

    host: str
    port: int
    instance: str = ""
    remote: Remote | None = None
    net: str = ""
    tls: bool = False

    @property
    def by_tls(self) -> bool:
        """Whether it is spoken to by TLS, here or elsewhere."""
        return self.tls or (self.remote is not None and self.remote.tls)

    def __str__(self) -> str:
        return f"{self.instance or 'upstream'} at {self.host}:{self.port}"


class CircuitBreaker(Struct, frozen=True, array_like=True):
    """Opens after ``consecutive_errors``, or above ``error_rate`` (0 to 1) within ``window``; seconds."""

    consecutive_errors: int | None = None
    error_rate: float | None = None
    window: float = 10.0
    open_for: float = 5.0


class OutsideFaults(Struct, frozen=True, array_like=True):
    """Faults that are on, for calls out of the system to hosts like ``host`` (a glob).

    ``endpoint`` is ``http``, ``connect`` or a port; empty for all.
    """

    host: str
    endpoint: str
    faults: tuple[FaultSpec, ...]


class EdgeTls(Struct, frozen=True, array_like=True):
    """TLS on an edge: towards its callers, and towards its upstreams (`Upstream.tls`).

    ``certificate`` and ``key`` are the files, in PEM, of the certificate that callers get to see; empty where callers
    speak plain. ``authority`` is the file by which they may verify it, for a person. ``verified_by`` is the file of the
    authorities by which a callee is verified, empty for the system's, ``verify = False`` takes any; ``server_name`` is
    how a callee is called then (empty: by the host that is dialled). ``stamp`` differs when any of the files does.
    """

    certificate: str = ""
    key: str = ""
    authority: str = ""
    verified_by: str = ""
    verify: bool = True
    server_name: str = ""
    stamp: str = ""


class EdgePolicy(Struct, frozen=True, array_like=True):
    """What a worker does on one edge.

    With no upstream, or none that accepts, up to ``hold_most`` new connections wait up to ``hold`` seconds for one;
    ``hold = 0`` turns them away at once (what a stopped service should look like to its callers).

    The rest is off by default and has the names of the topology's edge policy. Times are seconds. ``denied`` closes
    the edge: the rule that closes it, in words for the caller. ``retry_methods`` are the idempotent ones when empty.
    ``retry_budget`` is the share of requests that may be retries (None: 0.2). ``slow_start`` is how long a new
    instance's share of the requests grows. With ``wake`` a caller that waits on an edge without upstream is told to the
    daemon (`Waiting`).
    ``protocol = "proxy"`` is a caller's name proxy: ``names`` are the hosts (``payments``, ``payments:5000``) that it
    knows, and the edges that they mean; they are served by the same worker. ``faults`` are those that are switched on,
    in the order in which they were; one that is equal to one of the policy before goes on as it is. ``shut`` puts out
    whoever is in; its listener has been closed. ``outside`` are a name proxy's faults for hosts that it does not know.
    ``keep`` are the bytes of memory for the last exchanges (HTTP only; 0: none are kept), ``recorded`` says that what
    passes goes to the recorder, too, of each body ``body_cap`` bytes. ``tls`` says how it is spoken on the edge.
    """

    upstreams: tuple[Upstream, ...] = ()
    protocol: str = "tcp"
    hold: float = 10.0
    hold_most: int = 1024
    timeout: float | None = None
    retry_attempts: int = 0
    retry_on: tuple[str, ...] = ()
    retry_backoff: float = 0.025
    retry_budget: float | None = None
    retry_methods: tuple[str, ...] = ()
    circuit_breaker: CircuitBreaker | None = None
    max_concurrency: int | None = None
    balance: str = "round-robin"
    hedge_after: float | None = None
    slow_start: float = 0.0
    denied: str = ""
    wake: bool = False
    names: Mapping[str, EdgeKey] = {}
    faults: tuple[FaultSpec, ...] = ()
    shut: bool = False
    outside: "tuple[OutsideFaults, ...]" = ()
    keep: int = 0
    recorded: bool = False
    body_cap: int = 0
    tls: EdgeTls | None = None


class EdgeEntry(Struct, frozen=True, array_like=True):
    """One edge in a policy; ``id`` is short for ``key`` in every later message."""

    id: int
    key: EdgeKey
    policy: EdgePolicy


class EdgeError(StrEnum):
    """What can go wrong with a connection on an edge, as counted in telemetry."""

    REFUSED = "refused"  # no upstream accepted the connection
    CONNECT_TIMEOUT = "connect-timeout"
    UNREACHABLE = "unreachable"  # no such host, no route
    TLS = "tls"  # a certificate is not trusted, the callee's or ours, or there is no common ground
    NO_UPSTREAM = "no-upstream"  # the callee is not there, and the edge does not hold
    HOLD_TIMEOUT = "hold-timeout"
    HOLD_OVERFLOW = "hold-overflow"
    REFUSED_MESSAGE = "refused-message"  # malformed or ambiguous, answered with 400
    CALLER_RESET = "caller-reset"
    CALLEE_RESET = "callee-reset"
    TIMEOUT = "timeout"  # the policy's, answered with 504
    CIRCUIT_OPEN = "circuit-open"  # refused at once with 503
    OVER_LIMIT = "over-limit"  # more than max_concurrency, refused at once with 503
    DENIED = "denied"  # the edge is closed: 403, or the connection's end
    FAULT = "fault"  # injected on purpose
    INJECTED = "injected"  # an operation that failed by a fault; it is counted by its outcome, too


class Act(StrEnum):
    """What a policy did besides failing a request, as counted in telemetry."""

    RETRY = "retry"
    RETRY_OVER_BUDGET = "retry-over-budget"  # it would have been repeated, but for the budget
    HEDGE = "hedge"
    HEDGE_WON = "hedge-won"
    CIRCUIT_OPENED = "circuit-opened"


class Hello(Struct, frozen=True, array_like=True, tag="hello"):
    """A worker's first words; ``loop`` is ``uvloop`` or ``asyncio``."""

    pid: int
    loop: str
    protocol: int = PROTOCOL


class Listen(Struct, frozen=True, array_like=True, tag="listen"):
    """The descriptor that rides along is a listening socket of edge ``edge``; there may be several."""

    edge: int


class Policy(Struct, frozen=True, array_like=True, tag="policy"):
    """Everything that the worker shall do from now on."""

    version: int
    edges: tuple[EdgeEntry, ...]


class Ack(Struct, frozen=True, array_like=True, tag="ack"):
    """The policy of ``version`` acts."""

    version: int


class Ping(Struct, frozen=True, array_like=True, tag="ping"):
    """Say that you live; with a ``number``, tell first whatever happened until now."""

    number: int = 0


class Pong(Struct, frozen=True, array_like=True, tag="pong"):
    """I live; ``number`` is the ping's."""

    number: int = 0


class Link(Struct, frozen=True, array_like=True, tag="link"):
    """The descriptor that rides along leads to the recorder; one from before is of no more use."""


class Nets(Struct, frozen=True, array_like=True, tag="nets"):
    """The descriptor that rides along leads to the keeper of networks; one from before is of no more use."""


class Dump(Struct, frozen=True, array_like=True, tag="dump"):
    """Send the recorder what these edges (all, when none is named) kept of the last ``seconds``, then the ``token``.

    With a ``span``, only the exchange that has it.
    """

    token: int
    seconds: float = 0.0
    edges: tuple[int, ...] = ()
    span: str = ""


class RouteCounters(Struct, frozen=True, array_like=True):
    """Exchanges of one method and guessed route: counts by the first digit of the status, latencies in microseconds.

    The first count is of exchanges without an answer; ``latency`` are buckets of `telemetry.histogram`. ``broken`` are
    those that failed with a status below 500: their answer broke off, or the mesh gave it (400, 403).

    On edges that speak something else these are operations (`traffic.protocols.operation`): ``kind`` is what they are
    in the world of events, ``messages`` how many of those they carried, ``lag`` how many waited behind the last one
    that was delivered (None: nobody tells).
    """

    route: str
    statuses: tuple[int, ...]
    latency: Mapping[int, int]
    broken: int = 0
    kind: str = ""
    messages: int = 0
    lag: int | None = None


class Exchange(Struct, frozen=True, array_like=True):
    """One request and its response. ``started`` is on the worker's clock (see `Telemetry`); status 0 is no answer.

    ``span`` is the parent id that the callee got, ``parent`` the one that the caller told (empty: none). ``retries``
    counts the attempts after the first; ``by`` is who answered when it was not the callee (``meshdev``).
    ``messages_in`` and ``messages_out`` count a WebSocket's messages, ``events`` server-sent ones; None when there are
    none to be counted.

    With a ``protocol`` it is an operation of that protocol (`traffic.protocols.operation`, where the rest is told):
    ``method`` is its name, ``status`` its outcome times 100.
    """

    edge: int
    started: float
    microseconds: int
    method: str
    target: str
    status: int
    bytes_in: int
    bytes_out: int
    instance: str
    trace: str = ""
    error: str = ""
    span: str = ""
    retries: int = 0
    hedged: bool = False
    by: str = ""
    parent: str = ""
    messages_in: int | None = None
    messages_out: int | None = None
    events: int | None = None
    faults: tuple[str, ...] = ()
    protocol: str = ""
    code: str = ""
    detail: str = ""
    kind: str = ""
    payload: bytes = b""


class StatementCounters(Struct, frozen=True, array_like=True):
    """Statements of one fingerprint (``text``): counts and latencies as in `RouteCounters`.

    What is more than is told apart has an empty text.
    """

    name: str
    target: str
    text: str
    statuses: tuple[int, ...]
    latency: Mapping[int, int]


class EdgeCounters(Struct, frozen=True, array_like=True):
    """What happened on one edge since the last telemetry; ``active``, ``held`` and ``in_flight`` are as of now.

    ``acts`` counts what policies did (`Act`). ``circuit`` is as of now: ``open``, ``half-open``, or empty. ``spoken``
    is the protocol whose operations are read on this edge, as of now; empty when there is none.
    """

    edge: int
    opened: int = 0
    closed: int = 0
    active: int = 0
    held: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    errors: Mapping[str, int] = {}
    in_flight: int = 0
    routes: tuple[RouteCounters, ...] = ()
    acts: Mapping[str, int] = {}
    circuit: str = ""
    fault_hits: Mapping[str, int] = {}
    spoken: str = ""
    statements: tuple[StatementCounters, ...] = ()


class Telemetry(Struct, frozen=True, array_like=True, tag="telemetry"):
    """Only edges on which something happened; ``dropped`` counts exchanges of which only the counts are told.

    ``clock`` is what to add to the worker's clock to get seconds since the epoch.
    """

    edges: tuple[EdgeCounters, ...]
    dropped: int = 0
    exchanges: tuple[Exchange, ...] = ()
    clock: float = 0.0


class Waiting(Struct, frozen=True, array_like=True, tag="waiting"):
    """Somebody waits on this edge, which has no upstream; told at once, and again each second while it is so."""

    edge: int


class Met(Struct, frozen=True, array_like=True, tag="met"):
    """From now on this worker, as long as it lives, means the edge ``key`` by ``edge``; `FIRST_MET` or more."""

    edge: int
    key: EdgeKey


class Trouble(Struct, frozen=True, array_like=True, tag="trouble"):
    """A sentence for a person, once per cause; ``edge`` is 0 when it is about no single edge."""

    text: str
    edge: int = 0


ToWorker = Listen | Policy | Ping | Link | Nets | Dump
ToDaemon = Hello | Ack | Waiting | Met | Telemetry | Trouble | Pong

_ENCODER = msgspec.msgpack.Encoder()
_TO_WORKER: msgspec.msgpack.Decoder[ToWorker] = msgspec.msgpack.Decoder(ToWorker)
_TO_DAEMON: msgspec.msgpack.Decoder[ToDaemon] = msgspec.msgpack.Decoder(ToDaemon)


class WireError(ValueError):
    """A frame's body is not a message of this protocol."""


def encode(message: ToWorker | ToDaemon) -> bytes:
    """The frame that carries ``message``. Raises FrameError when it is too large."""
    return frame(_ENCODER.encode(message))


def decode_to_worker(body: bytes) -> ToWorker:
    """What the daemon said. Raises WireError."""
    try:
        return _TO_WORKER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise WireError(str(error)) from error


def decode_to_daemon(body: bytes) -> ToDaemon:
    """What a worker said. Raises WireError."""
    try:
        return _TO_DAEMON.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise WireError(str(error)) from error
