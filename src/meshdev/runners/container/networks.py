"""A caller's own network: a bridge, on which each name that the caller knows has an address where the mesh listens.

Where addresses cannot be added (no CAP_NET_ADMIN), names share the bridge's own; where even that is not on this
machine (Docker Desktop, rootless engines), there are none, and callers get ``host.docker.internal``.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path
from typing import TYPE_CHECKING, Any

from meshdev.runners.container import bridges
from meshdev.runners.container.subnets import (
    MOST_NAMES,
    bridge_name,
    candidates,
    container_range,
    gateway,
    name_address,
    routes,
)

if TYPE_CHECKING:
    from docker import APIClient

_ROUTES = Path("/proc/net/route")
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


def ensure_network(
    client: "APIClient", name: str, names: int, labels: Mapping[str, str], *, internal: bool = False
) -> CallerNetwork:
    """The network ``name`` with an address for each of so many names; made if it is not there. Blocking."""
    there = client.networks()
    subnet = next((IPv4Network(_pools(one)[0]["Subnet"]) for one in there if one["Name"] == name), None)
    if subnet is None:
        subnet = _make(client, name, labels, _taken(there), internal=internal)
    own = gateway(subnet)
    bridge = bridge_name(name)  # Podman gives it, and does not tell
    if not bridges.exists(bridge) and _makes_bridges_late(client):
        bridges.hold(bridge, f"{own}/{subnet.prefixlen}")
    if not bridges.exists(bridge):
        return CallerNetwork(name, "", own, (own,) * names, "the engine's bridges are not on this machine")
    if names > MOST_NAMES:
        return CallerNetwork(name, bridge, own, (own,) * names, f"more than {MOST_NAMES} names")
    wanted = tuple(name_address(subnet, index) for index in range(names))
    trouble = bridges.add_addresses(bridge, wanted)
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
        bridges.release(bridge_name(name))


def _makes_bridges_late(client: "APIClient") -> bool:
    """Whether it is a Podman of this machine's network, not of a user's own (rootless)."""
    parts = client.version().get("Components") or ()
    return any(part["Name"].startswith("Podman") for part in parts) and not client.info().get("Rootless")


def _make(
    client: "APIClient",
    name: str,
    labels: Mapping[str, str],
    taken: Collection[IPv4Network],
    *,
    internal: bool,
) -> IPv4Network:
    from docker.errors import APIError  # noqa: PLC0415 -- see `engine`
    from docker.types import IPAMConfig, IPAMPool  # noqa: PLC0415

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
        else:
            return subnet
    if refusal is not None:
        raise refusal
    raise OSError("10.197.0.0/16 has no free network left")


def _taken(there: Iterable[dict[str, Any]]) -> list[IPv4Network]:
    found = [
        IPv4Network(pool["Subnet"], strict=False)
        for one in there
        for pool in _pools(one)
        if ":" not in pool.get("Subnet", ":")
    ]
    try:
        return found + routes(_ROUTES.read_text())
    except OSError:
        return found


def _pools(network: dict[str, Any]) -> list[dict[str, str]]:
    return (network.get("IPAM") or {}).get("Config") or []
