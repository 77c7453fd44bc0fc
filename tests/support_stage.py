"""One direction of a connection whose messages faults act on, in simulated time."""

from collections.abc import Mapping
from typing import Any

from meshdev.traffic.faults.connection import ConnectionFaults
from meshdev.traffic.faults.link import Item
from meshdev.traffic.protocols.cutting import Cutter
from support_faults import ON, drain, edge_faults, specs
from support_messages import Notes

Left = list[tuple[float, bytes]]
PING = b"-\n"


class Run:
    """One direction of a connection whose messages faults act on."""

    def __init__(
        self, *tables: Mapping[str, Any], cutter: Cutter | None = None, upstream: bool = True
    ) -> None:
        self.edge = edge_faults(*tables)
        self.connection = ConnectionFaults(ON - 1, lambda _: cutter or Cutter(Notes()))
        self.connection.sync(self.edge, ON)
        self.chain = self.connection.upstream if upstream else self.connection.downstream
        self.left: list[tuple[float, Item]] = []

    def say(self, at: float, *items: Item) -> "Run":
        """These arrive at ``at``."""
        self.left += drain(self.chain, ON + at)
        for item in items:
            if isinstance(item, bytes):
                self.chain.write(item, ON + at)
            else:
                self.chain.end(item, ON + at)
        self.left += drain(self.chain, ON + at)
        return self

    def switch(self, at: float, *tables: Mapping[str, Any]) -> "Run":
        """Exactly these faults are on from now on."""
        self.left += drain(self.chain, ON + at)
        self.edge.adopt(specs(*tables), ON + at)
        self.connection.sync(self.edge, ON + at)
        self.left += [(ON + at, item) for item in self.chain.advance(ON + at)]
        return self

    def idle(self) -> bool:
        """Whether bytes may pass without any of it."""
        return self.connection.idle

    def until(self, at: float = 1000.0) -> list[tuple[float, Item]]:
        """Everything that has left by then."""
        self.left += drain(self.chain, ON + at)
        return [(round(at - ON, 6), item) for at, item in self.left]

    def items(self) -> list[Item]:
        """The same without times."""
        return [item for _, item in self.until()]
