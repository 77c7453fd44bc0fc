"""What a process that finds others by name needs before it starts: listeners on addresses, and its hosts file."""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from meshdev.daemon.edges import known_to
from meshdev.daemon.names import names_of
from meshdev.daemon.naming.hosts import LoopbackAddresses, hosts_text
from meshdev.daemon.routes import Placing, Routes
from meshdev.errors import ServiceError
from meshdev.kernel.project import ProjectPaths
from meshdev.runners.namespaces import Offer, Within, hosts_library, own_hosts_offer
from meshdev.topology.model import Service, System

_MACHINE = Path("/etc/hosts")


@dataclass(frozen=True, slots=True)
class Entered:
    """How an incarnation is started: within namespaces, or (``env``) with a library that stands for them."""

    within: Within | None = None
    env: Mapping[str, str] = field(default_factory=dict)


class NameRoom:
    """Hosts files and addresses of one run. Used from the loop's thread only."""

    def __init__(self, paths: ProjectPaths, run_id: str, routes: Routes) -> None:
        self._folder = paths.run_dir(run_id) / "names"
        self._routes = routes
        self._addresses = LoopbackAddresses(str(paths.root))

    async def enter(self, system: System, service: Service) -> Entered:
        """Have what ``service`` finds as this system wants it. Raises ServiceError."""
        offer = await asyncio.to_thread(own_hosts_offer)
        library = await asyncio.to_thread(hosts_library)
        if not offer.possible and library is None:
            raise impossible(offer)
        known = known_to(system, service)
        addresses = {name: self._addresses.of(service.name, name) for name in known}
        self._routes.place(service.name, Placing(addresses, "", exact=True))
        names = [
            (alias, addresses[node.name])
            for node in known.values()
            for alias in names_of(system, service, node)
        ]
        file = self._folder / f"{service.name}.hosts"
        await asyncio.to_thread(_write, file, names)
        if offer.possible:
            return Entered(Within(file, offer.new_user))
        preloaded = " ".join(filter(None, (library, os.environ.get("LD_PRELOAD", ""))))
        return Entered(env={"LD_PRELOAD": preloaded, "NSS_WRAPPER_HOSTS": str(file)})


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
