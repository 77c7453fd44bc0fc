"""The ground on which Toxiproxy's API stands (`endpoints.toxiproxy`): the mesh's edges, and the keeper of faults.

Edges are proxies by the name ``orders->payments``, with ``:endpoint`` behind it where a caller has several edges to a
callee. A proxy that is made over the API is an edge from ``outside`` to somewhere out of the system, with the endpoint
`ENDPOINT`; it is gone with the daemon.
"""

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping
from contextlib import suppress

from meshdev.daemon.edges import LOOPBACK, OUTSIDE, Edge
from meshdev.daemon.faults.keeper import PATIENCE, FaultKeeper
from meshdev.daemon.routes import Routes
from meshdev.endpoints.toxiproxy.decoding import ApiError
from meshdev.endpoints.toxiproxy.proxies import Place, port_of, split_upstream
from meshdev.errors import MeshdevError
from meshdev.mesh.fleet import Fleet
from meshdev.topology.model import Endpoint
from meshdev.traffic.faults.reading import Toggle
from meshdev.wire.faults import EdgePattern, FaultSpec, FaultTarget
from meshdev.wire.mesh import EdgeKey, Upstream

ENDPOINT = "toxiproxy"
DESCRIPTION = "a toxic, by Toxiproxy's API"


class ToxicGround:
    """Implements `endpoints.toxiproxy.core.Ground`."""

    def __init__(self, routes: Routes, fleet: Fleet, keeper: FaultKeeper) -> None:
        self._routes = routes
        self._fleet = fleet
        self._keeper = keeper

    # --- what there is ----------------------------------------------------------------------------

    def edges(self) -> Mapping[str, Place]:
        """The system's edges, by the names of their proxies."""
        return {name: self._place(key) for name, key in self._keys().items()}

    def faults(self) -> Collection[str]:
        """The ids of the faults that are on."""
        return self._keeper.acting()

    # --- proxies ----------------------------------------------------------------------------------

    async def open(self, name: str, listen: str, upstream: str) -> str:
        """Listen for a proxy; where it does. Raises ApiError when it cannot."""
        key = self._keys().get(name)
        try:
            if key is not None:
                self._routes.reopen(key)
                port = self._routes.port_of(key)
            else:
                edge = Edge(_key(name), Endpoint(ENDPOINT, "tcp"), port_of(listen) or None, declared=False)
                host, number = split_upstream(upstream)
                port = self._routes.add(edge, Upstream(host, number, upstream))
        except ValueError as error:
            raise ApiError(500, str(error)) from error
        except MeshdevError as error:
            raise ApiError(500, f"listen tcp {listen}: {error.message}") from error
        await self._in_force()
        return f"{LOOPBACK}:{port}"

    async def shut(self, name: str) -> None:
        """Nobody gets in any more, and whoever is in is put out."""
        self._routes.shut(self._key(name))
        await self._in_force()

    async def remove(self, name: str) -> None:
        """The same, and it is forgotten."""
        await self.shut(name)
        self._routes.drop(self._key(name))

    # --- toxics -----------------------------------------------------------------------------------

    async def put(self, name: str, spec: FaultSpec) -> None:
        """This fault acts on a proxy; one with its id is changed. Raises ApiError when there are too many."""
        key = self._key(name)
        target = FaultTarget(edges=(EdgePattern(key.caller, key.callee, key.endpoint),))
        try:
            await self._keeper.put(Toggle(spec.id, target, (spec,), DESCRIPTION))
        except MeshdevError as error:
            raise ApiError(500, error.message) from error

    async def lift(self, faults: Collection[str]) -> None:
        """These faults act no more."""
        await self._keeper.lift(faults)

    # --- parts ------------------------------------------------------------------------------------

    def _keys(self) -> dict[str, EdgeKey]:
        keys = [key for key in self._routes.listening() if key.endpoint != ENDPOINT or key.caller != OUTSIDE]
        pairs = Counter((key.caller, key.callee) for key in keys)
        return {
            f"{key.caller}->{key.callee}"
            + (f":{key.endpoint}" if pairs[key.caller, key.callee] > 1 else ""): key
            for key in keys
        }

    def _key(self, name: str) -> EdgeKey:
        return self._keys().get(name) or _key(name)

    def _place(self, key: EdgeKey) -> Place:
        upstream = next(iter(self._routes.upstreams(key)), None)
        leads_to = f"{upstream.host}:{upstream.port}" if upstream else f"{key.callee}:{key.endpoint}"
        port = self._routes.port_of(key)
        return Place(f"{LOOPBACK}:{port}" if port else "", leads_to, not self._routes.is_shut(key))

    async def _in_force(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._fleet.wait_acked(self._routes.version), PATIENCE)


def _key(name: str) -> EdgeKey:
    """The edge of a proxy that is made here; a ``*`` would mean other edges, too."""
    return EdgeKey(OUTSIDE, name.replace("*", "_"), ENDPOINT)
