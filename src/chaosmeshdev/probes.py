"""Probes for Chaos Toolkit: what edges carry, how services are. For steady states with a tolerance."""

from typing import Any

import msgspec
from chaoslib.exceptions import ActivityFailed

from chaosmeshdev.system import Configuration, control_of
from meshdev.client import calls, fault_calls
from meshdev.errors import MeshdevError
from meshdev.traffic.faults.target import means, parse_edge
from meshdev.wire.control import EdgeSignalsView

__all__ = [
    "all_healthy",
    "edge",
    "edge_error_share",
    "edge_p99_ms",
    "edge_rps",
    "faults_on",
    "service_health",
]


def edge(name: str, configuration: Configuration = None) -> dict[str, Any]:
    """Everything that ``meshdev edges --json`` tells of an edge (its busiest endpoint)."""
    found: dict[str, Any] = msgspec.to_builtins(_edge(name, configuration))
    return found


def edge_error_share(name: str, configuration: Configuration = None) -> float:
    """The share of failed calls over the last ten seconds, 0 to 1; 0 where nothing was called."""
    view = _edge(name, configuration)
    return view.eps / view.rps if view.rps else 0.0


def edge_p99_ms(name: str, configuration: Configuration = None) -> float | None:
    """The last minute's 99th percentile in milliseconds; None where nothing was measured."""
    return _edge(name, configuration).p99_ms


def edge_rps(name: str, configuration: Configuration = None) -> float:
    """Calls a second over the last ten seconds."""
    return _edge(name, configuration).rps


def service_health(name: str, configuration: Configuration = None) -> str:
    """``healthy``, ``unhealthy`` or ``unknown``."""
    try:
        views = control_of(configuration).send(calls.services())
    except MeshdevError as error:
        raise ActivityFailed(str(error)) from error
    for view in views:
        if view.name == name:
            return view.health
    raise ActivityFailed(f"no service is called {name!r}; there are {', '.join(view.name for view in views)}")


def all_healthy(configuration: Configuration = None) -> bool:
    """Whether everything that is wanted up runs, and no probe says otherwise."""
    try:
        views = control_of(configuration).send(calls.services())
    except MeshdevError as error:
        raise ActivityFailed(str(error)) from error
    wanted = [view for view in views if view.desired == "up" and view.phase != "exited"]
    return all(view.phase == "running" and view.health != "unhealthy" for view in wanted)


def faults_on(configuration: Configuration = None) -> list[str]:
    """The names of the faults that are on."""
    try:
        return [view.name for view in control_of(configuration).send(fault_calls.faults()) if view.on]
    except MeshdevError as error:
        raise ActivityFailed(str(error)) from error


def _edge(name: str, configuration: Configuration) -> EdgeSignalsView:
    pattern = parse_edge(name)
    if pattern is None:
        raise ActivityFailed(f"{name!r} is no edge; write 'orders -> payments'")
    try:
        views = control_of(configuration).send(calls.edges(settled=True))
    except MeshdevError as error:
        raise ActivityFailed(str(error)) from error
    found = [view for view in views if means(pattern, view.caller, view.callee, view.endpoint)]
    if not found:
        raise ActivityFailed(f"there is no edge {name!r}")
    return max(found, key=lambda view: view.requests)
