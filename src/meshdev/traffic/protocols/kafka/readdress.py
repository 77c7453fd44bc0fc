"""Kafka's advertised addresses: a client that bootstraps over an edge shall reach its brokers over the edge, too.

A broker tells in its answers where the brokers of its cluster can be reached, and clients connect there: past the edge.
So these answers, and no others, are changed on their way: Metadata, FindCoordinator, DescribeCluster; and where there
are several brokers the NodeEndpoints of Produce and Fetch, which say who leads a partition now. The broker behind the
edge gets the address at which the caller has reached the edge. Which broker is that? The only one; among several the
one that advertises the port of the upstream. For each other one somebody is asked where it is met (`Where`); who is met
nowhere keeps its address (`Advertised.others` counts them), and its traffic is not seen. The lengths of the answers
change with the addresses; everything else stays, byte by byte.
"""

from collections.abc import Callable
from struct import pack, unpack_from
from typing import Any, Final

from meshdev.traffic.protocols.incoming import Incoming, Reading
from meshdev.traffic.protocols.kafka.apis import (
    DESCRIBE_CLUSTER,
    FETCH,
    FIND_COORDINATOR,
    METADATA,
    PRODUCE,
    api_of,
)
from meshdev.traffic.protocols.kafka.endpoints import Address, Where, with_endpoints
from meshdev.traffic.protocols.kafka.fields import MalformedError, Reader, Span, varint
from meshdev.traffic.protocols.kafka.shapes import ANSWERS

MOST_ANSWER: Final = 16 * 1024 * 1024  # a larger one passes as it is
MOST_REMEMBERED: Final = 1024
_CHANGED: Final = frozenset((METADATA, FIND_COORDINATOR, DESCRIBE_CLUSTER))
_WITH_ENDPOINTS: Final = {PRODUCE: 10, FETCH: 16}
_REQUEST_HEAD: Final = 8
_ANSWER_HEAD: Final = 8
_NEVER: Final = 1 << 62


def _nowhere(_node: int, _told: Address) -> None:
    """It keeps its address."""


class Advertised:
    """The brokers that an edge's connections were told of: ``ours`` is behind it, ``past`` are reached past it."""

    __slots__ = ("nodes", "ours", "past")

    def __init__(self) -> None:
        self.nodes: dict[int, Address] = {}
        self.ours: int | None = None
        self.past: set[int] = set()

    @property
    def others(self) -> int:
        """How many are reached past the edge."""
        return len(self.past)

    def learn(self, brokers: dict[int, Address], upstream: int) -> None:
        """All brokers of a cluster, and the port at which ours listens; 0 when any of them may be behind the edge."""
        if not brokers:
            return
        self.nodes = brokers
        self.past &= brokers.keys()
        if len(brokers) == 1:
            self.ours = next(iter(brokers))
        elif not upstream:
            self.ours = None
        else:
            self.ours = next((node for node, at in brokers.items() if at.port == upstream), self.ours)


class Readdress:
    """Changes the answers of one connection.

    ``edge`` is where its caller reaches the edge, ``upstream`` tells the port at which our broker is reached.
    """

    __slots__ = (
        "_advertised",
        "_edge",
        "_held",
        "_lost",
        "_meet",
        "_pass",
        "_requests",
        "_upstream",
        "_wanted",
    )

    def __init__(
        self, edge: Address, upstream: Callable[[], int], advertised: Advertised, meet: Where = _nowhere
    ) -> None:
        self._edge = edge
        self._upstream = upstream
        self._advertised = advertised
        self._meet = meet
        self._wanted: dict[int, tuple[int, int]] = {}  # number and version of a request by correlation id
        self._lost = False
        self._held = b""
        self._pass = 0
        self._requests = Incoming(self._read)

    def asked(self, data: bytes) -> None:
        """The caller says this; it passes as it is."""
        if not self._lost:
            self._requests.put(data)

    def answered(self, data: bytes) -> bytes:
        """What to pass on of what the callee says; an answer that will be changed is held until it is whole."""
        if self._held:
            data, self._held = self._held + data, b""
        if self._lost:
            return data
        out: list[bytes] = []
        at = 0
        while at < len(data):
            if self._pass:
                step = min(self._pass, len(data) - at)
                out.append(data[at : at + step])
                self._pass -= step
                at += step
                continue
            if len(data) - at < _ANSWER_HEAD:
                break
            size, correlation = unpack_from(">ii", data, at)
            wanted = self._wanted.get(correlation)
            if wanted is None or not 0 < size <= MOST_ANSWER:
                self._wanted.pop(correlation, None)
                self._pass = max(size, 4) + 4
                continue
            if len(data) - at < size + 4:
                break
            del self._wanted[correlation]
            out.append(self._change(data[at : at + size + 4], *wanted))
            at += size + 4
        self._held = data[at:]
        return b"".join(out)

    def rest(self) -> bytes:
        """What is held of an answer whose end will not come."""
        held, self._held = self._held, b""
        return held

    def _read(self, incoming: Incoming) -> Reading:
        """Follow the requests for those whose answers will be changed."""
        while len(self._wanted) <= MOST_REMEMBERED:
            yield 4 + _REQUEST_HEAD
            size, key, version, correlation = unpack_from(">ihhi", incoming.data, incoming.at)
            if size < _REQUEST_HEAD or key < 0:
                break
            if (key in _CHANGED or self._tells(key, version)) and version <= api_of(key).known:
                self._wanted[correlation] = (key, version)
            incoming.skip(size + 4)
        self._lost = True  # no Kafka (TLS), or nobody answers: everything passes
        yield _NEVER

    def _tells(self, key: int, version: int) -> bool:
        """Whether the answer may tell who leads a partition now, and where that is."""
        return len(self._advertised.nodes) > 1 and version >= _WITH_ENDPOINTS.get(key, _NEVER)

    def _change(self, answer: bytes, key: int, version: int) -> bytes:
        try:
            if key in _WITH_ENDPOINTS:
                return with_endpoints(answer, key, version, self._where)
            reader = Reader(answer, _ANSWER_HEAD, len(answer), flexible=version >= api_of(key).flexible)
            spans: list[Span] = []
            reader.spans = spans
            reader.tags()
            found = reader.fields(ANSWERS[key], version)
        except MalformedError:
            return answer
        if key == METADATA:
            nodes = {it["node"]: Address(it["host"], it["port"]) for it in found["brokers"]}
            self._advertised.learn(nodes, self._upstream())
        places = {node: self._where(node, told) for node, told in _told(found)}
        return readdressed(answer, spans, places, flexible=reader.flexible)

    def _where(self, node: int, told: Address) -> Address | None:
        """Where a broker shall be found; None if where it says."""
        advertised = self._advertised
        if node == advertised.ours:
            return self._edge
        if node not in advertised.nodes:
            return None
        met = self._meet(node, told)
        (advertised.past.discard if met else advertised.past.add)(node)
        return met


def _told(found: dict[str, Any]) -> list[tuple[int, Address]]:
    """The brokers of an answer."""
    several = found.get("brokers") or ([found] if "node" in found else [])
    return [(it["node"], Address(it["host"], it["port"])) for it in several]


def readdressed(
    answer: bytes, spans: list[Span], places: dict[int, Address | None], *, flexible: bool
) -> bytes:
    """An answer in which brokers have these addresses; ``spans`` of what stands where in it."""
    out: list[bytes] = []
    passed = 4
    place: Address | None = None
    for span in spans:
        if span.name == "node":
            place = places.get(unpack_from(">i", answer, span.start)[0])
        elif place is not None and span.name in {"host", "port"}:
            text = _host(place, flexible=flexible) if span.name == "host" else pack(">i", place.port)
            out += (answer[passed : span.start], text)
            passed = span.end
    body = b"".join((*out, answer[passed:]))
    return pack(">i", len(body)) + body


def _host(address: Address, *, flexible: bool) -> bytes:
    host = address.host.encode()
    return (varint(len(host) + 1) if flexible else pack(">h", len(host))) + host
