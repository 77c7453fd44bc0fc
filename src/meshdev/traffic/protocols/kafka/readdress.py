"""Kafka's advertised addresses: a client that bootstraps over an edge shall reach its broker over the edge, too.

A broker tells in its answers (Metadata, FindCoordinator, DescribeCluster) where it can be reached, and clients connect
there: past the edge. So these answers, and no others, are changed on their way: the broker behind the edge gets the
address at which the caller has reached the edge. Which broker is that? The only one; among several the one that
advertises the port of the upstream. The others keep their addresses (`Advertised.others` counts them), and their
traffic is not seen. The lengths of the answers change with the address; everything else stays, byte by byte.
"""

from collections.abc import Callable
from struct import pack, unpack_from
from typing import Final, NamedTuple

from meshdev.traffic.protocols.incoming import Incoming, Reading
from meshdev.traffic.protocols.kafka.apis import DESCRIBE_CLUSTER, FIND_COORDINATOR, METADATA, api_of
from meshdev.traffic.protocols.kafka.fields import MalformedError, Reader, Span, varint
from meshdev.traffic.protocols.kafka.shapes import ANSWERS

MOST_ANSWER: Final = 16 * 1024 * 1024  # a larger one passes as it is
MOST_REMEMBERED: Final = 1024
_CHANGED: Final = frozenset((METADATA, FIND_COORDINATOR, DESCRIBE_CLUSTER))
_REQUEST_HEAD: Final = 8
_ANSWER_HEAD: Final = 8
_NEVER: Final = 1 << 62


class Address(NamedTuple):
    """Where somebody listens."""

    host: str
    port: int


class Advertised:
    """The brokers that an edge's connections were told of: ``ours`` is behind the edge."""

    __slots__ = ("others", "ours")

    def __init__(self) -> None:
        self.ours: int | None = None
        self.others = 0

    def learn(self, brokers: dict[int, int], upstream: int) -> None:
        """All brokers of a cluster (their ports by their numbers), and the port at which ours listens."""
        if len(brokers) == 1:
            self.ours = next(iter(brokers))
        elif brokers:
            self.ours = next((node for node, port in brokers.items() if port == upstream), self.ours)
        self.others = len(brokers) - (self.ours in brokers)


class Readdress:
    """Changes the answers of one connection.

    ``edge`` is where its caller has reached us, ``upstream`` tells the port at which our broker was reached.
    """

    __slots__ = ("_advertised", "_edge", "_held", "_lost", "_pass", "_requests", "_upstream", "_wanted")

    def __init__(self, edge: Address, upstream: Callable[[], int], advertised: Advertised) -> None:
        self._edge = edge
        self._upstream = upstream
        self._advertised = advertised
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
            if key in _CHANGED and version <= api_of(key).known:
                self._wanted[correlation] = (key, version)
            incoming.skip(size + 4)
        self._lost = True  # no Kafka (TLS), or nobody answers: everything passes
        yield _NEVER

    def _change(self, answer: bytes, key: int, version: int) -> bytes:
        api = api_of(key)
        reader = Reader(answer, _ANSWER_HEAD, len(answer), flexible=version >= api.flexible)
        spans: list[Span] = []
        reader.spans = spans
        try:
            reader.tags()
            found = reader.fields(ANSWERS[key], version)
        except MalformedError:
            return answer
        if key == METADATA:
            self._advertised.learn({it["node"]: it["port"] for it in found["brokers"]}, self._upstream())
        return readdressed(answer, spans, self._advertised.ours, self._edge, flexible=reader.flexible)


def readdressed(
    answer: bytes, spans: list[Span], node: int | None, edge: Address, *, flexible: bool
) -> bytes:
    """An answer in which the broker ``node`` has the address of the edge; ``spans`` of what stands where in it."""
    host = edge.host.encode()
    texts = {
        "host": (varint(len(host) + 1) if flexible else pack(">h", len(host))) + host,
        "port": pack(">i", edge.port),
    }
    out: list[bytes] = []
    passed = 4
    here: int | None = None
    for span in spans:
        if span.name == "node":
            here = unpack_from(">i", answer, span.start)[0]
        elif span.name in texts and here is not None and here == node:
            out += (answer[passed : span.start], texts[span.name])
            passed = span.end
    body = b"".join((*out, answer[passed:]))
    return pack(">i", len(body)) + body
