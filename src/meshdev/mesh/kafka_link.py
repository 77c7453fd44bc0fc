"""Links to a broker of Kafka: read along, and what the broker tells of its address is changed to the edge's.

Only on edges that are declared as Kafka's; a guess changes no bytes. The rules are those of
`traffic.protocols.kafka.readdress`; where an edge's cluster has brokers that it does not lead to, a person is told.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, cast

from meshdev.mesh.relay import CallerSide, Start
from meshdev.mesh.scanned_link import ScannedCallee, ScannedCaller, ScannedLink, ScannedRelay
from meshdev.traffic.protocols.kafka.readdress import Address, Advertised, Readdress

if TYPE_CHECKING:
    import asyncio

    from meshdev.mesh.edge import Edge

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
        cast("KafkaRelay", link.relay).warn()

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
    """A link whose caller shall find its broker at the edge."""

    __slots__ = ("readdress",)

    caller_side = KafkaCaller
    callee_side = KafkaCallee

    def __init__(self, relay: "KafkaRelay") -> None:
        super().__init__(relay)
        self.reached_at(_NOWHERE)

    def reached_at(self, address: tuple[str, int]) -> None:
        """Where the caller has reached us."""
        relay = cast("KafkaRelay", self.relay)
        self.readdress = Readdress(Address(address[0], address[1]), self._upstream_port, relay.advertised)

    def _upstream_port(self) -> int:
        return self.upstream.port if self.upstream is not None else 0


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

    def accept(self) -> CallerSide:
        """The protocol for one accepted connection."""
        return KafkaLink(self).caller

    def warn(self) -> None:
        """Tell once that there are brokers which are reached past this edge."""
        if self.advertised.others:
            self.complain_once(
                f"the cluster has {self.advertised.others} more brokers, which callers reach past this edge: "
                "what passes there is not seen"
            )
