"""The messages between the daemon and its mesh workers: msgpack in `frames`, over a Unix socket pair.

| direction | message | meaning |
|---|---|---|
| worker → daemon | `Hello` | the first frame: who I am and which protocol I speak |
| daemon → worker | `Listen` | one listening socket rides along (SCM_RIGHTS): it belongs to this edge |
| daemon → worker | `Policy` | the whole truth at this version; edges that it does not name are closed |
| worker → daemon | `Ack` | the policy of this version acts now |
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

from meshdev.wire.frames import frame

PROTOCOL: Final = 1


class EdgeKey(Struct, frozen=True, array_like=True, order=True):
    """An edge's name: who calls which endpoint of whom. Callers from the world outside are ``outside``."""

    caller: str
    callee: str
    endpoint: str = ""

    def __str__(self) -> str:
        return f"{self.caller} -> {self.callee}" + (f":{self.endpoint}" if self.endpoint else "")


class Upstream(Struct, frozen=True, array_like=True, order=True):
    """One incarnation that serves an edge; ``instance`` names it for people (``payments-0@3``)."""

    host: str
    port: int
    instance: str = ""

    def __str__(self) -> str:
        return f"{self.instance or 'upstream'} at {self.host}:{self.port}"


class EdgePolicy(Struct, frozen=True, array_like=True):
    """What a worker does on one edge.

    With no upstream, or none that accepts, up to ``hold_most`` new connections wait up to ``hold`` seconds for one;
    ``hold = 0`` turns them away at once (what a stopped service should look like to its callers).
    """

    upstreams: tuple[Upstream, ...] = ()
    protocol: str = "tcp"
    hold: float = 10.0
    hold_most: int = 1024


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
    NO_UPSTREAM = "no-upstream"  # the callee is not there, and the edge does not hold
    HOLD_TIMEOUT = "hold-timeout"
    HOLD_OVERFLOW = "hold-overflow"
    REFUSED_MESSAGE = "refused-message"  # malformed or ambiguous, answered with 400
    CALLER_RESET = "caller-reset"
    CALLEE_RESET = "callee-reset"


class Hello(Struct, frozen=True, array_like=True, tag="hello"):
    """A worker's first words; ``loop`` is ``uvloop`` or ``asyncio``."""

    pid: int
    loop: str
    protocol: int = PROTOCOL


class Listen(Struct, frozen=True, array_like=True, tag="listen"):
    """The descriptor that rides along is the listening socket of edge ``edge``."""

    edge: int


class Policy(Struct, frozen=True, array_like=True, tag="policy"):
    """Everything that the worker shall do from now on."""

    version: int
    edges: tuple[EdgeEntry, ...]


class Ack(Struct, frozen=True, array_like=True, tag="ack"):
    """The policy of ``version`` acts."""

    version: int


class RouteCounters(Struct, frozen=True, array_like=True):
    """Exchanges of one method and guessed route: counts by the first digit of the status, latencies in microseconds.

    The first count is of exchanges without an answer; ``latency`` are buckets of `telemetry.histogram`.
    """

    route: str
    statuses: tuple[int, ...]
    latency: Mapping[int, int]


class Exchange(Struct, frozen=True, array_like=True):
    """One request and its response. ``started`` is on the worker's clock (see `Telemetry`); status 0 is no answer."""

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


class EdgeCounters(Struct, frozen=True, array_like=True):
    """What happened on one edge since the last telemetry; ``active``, ``held`` and ``in_flight`` are as of now."""

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


class Telemetry(Struct, frozen=True, array_like=True, tag="telemetry"):
    """Only edges on which something happened; ``dropped`` counts exchanges of which only the counts are told.

    ``clock`` is what to add to the worker's clock to get seconds since the epoch.
    """

    edges: tuple[EdgeCounters, ...]
    dropped: int = 0
    exchanges: tuple[Exchange, ...] = ()
    clock: float = 0.0


class Trouble(Struct, frozen=True, array_like=True, tag="trouble"):
    """A sentence for a person, once per cause; ``edge`` is 0 when it is about no single edge."""

    text: str
    edge: int = 0


ToWorker = Listen | Policy
ToDaemon = Hello | Ack | Telemetry | Trouble

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
