"""Each container's own network: made before its first launch, with the mesh's listeners on it, removed at the end."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from meshdev.daemon.edges import known_to
from meshdev.daemon.names import PROXY_NAME, has_own_network, names_of, networks_of
from meshdev.daemon.routes import Placing, Routes
from meshdev.runners.container import bridges
from meshdev.runners.container.engine import Engine
from meshdev.runners.container.networks import CallerNetwork, ensure_network, remove_networks
from meshdev.runners.container.subnets import bridge_name
from meshdev.topology.model import Service, System

HOST_GATEWAY = "host-gateway"
HOST_NAME = "host.docker.internal"


@dataclass(frozen=True, slots=True)
class OnNetwork:
    """A caller's network, and whom it finds there: (name, address)."""

    network: CallerNetwork
    hosts: tuple[tuple[str, str], ...]


class Callers:
    """The networks of one run; used from the loop's thread only."""

    def __init__(self, engine: Engine, routes: Routes, prefix: str, labels: Mapping[str, str]) -> None:
        self._engine = engine
        self._routes = routes
        self._prefix = prefix
        self._labels = labels
        self._made: dict[str, str] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def enter(self, system: System, caller: Service) -> OnNetwork:
        """Have the network of ``caller`` as this system wants it. Raises ServiceError."""
        async with self._locks.setdefault(caller.name, asyncio.Lock()):
            known = known_to(system, caller)
            name = f"{self._prefix}-{caller.name.replace('.', '-')}"
            internal = _is_internal(system, caller)
            network = await self._engine.call(
                lambda client: ensure_network(client, name, len(known), self._labels, internal=internal)
            )
            self._made[caller.name] = name
            addresses = dict(zip(known, network.addresses, strict=True))
            self._routes.place(
                caller.name,
                Placing({**addresses, "": network.gateway} if network.bridge else {}, network.bridge),
            )
            hosts = [
                (alias, addresses[node.name] if network.bridge else HOST_GATEWAY)
                for node in known.values()
                for alias in names_of(system, caller, node)
            ]
            own = network.gateway if network.bridge else HOST_GATEWAY
            hosts += [(HOST_NAME, own), *([(PROXY_NAME, own)] if caller.proxy_env else [])]
            return OnNetwork(network, tuple(dict(reversed(hosts)).items()))

    async def let_go(self) -> None:
        """Before the last containers go: see `bridges.let_go`."""
        for name in self._made.values():
            await asyncio.to_thread(bridges.let_go, bridge_name(name))

    async def close(self) -> None:
        """Remove the networks; one that is in use by others stays."""
        if self._made:
            names = list(self._made.values())
            await self._engine.call(lambda client: remove_networks(client, names))
            self._made.clear()


def needs_network(service: Service) -> bool:
    """Whether it gets a network of its own."""
    return has_own_network(service)


def _is_internal(system: System, caller: Service) -> bool:
    """Whether all networks that it is written to be in lead nowhere outside."""
    written = [getattr(system, "networks", {}).get(key) for key in networks_of(caller)]
    return bool(written) and all(network is not None and network.internal for network in written)
