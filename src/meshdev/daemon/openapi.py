"""The control API described as OpenAPI 3.1, made from the very shapes that it sends and reads."""

from functools import cache
from typing import Any

import msgspec

from meshdev import __version__
from meshdev.wire import control as wire
from meshdev.wire import fault_views as faults
from meshdev.wire import recording_views as recordings
from meshdev.wire import swap
from meshdev.wire import topic_views as topics

_GET: tuple[tuple[str, object, str], ...] = (
    ("/v1/version", wire.VersionView, "Who answers."),
    ("/v1/snapshot", wire.Snapshot, "Everything, with the sequence number that it stands for."),
    ("/v1/services", list[wire.ServiceView], "All services, brokers and databases."),
    ("/v1/services/{name}", wire.ServiceView, "One service."),
    ("/v1/services/{name}/why", wire.WhyView, "Why a service is where it is."),
    ("/v1/services/{name}/env", wire.EnvView, "The environment of a service's next incarnation."),
    ("/v1/graph", wire.GraphView, "The system as a graph."),
    ("/v1/edges", list[wire.EdgeSignalsView], "What the edges carry."),
    (
        "/v1/topics",
        list[topics.TopicView],
        "The brokers' topics: who publishes, who subscribes, the last messages.",
    ),
    ("/v1/traffic", list[wire.ExchangeView], "The last calls over edges, the oldest first."),
    ("/v1/traffic/{span}", recordings.RecalledView, "One of them with headers and bodies, without secrets."),
    ("/v1/processes", list[wire.ProcessView], "meshdev's own processes."),
    ("/v1/faults", list[faults.FaultView], "All faults: the topology's, and those that were added."),
    ("/v1/faults/kinds", list[faults.FaultKindView], "The catalogue of faults."),
    ("/v1/faults/{name}", faults.FaultView, "One fault."),
    (
        "/v1/recordings",
        recordings.RecordingsView,
        "Where recordings are kept, and those that are being made.",
    ),
)
_POST: tuple[tuple[str, object, object, str], ...] = (
    ("/v1/up", wire.UpRequest, wire.PlanView, "Read the topology again, apply the difference, start."),
    ("/v1/plan", wire.UpRequest, wire.PlanView, "What /v1/up would do."),
    ("/v1/services/start", wire.ServicesRequest, list[wire.ServiceView], "Start services."),
    ("/v1/services/stop", wire.ServicesRequest, list[wire.ServiceView], "Stop services."),
    ("/v1/services/restart", wire.ServicesRequest, list[wire.ServiceView], "Restart services."),
    ("/v1/services/{name}/scale", wire.ScaleRequest, wire.ServiceView, "Change the number of replicas."),
    ("/v1/services/{name}/swap", swap.SwapRequest, swap.SwapView, "Have somebody else play a service."),
    ("/v1/topics/publish", topics.PublishRequest, topics.PublishedView, "Publish a message on a broker."),
    ("/v1/shutdown", wire.ShutdownRequest, None, "Stop everything, then the daemon."),
    ("/v1/faults", faults.FaultRequest, faults.FaultView, "Add a fault; in force when the answer comes."),
    ("/v1/faults/{name}/on", faults.FaultSwitch, faults.FaultView, "Switch a fault on."),
    ("/v1/faults/{name}/off", None, faults.FaultView, "Switch a fault off."),
    ("/v1/faults/clear", None, list[faults.FaultView], "Switch all off, forget those that were added."),
    (
        "/v1/leases",
        faults.LeaseRequest,
        faults.LeaseView,
        "Take a lease; what is added under it ends with it.",
    ),
    ("/v1/leases/{name}/renew", None, faults.LeaseView, "Renew a lease."),
    (
        "/v1/recordings/start",
        recordings.RecordRequest,
        recordings.RecordingView,
        "Record; every call from here on is in it.",
    ),
    ("/v1/recordings/{name}/stop", None, recordings.RecordingView, "Close a recording; it is on the disk."),
    (
        "/v1/recordings/save-last",
        recordings.SaveLastRequest,
        recordings.RecordingView,
        "Save what the mesh still has of the last time.",
    ),
    ("/v1/lease/release", None, None, "The system outlives the command that started it."),
)
_DELETE: tuple[tuple[str, str], ...] = (
    ("/v1/faults/{name}", "Switch a fault off, and forget it if it was added."),
    ("/v1/leases/{name}", "Give a lease back."),
)


@cache
def openapi_document() -> dict[str, Any]:
    """The document; the same object each time."""
    shapes = {shape for _, shape, _ in _GET} | {one for _, body, reply, _ in _POST for one in (body, reply)}
    ordered = sorted(
        (shape for shape in {*shapes, wire.StreamEvent, wire.ExchangeView, wire.ErrorView} if shape), key=str
    )
    schemas, components = msgspec.json.schema_components(ordered, ref_template="#/components/schemas/{name}")
    refs = dict(zip(ordered, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for path, reply, summary in _GET:
        paths.setdefault(path, {})["get"] = _operation(path, summary, None, refs.get(reply))
    for path, body, reply, summary in _POST:
        paths.setdefault(path, {})["post"] = _operation(path, summary, refs.get(body), refs.get(reply))
    for path, summary in _DELETE:
        paths.setdefault(path, {})["delete"] = _operation(path, summary, None, None)
    paths["/v1/events"] = {
        "get": _stream(
            "What happens, as server-sent events whose data are StreamEvents.", refs[wire.StreamEvent]
        )
    }
    paths["/v1/traffic/stream"] = {
        "get": _stream("Calls as they end, as server-sent events of ExchangeViews.", refs[wire.ExchangeView])
    }
    paths["/v1/lease"] = {
        "get": {
            "summary": "Held open by the command that owns the system.",
            "responses": {"200": {"description": "held"}},
        }
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "meshdev control API", "version": f"{wire.API_VERSION}", "x-meshdev": __version__},
        "paths": paths,
        "components": {"schemas": components},
    }


def _operation(path: str, summary: str, body: Any, reply: Any) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": "done"}
    if reply is not None:
        answer["content"] = {"application/json": {"schema": reply}}
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ErrorView"}}}
    operation: dict[str, Any] = {
        "summary": summary,
        "responses": {"200": answer, "default": {"description": "a problem", "content": problem}},
    }
    if body is not None:
        operation["requestBody"] = {"content": {"application/json": {"schema": body}}}
    named = [name for name in ("name", "span") if f"{{{name}}}" in path]
    if named:
        operation["parameters"] = [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in named
        ]
    return operation


def _stream(summary: str, event: Any) -> dict[str, Any]:
    return {
        "summary": summary,
        "parameters": [{"name": "after", "in": "query", "schema": {"type": "integer"}}],
        "responses": {
            "200": {"description": "a stream", "content": {"text/event-stream": {"schema": event}}}
        },
    }
