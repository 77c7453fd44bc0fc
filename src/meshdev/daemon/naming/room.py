"""What a process that finds others by name needs before it starts: listeners on addresses, and its hosts file."""

import asyncio
import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from meshdev.daemon.edges import LOOPBACK, known_to
from meshdev.daemon.environment import tool_marks
from meshdev.daemon.names import PROXY_NAME, host_name, names_of, process_names
from meshdev.daemon.naming.hosts import GateAddresses, LoopbackAddresses, hosts_text
from meshdev.daemon.naming.pods import Pods
from meshdev.daemon.routes import Placing, Routes
from meshdev.errors import ServiceError
from meshdev.kernel.project import ProjectPaths
from meshdev.lifecycle.model import Incarnation
from meshdev.runners.namespaces import Offer, Within, hosts_library, own_hosts_offer
from meshdev.topology.model import Names, Service, System

_MACHINE = Path("/etc/hosts")


@dataclass(frozen=True, slots=True)
class Entered:
    """How an incarnation is started: within namespaces, or with a library that stands for them (and reads ``env``).

    ``net`` is the name of the network that it has of its own.
    """

    within: Within | None = None
    net: str = ""
    preload: str = ""
    env: Mapping[str, str] = field(default_factory=dict)

    def added_to(self, env: Mapping[str, str]) -> dict[str, str]:
        """What the environment ``env`` gets besides."""
        if not self.preload:
            return dict(self.env)
        loaded = " ".join(filter(None, (self.preload, env.get("LD_PRELOAD", ""))))
        return {**self.env, "LD_PRELOAD": loaded}


class NameRoom:
    """Hosts files, addresses and networks of one run. Used from the loop's thread only."""

    def __init__(
        self, paths: ProjectPaths, run_id: str, routes: Routes, report: Callable[[str], None]
    ) -> None:
        self._folder = paths.run_dir(run_id) / "names"
        self._routes = routes
        self._addresses = LoopbackAddresses(str(paths.root))
        self._gates = GateAddresses()
        marks = tool_marks(run_id, paths.key, "keeper")
        self._pods = Pods(routes.fleet, {**os.environ, **marks}, report)
        self._locks: dict[str, asyncio.Lock] = {}

    async def enter(self, system: System, service: Service, ref: Incarnation) -> Entered:
        """Have what ``ref`` of ``service`` finds as this system wants it. Raises ServiceError."""
        async with self._locks.setdefault(service.name, asyncio.Lock()):
            if process_names(service) is Names.POD:
                return await self._enter_pod(system, service, ref)
            return await self._enter_hosts(system, service)

    @property
    def pid(self) -> int:
        """The pid of the pods' keeper, 0 when there is none."""
        return self._pods.pid

    async def close(self) -> None:
        """Let go of all networks."""
        await self._pods.close()

    def leave(self, ref: Incarnation) -> None:
        """``ref`` is gone."""
        self._pods.forget(str(ref))

    async def socket_in(self, ref: Incarnation) -> socket.socket:
        """A socket of the network that ``ref`` has of its own. Raises OSError."""
        return await self._pods.socket_in(str(ref))

    async def _enter_hosts(self, system: System, service: Service) -> Entered:
        offer = await asyncio.to_thread(own_hosts_offer)
        library = await asyncio.to_thread(hosts_library)
        if not offer.possible and library is None:
            raise impossible(offer)
        known = known_to(system, service)
        addresses = {name: self._addresses.of(service.name, name) for name in known}
        self._routes.place(service.name, Placing(addresses, "", exact=True))
        file = await self._write(service, _names(system, service, known, addresses))
        if offer.possible:
            return Entered(Within(file, offer.new_user))
        return Entered(preload=library or "", env={"NSS_WRAPPER_HOSTS": str(file)})

    async def _enter_pod(self, system: System, service: Service, ref: Incarnation) -> Entered:
        known = known_to(system, service)
        addresses = {name: self._gates.of(service.name, name) for name in ("", *known)}
        sockets = await self._pods.gate(service.name, self._routes.placeable(service.name))
        self._routes.place(service.name, Placing(addresses, "", exact=True, source=sockets.take))
        own = [(host_name(system, service), LOOPBACK)]  # it finds itself where it is
        proxy = [(PROXY_NAME, addresses[""])] if service.proxy_env else []
        names = [*own, *_names(system, service, known, addresses), *proxy]
        file = await self._write(service, names)
        net = await self._pods.pod(service.name, str(ref))
        return Entered(Within(file, user=self._pods.user, net=net), str(ref))

    async def _write(self, service: Service, names: list[tuple[str, str]]) -> Path:
        file = self._folder / f"{service.name}.hosts"
        await asyncio.to_thread(_write, file, names)
        return file


def _names(
    system: System, service: Service, known: Mapping[str, Service], addresses: Mapping[str, str]
) -> list[tuple[str, str]]:
    return [
        (alias, addresses[node.name]) for node in known.values() for alias in names_of(system, service, node)
    ]


def impossible(offer: Offer) -> ServiceError:
    """Why names cannot be had here, and what to do."""
    hint = f'{offer.way_out}; or install libnss-wrapper; or write names = "env" and use the variables'
    return ServiceError(f'names = "hosts" is not possible here: {offer.reason}', hint=hint)


def _write(file: Path, names: list[tuple[str, str]]) -> None:
    """In place: programs that run see what is new."""
    try:
        machine = _MACHINE.read_text("utf-8", "replace")
    except OSError:
        machine = "127.0.0.1\tlocalhost\n::1\tlocalhost\n"
    file.parent.mkdir(parents=True, exist_ok=True)
    text = hosts_text(names, machine)
    with file.open("r+" if file.exists() else "w", encoding="utf-8") as written:
        written.write(text)
        written.truncate()
