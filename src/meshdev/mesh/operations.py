"""What is remembered of operations between two telemetry frames: counts and latencies by route, and summaries.

The same as `exchanges`, for what scanners tell (`traffic.protocols.operation`), with the same bounds. An operation that
ends as it begins (a message that nobody answers) has no latency. The beginning of a published message is told for the
last few of each route only.
"""

from typing import Final

from meshdev.mesh.exchanges import MOST_RECENT, MOST_ROUTES, OTHER
from meshdev.mesh.statements import Statements
from meshdev.telemetry.histogram import bucket
from meshdev.traffic.protocols.operation import Operation
from meshdev.traffic.protocols.table import has_statements
from meshdev.wire.mesh import Exchange, RouteCounters

MOST_PAYLOADS: Final = 3  # of each route between two frames
_CLASSES: Final = 6

_Key = tuple[str, str]


class _Route:
    """One route's counts since they were last taken."""

    __slots__ = ("kind", "lag", "latency", "messages", "name", "payloads", "statuses")

    def __init__(self, name: str, kind: str) -> None:
        self.name = name
        self.kind = kind
        self.statuses = [0] * _CLASSES
        self.latency: dict[int, int] = {}
        self.messages = 0
        self.payloads = 0
        self.lag: int | None = None


class Operations:
    """The operations of one edge since they were last taken."""

    __slots__ = ("_dropped", "_known", "_protocol", "_recent", "_routes", "statements")

    def __init__(self, protocol: str) -> None:
        self._protocol = protocol
        self._known: set[_Key] = set()
        self._routes: dict[_Key, _Route] = {}
        self._recent: list[tuple[Operation, str, bool]] = []
        self._dropped = 0
        self.statements = Statements() if has_statements(protocol) else None

    @property
    def protocol(self) -> str:
        """What the edge speaks."""
        return self._protocol

    def record(self, operation: Operation, instance: str) -> None:
        """Remember one that is over; times are `perf_counter`'s."""
        key = (operation.name, operation.target)
        route = self._routes.get(key) or self._new_route(key, operation)
        route.statuses[operation.outcome] += 1
        if operation.ended > operation.started:
            index = bucket(int((operation.ended - operation.started) * 1e6))
            route.latency[index] = route.latency.get(index, 0) + 1
        if self.statements is not None:
            self.statements.record(operation)
        if operation.kind:
            sent, got = operation.messages_in, operation.messages_out
            route.lag = operation.lag
            route.messages += 1 if sent is None and got is None else (sent or 0) + (got or 0)
        if len(self._recent) >= MOST_RECENT:
            self._dropped += 1
            return
        told = bool(operation.payload) and route.payloads < MOST_PAYLOADS
        route.payloads += told
        self._recent.append((operation, instance, told))

    def _new_route(self, key: _Key, operation: Operation) -> _Route:
        if key not in self._known:
            if len(self._known) >= MOST_ROUTES:
                key = (OTHER, "")
            self._known.add(key)
        route = self._routes.get(key)
        if route is None:
            name = OTHER if key[0] == OTHER else operation.route
            route = self._routes[key] = _Route(name, operation.kind)
        return route

    def take(self, edge: int) -> tuple[tuple[RouteCounters, ...], tuple[Exchange, ...], int]:
        """Counts by route, summaries, and how many summaries were dropped; then begin anew."""
        routes = tuple(
            RouteCounters(
                route.name, tuple(route.statuses), route.latency, 0, route.kind, route.messages, route.lag
            )
            for route in self._routes.values()
        )
        recent = tuple(
            Exchange(
                edge=edge,
                started=operation.started,
                microseconds=int((operation.ended - operation.started) * 1e6),
                method=operation.name,
                target=operation.target,
                status=int(operation.outcome) * 100,
                bytes_in=operation.bytes_in,
                bytes_out=operation.bytes_out,
                instance=instance,
                trace=operation.trace,
                parent=operation.parent,
                messages_in=operation.messages_in,
                messages_out=operation.messages_out,
                protocol=self._protocol,
                code=operation.code,
                detail=operation.detail,
                kind=operation.kind,
                faults=operation.faults,
                by=operation.by,
                payload=operation.payload if told else b"",
            )
            for operation, instance, told in self._recent
        )
        dropped = self._dropped
        self._routes = {}
        self._recent = []
        self._dropped = 0
        return routes, recent, dropped
