"""A caller's own network: a bridge, on which each name that the caller knows has an address where the mesh listens.

Where addresses cannot be added (no CAP_NET_ADMIN), names share the bridge's own; where even that is not on this
machine (Docker Desktop, rootless engines), there are none, and callers get ``host.docker.internal``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import IPv4Network
from pathlib import Path
from typing import TYPE_CHECKING, Any

from meshdev.runners.container.bridges import add_addresses
from meshdev.runners.container.subnets import (
    MOST_NAMES,
    candidates,
    container_range,
    gateway,
    name_address,
    routes,
)

if TYPE_CHECKING:
    from docker import APIClient

_ROUTES = Path("/proc/net/route")
_INTERFACES = Path("/sys/class/net")
_TRIES = 8


@dataclass(frozen=True, slots=True)
class CallerNetwork:
    """One network: its name in the engine, its interface here ("" when it is not on this machine), and addresses.

    ``addresses`` are those of names, in the order in which they were asked for; ``shared`` says why they are all the
    bridge's own.
    """

    name: str
    bridge: str
    gateway: str
    addresses: tuple[str, ...]
    shared: str = ""


def bridge_name(network: str) -> str:
    """An interface's name, which may have 15 characters."""
    return f"md-{sha256(network.encode()).hexdigest()[:10]}"


def ensure_network(
    client: "APIClient", name: str, names: int, labels: Mapping[str, str], *, internal: bool = False
) -> CallerNetwork:
    """The network ``name`` with an address for each of so many names; made if it is not there. Blocking."""
    found = _find(client, name)
    if found is None:
        found = _make(client, name, labels, internal=internal)
    subnet = IPv4Network(found["IPAM"]["Config"][0]["Subnet"])
    own = gateway(subnet)
    bridge = str((found.get("Options") or {}).get("com.docker.network.bridge.name", ""))
    if not bridge or not (_INTERFACES / bridge).exists():
        return CallerNetwork(name, "", own, (own,) * names, "the engine's bridges are not on this machine")
    if names > MOST_NAMES:
        return CallerNetwork(name, bridge, own, (own,) * names, f"more than {MOST_NAMES} names")
    wanted = tuple(name_address(subnet, index) for index in range(names))
    trouble = add_addresses(bridge, wanted)
    if trouble:
        return CallerNetwork(name, bridge, own, (own,) * names, trouble)
    return CallerNetwork(name, bridge, own, wanted)


def remove_networks(client: "APIClient", names: Sequence[str]) -> None:
    """Remove those that are there; ones still in use stay. Blocking."""
    from docker.errors import APIError  # noqa: PLC0415 -- see `engine`

    for name in names:
        try:
            client.remove_network(name)
        except APIError:
            continue


def _find(client: "APIClient", name: str) -> dict[str, Any] | None:
    exact = [one for one in client.networks(names=[name]) if one["Name"] == name]
    return exact[0] if exact else None


def _make(client: "APIClient", name: str, labels: Mapping[str, str], *, internal: bool) -> dict[str, Any]:
    from docker.errors import APIError  # noqa: PLC0415 -- see `engine`
    from docker.types import IPAMConfig, IPAMPool  # noqa: PLC0415

    taken = _taken(client)
    refusal: APIError | None = None
    for subnet, _ in zip(candidates(name, taken), range(_TRIES), strict=False):
        pool = IPAMPool(str(subnet), iprange=container_range(subnet), gateway=gateway(subnet))
        try:
            client.create_network(
                name,
                driver="bridge",
                ipam=IPAMConfig(pool_configs=[pool]),
                labels=dict(labels),
                internal=internal,
                options={"com.docker.network.bridge.name": bridge_name(name)},
            )
        except APIError as error:
            if "overlap" not in str(error).lower():
                raise
            refusal = error
            continue
        found = _find(client, name)
        if found is not None:
            return found
    if refusal is not None:
        raise refusal
    raise OSError("10.197.0.0/16 has no free network left")


def _taken(client: "APIClient") -> list[IPv4Network]:
    found = [
        IPv4Network(pool["Subnet"], strict=False)
        for one in client.networks()
        for pool in (one.get("IPAM") or {}).get("Config") or ()
        if ":" not in pool.get("Subnet", ":")
    ]
    try:
        return found + routes(_ROUTES.read_text())
    except OSError:
        return found
