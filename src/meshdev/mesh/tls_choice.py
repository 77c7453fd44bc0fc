"""What callers by TLS are offered (ALPN): what the callee itself chooses.

It is asked once for each incarnation, over a connection that serves for nothing else, before the first caller's
handshake. What is declared as gRPC or HTTP/2 needs no asking; what speaks plain, or runs elsewhere, is spoken to in
HTTP/1.
"""

import asyncio
from typing import Final

from meshdev.mesh.edge import HTTP1, Edge, UnconnectedError
from meshdev.mesh.relay import Start
from meshdev.wire.mesh import EdgeError, Upstream

H2: Final = ("h2",)
EITHER: Final = ("h2", *HTTP1)
_SPOKEN_AS_H2: Final = frozenset({"grpc", "http2"})
_HELD_TOO_LONG: Final = frozenset({EdgeError.HOLD_TIMEOUT, EdgeError.HOLD_OVERFLOW})


class Choice:
    """That of one edge's callees; ``unasked`` is why none could be asked the last time."""

    def __init__(self, edge: Edge, start: Start) -> None:
        self.edge = edge
        self.unasked: EdgeError | None = None
        self._start = start
        self._chosen: dict[Upstream, tuple[str, ...]] = {}
        self._asking: asyncio.Task[None] | None = None

    async def offered(self) -> tuple[str, ...] | None:
        """What callers are offered by ALPN; None when no callee came in the time for which the edge holds."""
        policy = self.edge.policy
        if policy.protocol in _SPOKEN_AS_H2:
            return H2
        if policy.protocol != "http":
            return ()
        known = self._known()
        if known is None:
            if self._asking is None:
                self._asking = self._start(self._ask())
            await asyncio.shield(self._asking)
            known = self._known()
        if known is None:
            return None if self.unasked in _HELD_TOO_LONG else HTTP1
        return known

    def _known(self) -> tuple[str, ...] | None:
        for upstream in self.edge.policy.upstreams:
            if not upstream.by_tls or upstream.remote is not None:
                return HTTP1
            if upstream in self._chosen:
                return self._chosen[upstream]
        return None

    async def _ask(self) -> None:
        self.unasked = None
        try:
            asked = await self.edge.connect(_Asked, alpn=EITHER)
        except UnconnectedError as error:
            self.unasked = error.kind
        else:
            current = self.edge.policy.upstreams
            self._chosen = {one: chosen for one, chosen in self._chosen.items() if one in current}
            self._chosen[asked.upstream] = EITHER if asked.chosen == "h2" else HTTP1
        finally:
            self._asking = None


class _Asked(asyncio.Protocol):
    """A connection that is made to see what the callee chooses, and nothing else."""

    __slots__ = ("chosen", "upstream")

    def __init__(self, upstream: Upstream) -> None:
        self.upstream = upstream
        self.chosen: str | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It has chosen."""
        secure = transport.get_extra_info("ssl_object")
        self.chosen = secure.selected_alpn_protocol() if secure is not None else None
        transport.close()
