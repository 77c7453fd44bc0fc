"""Every call of the control API as a value: what is sent, and what shape comes back.

Pure: the synchronous and the asynchronous client send the same values, and a test can look at them.
``control.send(calls.restart(["orders"]))`` is a ``list[ServiceView]`` to the type checker, too.
"""

from dataclasses import dataclass
from types import NoneType
from typing import Generic, TypeVar
from urllib.parse import quote

import msgspec

from meshdev.errors import DaemonError, MeshdevError, ServiceError, StorageError, TopologyError, UsageError
from meshdev.wire.control import (
    EdgeSignalsView,
    EnvView,
    ErrorView,
    ExchangeView,
    GraphView,
    PlanView,
    ProcessView,
    ScaleRequest,
    ServicesRequest,
    ServiceView,
    ShutdownRequest,
    Snapshot,
    UpRequest,
    VersionView,
    WhyView,
)
from meshdev.wire.database_views import DatabaseView
from meshdev.wire.swap import SwapRequest, SwapView
from meshdev.wire.topic_views import PublishedView, PublishRequest, TopicView

T = TypeVar("T")

QUICK = 10.0  # seconds: answers from what the daemon knows already
SLOW = 60.0  # seconds: answers after it has read the topology again
TOPOLOGY_STATUS = 422  # unprocessable content: what the user wrote


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """One request; ``answer`` is the type of its result, ``timeout`` seconds for the whole exchange."""

    method: str
    path: str
    answer: type[T]
    body: bytes = b""
    timeout: float = QUICK

    def decode(self, status: int, payload: bytes) -> T:
        """The result, or the error that the daemon reports; raises MeshdevError."""
        if status >= 400:  # noqa: PLR2004 -- where HTTP's errors begin
            raise problem(status, payload)
        if self.answer is NoneType:
            return msgspec.convert(None, self.answer)
        try:
            return msgspec.json.decode(payload, type=self.answer)
        except msgspec.MsgspecError as error:
            raise AnswerError(self.path, str(error)) from error


class AnswerError(DaemonError):
    """An answer to ``path`` of another shape: another version, or something else listens there."""

    def __init__(self, path: str, reason: str) -> None:
        message = f"the daemon's answer to {path} makes no sense to this client: {reason}"
        super().__init__(message, hint="`meshdev version` compares the two")
        self.path = path


def version() -> Call[VersionView]:
    """Who answers."""
    return Call("GET", "/v1/version", VersionView)


def snapshot() -> Call[Snapshot]:
    """Everything, with the sequence number that it stands for."""
    return Call("GET", "/v1/snapshot", Snapshot)


def services() -> Call[list[ServiceView]]:
    """All services."""
    return Call("GET", "/v1/services", list[ServiceView])


def service(name: str) -> Call[ServiceView]:
    """One service."""
    return Call("GET", f"/v1/services/{_segment(name)}", ServiceView)


def why(name: str) -> Call[WhyView]:
    """Why a service is where it is."""
    return Call("GET", f"/v1/services/{_segment(name)}/why", WhyView)


def env(name: str) -> Call[EnvView]:
    """The environment of the service's next incarnation."""
    return Call("GET", f"/v1/services/{_segment(name)}/env", EnvView)


def graph(*, settled: bool = False) -> Call[GraphView]:
    """The system as a graph; ``settled`` as for `edges`."""
    return Call("GET", "/v1/graph" + ("?settled" if settled else ""), GraphView)


def edges(*, settled: bool = False) -> Call[list[EdgeSignalsView]]:
    """What the edges carry; ``settled``: with everything that has happened before the call."""
    return Call("GET", "/v1/edges" + ("?settled" if settled else ""), list[EdgeSignalsView])


def topics(*, settled: bool = False) -> Call[list[TopicView]]:
    """The brokers' topics; ``settled`` as for `edges`."""
    return Call("GET", "/v1/topics" + ("?settled" if settled else ""), list[TopicView])


def databases(*, settled: bool = False) -> Call[list[DatabaseView]]:
    """The databases, who uses them, and their statements; ``settled`` as for `edges`."""
    return Call("GET", "/v1/databases" + ("?settled" if settled else ""), list[DatabaseView])


def publish(request: PublishRequest) -> Call[PublishedView]:
    """Publish a message; the broker has it when the answer comes."""
    return Call("POST", "/v1/topics/publish", PublishedView, msgspec.json.encode(request))


def traffic(limit: int, *, settled: bool = False) -> Call[list[ExchangeView]]:
    """The last so many calls over edges, the oldest first; ``settled`` as for `edges`."""
    return Call("GET", f"/v1/traffic?limit={limit}" + ("&settled" if settled else ""), list[ExchangeView])


def processes() -> Call[list[ProcessView]]:
    """What meshdev itself runs: its own processes."""
    return Call("GET", "/v1/processes", list[ProcessView])


def up(request: UpRequest) -> Call[PlanView]:
    """Read the topology again, apply the difference, want the services up."""
    return Call("POST", "/v1/up", PlanView, msgspec.json.encode(request), SLOW)


def plan(request: UpRequest) -> Call[PlanView]:
    """What `up` would do."""
    return Call("POST", "/v1/plan", PlanView, msgspec.json.encode(request), SLOW)


def start(names: list[str]) -> Call[list[ServiceView]]:
    """Want these services up, and what they depend on."""
    return _services("start", names)


def stop(names: list[str]) -> Call[list[ServiceView]]:
    """Want these services down."""
    return _services("stop", names)


def restart(names: list[str]) -> Call[list[ServiceView]]:
    """Want fresh incarnations of these services."""
    return _services("restart", names)


def scale(name: str, replicas: int) -> Call[ServiceView]:
    """Want this many replicas."""
    body = msgspec.json.encode(ScaleRequest(replicas=replicas))
    return Call("POST", f"/v1/services/{_segment(name)}/scale", ServiceView, body)


def swap(name: str, request: SwapRequest) -> Call[SwapView]:
    """Have somebody else play a service; what comes of it is its next ``last_reload``."""
    return Call("POST", f"/v1/services/{_segment(name)}/swap", SwapView, msgspec.json.encode(request))


def shutdown(urgency: int) -> Call[None]:
    """Want everything down: 1 graceful, 2 hurry, 3 kill; progress arrives as events."""
    return Call("POST", "/v1/shutdown", NoneType, msgspec.json.encode(ShutdownRequest(urgency=urgency)))


def release_lease() -> Call[None]:
    """Leave the system running when the terminal that started it goes."""
    return Call("POST", "/v1/lease/release", NoneType)


def _services(verb: str, names: list[str]) -> Call[list[ServiceView]]:
    body = msgspec.json.encode(ServicesRequest(services=names))
    return Call("POST", f"/v1/services/{verb}", list[ServiceView], body)


def _segment(name: str) -> str:
    return quote(name, safe="")


def problem(status: int, payload: bytes) -> MeshdevError:
    """The error of our tree that an answer of 400 and above stands for."""
    try:
        view = msgspec.json.decode(payload, type=ErrorView)
    except msgspec.MsgspecError:
        text = payload[:200].decode("utf-8", "replace").strip() or "no body"
        return DaemonError(f"the daemon answered {status}: {text}", hint="`meshdev version` compares the two")
    return reported(view.detail or view.title, view.hint, view.exit_code, topology=status == TOPOLOGY_STATUS)


def reported(message: str, hint: str, exit_code: int, *, topology: bool = False) -> MeshdevError:
    """An error of another process as one of ours, so that this one ends with the same exit code."""
    match exit_code:
        case 2 if topology:
            return TopologyError(message, hint=hint)
        case 2:
            return UsageError(message, hint=hint)
        case 3:
            return DaemonError(message, hint=hint)
        case 4:
            return StorageError(message, hint=hint)
        case _:
            return ServiceError(message, hint=hint)
