"""What each call of the API does, over a `Ground` that has the sockets and the faults. Sans-IO.

Rules: one call after the other · what is told is what acts: a call returns when its change is in force · an edge's
address and upstream are the topology's, so wishes for others are ignored; deleting it takes its toxics and hides it
until it is made again by its name, or `reset` · a toxic whose fault was ended elsewhere (``meshdev fault rm``) is gone
· an update keeps a toxic's place in the order, and whom it hits.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping
from typing import Final, Protocol

from meshdev.endpoints.toxiproxy.decoding import ApiError, Fields, decode, decode_list
from meshdev.endpoints.toxiproxy.proxies import Place, Proxy, same_listen
from meshdev.endpoints.toxiproxy.toxics import TYPES, Toxic
from meshdev.traffic.faults.kinds import Direction
from meshdev.wire.faults import FaultSpec

PROXY_NOT_FOUND: Final = (404, "proxy not found")
TOXIC_NOT_FOUND: Final = (404, "toxic not found")
PROXY_EXISTS: Final = (409, "proxy already exists")
TOXIC_EXISTS: Final = (409, "toxic already exists")
INVALID_STREAM: Final = (400, "stream was invalid, can be either upstream or downstream")
INVALID_TYPE: Final = (400, "invalid toxic type")

View = dict[str, object]


class Ground(Protocol):
    """What the API needs of the daemon. Methods raise ApiError for what cannot be."""

    def edges(self) -> Mapping[str, Place]:
        """The system's edges, by the names of their proxies."""
        ...

    def faults(self) -> Collection[str]:
        """The ids of the faults that are on."""
        ...

    async def open(self, name: str, listen: str, upstream: str) -> str:
        """Listen for a proxy; where it does. An edge of the system listens where it always does."""
        ...

    async def shut(self, name: str) -> None:
        """Nobody gets in any more, and whoever is in is put out."""
        ...

    async def remove(self, name: str) -> None:
        """The same, and a proxy that was made here is forgotten."""
        ...

    async def put(self, name: str, spec: FaultSpec) -> None:
        """This fault acts on a proxy; one with its id is changed."""
        ...

    async def lift(self, faults: Collection[str]) -> None:
        """These faults act no more."""
        ...


class Toxiproxy:
    """See the module."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._proxies: dict[str, Proxy] = {}
        self.turn = asyncio.Lock()
        """Held by whoever calls, from the first look to the last change."""

    # --- proxies ----------------------------------------------------------------------------------

    async def index(self) -> View:
        """All proxies by name."""
        await self._refresh()
        return {name: proxy.view() for name, proxy in self._proxies.items() if not proxy.hidden}

    async def create(self, body: bytes) -> View:
        """A new proxy."""
        fields = Fields(decode(body))
        wanted = _proxy(fields, enabled=fields.flag("enabled", default=True))
        for name, value in (("name", wanted.name), ("upstream", wanted.upstream)):
            if not value:
                raise ApiError(400, f"missing required field: {name}")
        await self._refresh()
        known = self._proxies.get(wanted.name)
        if known is not None and not known.hidden:
            raise ApiError(*PROXY_EXISTS)
        return (await self._add(wanted)).view()

    async def show(self, name: str) -> View:
        """One proxy."""
        return (await self._proxy(name)).view()

    async def update(self, name: str, body: bytes) -> View:
        """Change a proxy; what is not named stays. Another address or upstream restarts it, with its toxics."""
        proxy = await self._proxy(name)
        fields = Fields(decode(body))
        listen, upstream = fields.text("listen", proxy.listen), fields.text("upstream", proxy.upstream)
        enabled = fields.flag("enabled", default=proxy.enabled)
        differs = not same_listen(listen, proxy.listen) or upstream != proxy.upstream
        if differs and not proxy.is_edge:
            await self._shut(proxy)
            proxy.listen, proxy.upstream = listen, upstream
        if enabled and not proxy.enabled:
            await self._open(proxy)
        elif proxy.enabled and not enabled:
            await self._shut(proxy)
        return proxy.view()

    async def delete(self, name: str) -> None:
        """A proxy less; its clients are put out."""
        proxy = await self._proxy(name)
        await self._lift(proxy)
        if proxy.is_edge:
            proxy.hidden = True
            if not proxy.enabled:
                await self._open(proxy)
            return
        await self._ground.remove(name)
        del self._proxies[name]

    async def populate(self, body: bytes) -> tuple[View, int]:
        """Have these proxies; those that are the same already are left alone. The answer, and its status."""
        wanted: list[Proxy] = []
        entries = decode_list(body)
        for number, fields in enumerate(entries, 1):
            proxy = _proxy(fields, enabled=fields.flag("enabled", default=True))
            wanted.append(proxy)
            for name, value in (("name", proxy.name), ("upstream", proxy.upstream)):
                if not value:
                    raise ApiError(400, f"missing required field: {name} at proxy {number}")
        await self._refresh()
        views: list[View] = []
        try:
            for proxy in wanted:
                views.append((await self._add_or_replace(proxy)).view())  # noqa: PERF401 - what was done is told
        except ApiError as error:
            return {"error": error.message, "status": error.status, "proxies": views}, error.status
        return {"proxies": views}, 201

    async def reset(self) -> None:
        """Every proxy is enabled, no toxic is left, and edges that were deleted are back."""
        await self._refresh()
        for proxy in self._proxies.values():
            proxy.hidden = False
            if not proxy.enabled:
                await self._open(proxy)
            await self._lift(proxy)

    # --- toxics -----------------------------------------------------------------------------------

    async def toxics(self, name: str) -> list[View]:
        """A proxy's toxics."""
        return (await self._proxy(name)).toxic_views()

    async def add_toxic(self, name: str, body: bytes) -> View:
        """A new toxic, behind the others of its stream."""
        proxy = await self._proxy(name)
        fields = Fields(decode(body))
        type_, stream = fields.text("type", ""), fields.text("stream", "downstream")
        wanted, toxicity = fields.text("name", ""), fields.number("toxicity", 1.0)
        if stream.lower() not in (Direction.UPSTREAM, Direction.DOWNSTREAM):
            raise ApiError(*INVALID_STREAM)
        direction = Direction(stream.lower())
        wanted = wanted or f"{type_}_{stream}"
        if type_ not in TYPES:
            raise ApiError(*INVALID_TYPE)
        if proxy.toxic(wanted) is not None:
            raise ApiError(*TOXIC_EXISTS)
        attributes = _attributes(type_, fields, {})
        fault = _free(f"{name}.{wanted}", self._taken())
        toxic = Toxic(wanted, type_, direction, toxicity, attributes, fault)
        await self._ground.put(name, toxic.spec)
        proxy.toxics.append(toxic)
        return toxic.view()

    async def toxic(self, name: str, toxic: str) -> View:
        """One toxic."""
        return self._toxic(await self._proxy(name), toxic).view()

    async def update_toxic(self, name: str, toxic: str, body: bytes) -> View:
        """Change its attributes and toxicity; what is not named stays."""
        found = self._toxic(await self._proxy(name), toxic)
        fields = Fields(decode(body))
        toxicity = fields.number("toxicity", found.toxicity)
        attributes = _attributes(found.type, fields, found.attributes)
        found.toxicity, found.attributes = toxicity, attributes
        await self._ground.put(name, found.spec)
        return found.view()

    async def remove_toxic(self, name: str, toxic: str) -> None:
        """A toxic less."""
        proxy = await self._proxy(name)
        found = self._toxic(proxy, toxic)
        await self._ground.lift([found.fault])
        proxy.toxics.remove(found)

    # --- parts ------------------------------------------------------------------------------------

    async def _refresh(self) -> None:
        """Have what the daemon has by now."""
        edges, faults = self._ground.edges(), self._ground.faults()
        for name, place in edges.items():
            proxy = self._proxies.get(name)
            if proxy is None:
                proxy = self._proxies[name] = Proxy(name, "", "", is_edge=True)
            if proxy.is_edge:
                proxy.listen, proxy.upstream, proxy.enabled = place.listen, place.upstream, place.enabled
        gone = [one for one in self._proxies.values() if one.is_edge and one.name not in edges]
        for proxy in gone:
            await self._lift(proxy)
            del self._proxies[proxy.name]
        for proxy in self._proxies.values():
            proxy.toxics = [toxic for toxic in proxy.toxics if toxic.fault in faults]

    async def _proxy(self, name: str) -> Proxy:
        await self._refresh()
        proxy = self._proxies.get(name)
        if proxy is None or proxy.hidden:
            raise ApiError(*PROXY_NOT_FOUND)
        return proxy

    def _toxic(self, proxy: Proxy, name: str) -> Toxic:
        toxic = proxy.toxic(name)
        if toxic is None:
            raise ApiError(*TOXIC_NOT_FOUND)
        return toxic

    async def _add(self, wanted: Proxy) -> Proxy:
        """A proxy that is not there, or is hidden."""
        proxy = self._proxies.get(wanted.name)
        if proxy is None:
            proxy = wanted
            enabled, proxy.enabled = wanted.enabled, False
            if enabled:
                await self._open(proxy)
            self._proxies[proxy.name] = proxy
            return proxy
        proxy.hidden = False
        if proxy.enabled and not wanted.enabled:
            await self._shut(proxy)
        return proxy

    async def _add_or_replace(self, wanted: Proxy) -> Proxy:
        known = self._proxies.get(wanted.name)
        if known is None or known.hidden:
            return await self._add(wanted)
        same = same_listen(wanted.listen, known.listen) and wanted.upstream == known.upstream
        if same or known.is_edge:
            return known
        await self._lift(known)
        await self._ground.remove(known.name)
        del self._proxies[known.name]
        return await self._add(wanted)

    async def _open(self, proxy: Proxy) -> None:
        proxy.listen = await self._ground.open(proxy.name, proxy.listen, proxy.upstream)
        proxy.enabled = True

    async def _shut(self, proxy: Proxy) -> None:
        if proxy.enabled:
            await self._ground.shut(proxy.name)
            proxy.enabled = False

    async def _lift(self, proxy: Proxy) -> None:
        toxics, proxy.toxics = proxy.toxics, []
        if toxics:
            await self._ground.lift([toxic.fault for toxic in toxics])

    def _taken(self) -> Callable[[str], bool]:
        known = {toxic.fault for proxy in self._proxies.values() for toxic in proxy.toxics}
        return {*known, *self._ground.faults()}.__contains__


def _proxy(fields: Fields, *, enabled: bool) -> Proxy:
    return Proxy(fields.text("name", ""), fields.text("listen", ""), fields.text("upstream", ""), enabled)


def _attributes(type_: str, fields: Fields, before: Mapping[str, int]) -> dict[str, int]:
    given = fields.table("attributes")
    return {name: given.whole(name, before.get(name, 0)) for name in TYPES[type_].attributes}


def _free(wanted: str, taken: Callable[[str], bool]) -> str:
    """An id for a fault: one that can stand in a path and in a key (``id/kind``)."""
    name = "".join(it if it.isprintable() and it not in "/ " else "_" for it in wanted)
    number = 1
    found = name
    while taken(found):
        number += 1
        found = f"{name}~{number}"
    return found
