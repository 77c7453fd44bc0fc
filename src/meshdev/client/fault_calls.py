"""The calls of ``wire.fault_views`` as values, as in `calls`."""

from types import NoneType
from urllib.parse import quote

import msgspec

from meshdev.client.calls import Call
from meshdev.wire.fault_views import (
    FaultKindView,
    FaultRequest,
    FaultSwitch,
    FaultView,
    LeaseRequest,
    LeaseView,
)


def faults() -> Call[list[FaultView]]:
    """All faults, on or off: the topology's first, then those that were added."""
    return Call("GET", "/v1/faults", list[FaultView])


def kinds() -> Call[list[FaultKindView]]:
    """The catalogue."""
    return Call("GET", "/v1/faults/kinds", list[FaultKindView])


def fault(name: str) -> Call[FaultView]:
    """One fault."""
    return Call("GET", _path(name), FaultView)


def add(request: FaultRequest) -> Call[FaultView]:
    """Add one; it is in force when the answer comes."""
    return Call("POST", "/v1/faults", FaultView, msgspec.json.encode(request))


def switch_on(name: str, switch: FaultSwitch) -> Call[FaultView]:
    """Switch one on; one that is on begins anew."""
    return Call("POST", _path(name, "/on"), FaultView, msgspec.json.encode(switch))


def switch_off(name: str) -> Call[FaultView]:
    """Switch one off; one that was added stays in the list."""
    return Call("POST", _path(name, "/off"), FaultView)


def remove(name: str) -> Call[None]:
    """Switch one off, and forget it if it was added."""
    return Call("DELETE", _path(name), NoneType)


def clear() -> Call[list[FaultView]]:
    """Switch all off, and forget those that were added."""
    return Call("POST", "/v1/faults/clear", list[FaultView])


def take_lease(request: LeaseRequest) -> Call[LeaseView]:
    """A lease: what is added under it ends with it."""
    return Call("POST", "/v1/leases", LeaseView, msgspec.json.encode(request))


def renew_lease(lease: str) -> Call[LeaseView]:
    """It lasts from now on as long as it did at first."""
    return Call("POST", f"/v1/leases/{quote(lease, safe='')}/renew", LeaseView)


def end_lease(lease: str) -> Call[None]:
    """Give it back."""
    return Call("DELETE", f"/v1/leases/{quote(lease, safe='')}", NoneType)


def _path(name: str, verb: str = "") -> str:
    return f"/v1/faults/{quote(name, safe='')}{verb}"
