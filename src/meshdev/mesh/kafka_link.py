"""Links to a broker of Kafka: read along, and what brokers tell of their addresses is changed to the edge's.

Only on edges that are declared as Kafka's; a guess changes no bytes. The rules are those of
`traffic.protocols.kafka.readdress` and, for the further brokers of a cluster, of `kafka_nodes`; where there are some
that cannot be met, a person is told.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, cast

from meshdev.mesh.edge import UnconnectedError
from meshdev.mesh.relay import CallerSide, Start
from meshdev.mesh.scanned_link import ScannedCallee, ScannedCaller, ScannedLink, ScannedRelay
from meshdev.traffic.protocols.kafka.endpoints import Address
from meshdev.traffic.protocols.kafka.readdress import Advertised, Readdress
from meshdev.wire.mesh import EdgeError, Upstream

if TYPE_CHECKING:
    import asyncio
    from asyncio.trsock import TransportSocket

    from meshdev.mesh.edge import Edge
    from meshdev.mesh.kafka_nodes import Node, Nodes
    from meshdev.mesh.relay import Link

_NOWHERE: Final = ("127.0.0.1", 0)


class KafkaCaller(ScannedCaller):
    """The caller's end."""

    __slots__ = ()

    def connection_made(self, transport: "asyncio.BaseTransport") -> None:
        """A call begins; where it reached us is where its broker shall be."""
        cast("KafkaLink", self.link).reached_at(transport.get_extra_info("sockname") or _NOWHERE)
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Note what is asked."""
        cast("KafkaLink", self.link).readdress.asked(data)
        super().data_received(data)


class KafkaCallee(ScannedCallee):
    """The callee's end."""

    __slots__ = ()

    def data_received(self, data: bytes) -> None:
        """Change what is to be changed, and pass it on."""
        link = cast("KafkaLink", self.link)
        data = link.readdress.answered(data)
        if data:
            super().data_received(data)
        link.relay.warn()

    def eof_received(self) -> bool:
        """What is held of an answer that ends here passes as it is."""
        self._let_go()
        return super().eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """The same."""
        self._let_go()
        super().connection_lost(exc)

    def _let_go(self) -> None:
        rest = cast("KafkaLink", self.link).readdress.rest()
        if rest and self.peer is not None and not self.peer.is_closing():
            super().data_received(rest)


class KafkaLink(ScannedLink):
    """A link whose caller shall find its brokers at the edge; with a ``node`` it leads to that one."""

    __slots__ = ("_edge_at", "node", "readdress")

    relay: "KafkaRelay"

    caller_side = KafkaCaller
    callee_side = KafkaCallee

    def __init__(self, relay: "KafkaRelay", node: "Node | None" = None) -> None:
        super().__init__(relay)
        self.node = node
        self.reached_at(_NOWHERE)

    def reached_at(self, address: tuple[str, int]) -> None:
        """Where the caller has reached us."""
        self._edge_at = self.node.edge if self.node is not None else Address(address[0], address[1])
        self.readdress = Readdress(self._edge_at, self._upstream_port, self.relay.advertised, self._meet)

    def _upstream_port(self) -> int:
        """Of the only upstream, which is behind the edge; 0 if there are several."""
        upstreams = self.edge.policy.upstreams
        if len(upstreams) > 1:
            return 0
        if self.node is None and self.upstream is not None:
            return self.upstream.port
        return upstreams[0].port if upstreams else 0

    def _meet(self, node: int, told: Address) -> Address | None:
        transport = self.caller.transport
        sock = transport.get_extra_info("socket") if transport is not None else None
        return self.relay.meet(self._edge_at, node, told, sock)

    async def _reach(self) -> None:
        if self.node is None:
            await super()._reach()
            return
        upstream = self.relay.upstream_of(self.node)
        if upstream is None:
            raise UnconnectedError(EdgeError.NO_UPSTREAM)
        await self.edge.connect_to(upstream, self._callee_side, self.alpn)


class KafkaRelay(ScannedRelay):
    """The relay of an edge to Kafka."""

    def __init__(
        self,
        loop: "asyncio.AbstractEventLoop",
        edge: "Edge",
        start: Start,
        trouble: Callable[[str, int], None],
    ) -> None:
        super().__init__(loop, edge, start, trouble)
        self.advertised = Advertised()
        self._nodes: Nodes | None = None  # from the first cluster with several brokers on

    def accept(self) -> CallerSide:
        """The protocol for one accepted connection."""
        return KafkaLink(self).caller

    def close(self) -> None:
        """Nothing is accepted any more, at no broker."""
        super().close()
        if self._nodes is not None:
            self._nodes.close()

    def meet(self, edge: Address, node: int, told: Address, sock: object) -> Address | None:
        """Where a caller who reaches the edge there, by ``sock``, meets another broker of its cluster."""
        from meshdev.mesh.kafka_nodes import Nodes, in_this_network  # noqa: PLC0415 - few clusters have several

        if sock is None or not in_this_network(cast("TransportSocket", sock)):
            return None
        if self._nodes is None:
            self._nodes = Nodes(self.loop, self.edge, self.start, lambda it: KafkaLink(self, it).caller)
        return self._nodes.meet(edge, node, told, self.advertised.nodes)

    def upstream_of(self, node: "Node") -> Upstream | None:
        """Who is behind a broker's listener now."""
        return self._nodes.upstream(node.told, self.advertised.nodes) if self._nodes is not None else None

    def warn(self) -> None:
        """Tell once that there are brokers which are reached past this edge."""
        if self.advertised.past:
            self.complain_once(
                f"the cluster has {self.advertised.others} more brokers, which callers reach past this edge: "
                "what passes there is not seen"
            )

    def _leaving(self) -> "filter[Link]":
        """A broker that is no upstream of the policy leaves with it only if it was one."""
        return filter(self._is_of_the_edge, super()._leaving())

    def _is_of_the_edge(self, link: "Link") -> bool:
        node = cast("KafkaLink", link).node
        return node is None or link.upstream != Upstream(*node.told)
