"""A connection under faults in simulated time: a script of chunks goes in, what comes out is noted with its time."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import structs

from meshdev.traffic.faults.chain import Chain
from meshdev.traffic.faults.connection import ConnectionFaults
from meshdev.traffic.faults.edge import EdgeFaults
from meshdev.traffic.faults.link import Item
from meshdev.traffic.faults.reading import read_toggle
from meshdev.wire.faults import FaultSpec

Out = list[tuple[float, Item]]
ON = 1000.0


def specs(*tables: Mapping[str, Any], since: float = ON) -> tuple[FaultSpec, ...]:
    """The faults of these toggles' tables, named a, b, …; all on since ``since``."""
    found: list[FaultSpec] = []
    for letter, table in zip("abcdefgh", tables, strict=False):
        toggle = read_toggle(letter, {"edge": "orders -> payments", **table})
        found += [structs.replace(spec, since=since) for spec in toggle.specs]
    return tuple(found)


def edge_faults(*tables: Mapping[str, Any], now: float = ON) -> EdgeFaults:
    """The faults of an edge."""
    edge = EdgeFaults("orders -> payments", "orders")
    edge.adopt(specs(*tables), now)
    return edge


def drain(chain: Chain, until: float) -> Out:
    """Everything that leaves by ``until``, each item at the time at which it was due."""
    out: Out = []
    while (at := chain.deadline()) is not None and at <= until:
        out += [(at, item) for item in chain.advance(at)]
    return out


def run(
    script: Sequence[tuple[float, Item]],
    *tables: Mapping[str, Any],
    until: float = 300.0,
    upstream: bool = False,
) -> Out:
    """What comes out when ``script`` (seconds from the connection's opening) goes through; times likewise."""
    edge = edge_faults(*tables)
    connection = ConnectionFaults(ON)
    connection.sync(edge, ON)
    chain = connection.upstream if upstream else connection.downstream
    out: Out = []
    for at, item in script:
        out += drain(chain, ON + at)
        if isinstance(item, bytes):
            chain.write(item, ON + at)
        else:
            chain.end(item, ON + at)
    out += drain(chain, ON + until)
    return [(round(at - ON, 6), item) for at, item in out]
