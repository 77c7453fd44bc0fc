"""Actions for Chaos Toolkit: faults in and out, instances killed and paused, services stopped and started.

What fails raises ``ActivityFailed`` with the reason. Durations are seconds, or text with a unit (``"30s"``).
"""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import msgspec
from chaoslib.exceptions import ActivityFailed

from chaosmeshdev.system import Configuration, control_of, lease_of
from meshdev.client import calls, fault_calls
from meshdev.errors import MeshdevError
from meshdev.traffic.faults.target import parse_edge
from meshdev.wire.fault_views import FaultRequest, FaultSwitch

__all__ = [
    "add_fault",
    "clear_faults",
    "kill",
    "partition",
    "pause",
    "remove_fault",
    "restart",
    "start",
    "stop",
    "switch_off",
    "switch_on",
]

P = ParamSpec("P")
T = TypeVar("T")


def _activity(function: Callable[P, T]) -> Callable[P, T]:
    @wraps(function)
    def called(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return function(*args, **kwargs)
        except MeshdevError as error:
            hint = f" ({error.hint})" if error.hint else ""
            raise ActivityFailed(f"{error.message}{hint}") from error

    return called


@_activity
def add_fault(
    target: str, faults: dict[str, Any], name: str = "", configuration: Configuration = None
) -> dict[str, Any]:
    """Inject faults on an edge (``orders -> payments``) or a service; answers what the control API shows.

    ``faults`` is what would stand in ``[faults.NAME]``: ``{"latency": "300ms", "duration": "30s"}``.
    """
    table = {"edge" if parse_edge(target) is not None else "service": target, **faults}
    return _add(table, name, configuration)


@_activity
def remove_fault(name: str, configuration: Configuration = None) -> None:
    """Switch a fault off, and forget it if it was added."""
    control_of(configuration).send(fault_calls.remove(name))


@_activity
def switch_on(
    name: str, duration: float | None = None, configuration: Configuration = None
) -> dict[str, Any]:
    """Switch a named fault of the topology on, for at most as long as this process lives."""
    control = control_of(configuration)
    view = control.send(fault_calls.switch_on(name, FaultSwitch(duration=duration, lease=lease_of(control))))
    return _plain(view)


@_activity
def switch_off(name: str, configuration: Configuration = None) -> dict[str, Any]:
    """Switch a fault off."""
    return _plain(control_of(configuration).send(fault_calls.switch_off(name)))


@_activity
def clear_faults(configuration: Configuration = None) -> None:
    """Switch all faults off."""
    control_of(configuration).send(fault_calls.clear())


@_activity
def partition(
    groups: Sequence[Sequence[str]], duration: str | float | None = None, name: str = "",
    configuration: Configuration = None,
) -> dict[str, Any]:  # fmt: skip
    """Nobody of one group reaches anybody of another."""
    return _add({"partition": [list(group) for group in groups], **_for(duration)}, name, configuration)


@_activity
def kill(
    service: str, instances: int = 1, signal: str = "SIGKILL", configuration: Configuration = None
) -> None:
    """Kill instances of a service; its own policy restarts them."""
    fault = {"service": service, "kill": {"signal": signal, "instances": instances}}
    added = _add(fault, "", configuration)
    control_of(configuration).send(fault_calls.remove(added["name"]))


@_activity
def pause(
    service: str, duration: str | float | None = None, name: str = "", configuration: Configuration = None
) -> dict[str, Any]:
    """The instances of a service stand still, for ``duration`` or until the fault is removed."""
    return _add({"service": service, "pause": True, **_for(duration)}, name, configuration)


@_activity
def stop(service: str, configuration: Configuration = None) -> None:
    """Stop a service."""
    control_of(configuration).send(calls.stop([service]))


@_activity
def start(service: str, configuration: Configuration = None) -> None:
    """Start a service."""
    control_of(configuration).send(calls.start([service]))


@_activity
def restart(service: str, configuration: Configuration = None) -> None:
    """Replace the instances of a service."""
    control_of(configuration).send(calls.restart([service]))


def _add(table: dict[str, Any], name: str, configuration: Configuration) -> dict[str, Any]:
    control = control_of(configuration)
    request = FaultRequest(fault=table, name=name, lease=lease_of(control))
    return _plain(control.send(fault_calls.add(request)))


def _for(duration: str | float | None) -> dict[str, str]:
    if duration is None:
        return {}
    return {"duration": duration if isinstance(duration, str) else f"{duration:g}s"}


def _plain(view: object) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(view)
    return found
