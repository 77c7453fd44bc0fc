"""The brokers of a cluster that an edge does not lead to by itself: each gets a listener, whose links are the edge's.

Rules: a listener is made when an answer tells of its broker for the first time, where the caller has reached the edge,
and stays as long as the edge: its port changes only with the worker · it leads to the upstream of that port, where
only one of the edge has it, else to the address that the broker advertises, if that is one of this machine · a caller
in a network of its own cannot be met, and neither can a broker that advertises another name: those keep their address.
"""

import asyncio
import socket
from contextlib import suppress
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

from meshdev.traffic.protocols.kafka.endpoints import Address
from meshdev.wire.mesh import Upstream

if TYPE_CHECKING:
    from asyncio.trsock import TransportSocket
    from collections.abc import Callable, Mapping

    from meshdev.mesh.edge import Edge
    from meshdev.mesh.relay import CallerSide, Start

_BACKLOG: Final = 128
_NETNS_COOKIE: Final = 71  # SO_NETNS_COOKIE, Linux 5.14


class Node:
    """One broker: ``told`` is where it says that it is, ``at`` where callers meet it."""

    __slots__ = ("at", "edge", "told")

    def __init__(self, edge: Address, at: Address, told: Address) -> None:
        self.edge = edge  # where the callers who were told of it have reached the edge
        self.at = at
        self.told = told


class Nodes:
    """The listeners of one edge."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        edge: "Edge",
        start: "Start",
        accept: "Callable[[Node], CallerSide]",
    ) -> None:
        self._loop = loop
        self._edge = edge
        self._start = start
        self._accept = accept
        self._nodes: dict[tuple[Address, int], Node] = {}
        self._servers: list[asyncio.Server] = []
        self._closed = False

    def meet(
        self, edge: Address, number: int, told: Address, cluster: "Mapping[int, Address]"
    ) -> Address | None:
        """Where callers who reach the edge there meet that broker; None where they cannot."""
        if self._closed or self.upstream(told, cluster) is None:
            return None
        node = self._nodes.get((edge, number))
        if node is None:
            try:
                sock = socket.create_server((edge.host, 0), family=_family(edge.host), backlog=_BACKLOG)
            except OSError:
                return None
            at = Address(edge.host, sock.getsockname()[1])
            node = self._nodes[edge, number] = Node(edge, at, told)
            self._start(self._serve(sock, node))
        node.told = told
        return node.at

    def upstream(self, told: Address, cluster: "Mapping[int, Address]") -> Upstream | None:
        """Who is behind an address that a broker of ``cluster`` advertises."""
        upstreams = self._edge.policy.upstreams
        found = [one for one in upstreams if one.port == told.port]
        if len(found) == 1 and sum(at.port == told.port for at in cluster.values()) <= 1:
            return found[0]
        return Upstream(told.host, told.port) if _is_here(told.host) else None

    def close(self) -> None:
        """Nobody is accepted any more; open links end by themselves."""
        self._closed = True
        for server in self._servers:
            server.close()

    async def _serve(self, sock: socket.socket, node: Node) -> None:
        server = await self._loop.create_server(lambda: self._accept(node), sock=sock, backlog=_BACKLOG)
        self._servers.append(server)
        if self._closed:
            server.close()


def in_this_network(sock: "TransportSocket | socket.socket") -> bool:
    """Whether it belongs to the network in which we make our own; where that cannot be said, it does."""
    with suppress(OSError), socket.socket() as ours:
        return _cookie(sock) == _cookie(ours)
    return True


def _cookie(sock: "TransportSocket | socket.socket") -> bytes:
    return sock.getsockopt(socket.SOL_SOCKET, _NETNS_COOKIE, 8)


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _is_here(host: str) -> bool:
    """Whether an address means something here: a number, or this machine by its usual name."""
    if host == "localhost":
        return True
    try:
        return not ip_address(host).is_unspecified
    except ValueError:
        return False
