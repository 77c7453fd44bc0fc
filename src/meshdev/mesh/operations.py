"""What is remembered of operations between two telemetry frames: counts and latencies by route, and summaries.

The same as `exchanges`, for what scanners tell (`traffic.protocols.operation`), with the same bounds. An operation that
ends as it begins (a message that nobody answers) has no latency. The beginning of a published message is told for the
last few of each route only.
"""

from collections.abc import Callable, Sequence
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

    def count_messages(self, operation: Operation) -> None:
        """Of the world of events."""
        sent, got = operation.messages_in, operation.messages_out
        self.lag = operation.lag
        self.messages += 1 if sent is None and got is None else (sent or 0) + (got or 0)


class Operations:
    """The operations of one edge since they were last taken.

    ``catch_up`` has everything recorded that has passed already.
    """

    __slots__ = ("_catch_up", "_dropped", "_known", "_protocol", "_recent", "_routes", "statements")

    def __init__(self, protocol: str, catch_up: Callable[[], None] = lambda: None) -> None:
        self._protocol = protocol
        self._catch_up = catch_up
        self._known: set[_Key] = set()
        self._routes: dict[_Key, _Route] = {}
        self._recent: list[tuple[Operation, str, bool]] = []
        self._dropped = 0
        self.statements = Statements() if has_statements(protocol) else None

    @property
    def protocol(self) -> str:
        """What the edge speaks."""
        return self._protocol

    def record(self, done: Sequence[Operation], instance: str) -> None:
        """Remember those that are over; times are `perf_counter`'s."""
        routes, recent, statements = self._routes, self._recent, self.statements
        for operation in done:
            name, target, started, ended, outcome = operation[:5]
            route = routes.get((name, target)) or self._new_route((name, target), operation)
            route.statuses[outcome] += 1
            if ended > started:
                index = bucket(int((ended - started) * 1e6))
                route.latency[index] = route.latency.get(index, 0) + 1
            if statements is not None:
                statements.record(operation)
            if operation.kind:
                route.count_messages(operation)
            if len(recent) >= MOST_RECENT:
                self._dropped += 1
                continue
            told = bool(operation.payload) and route.payloads < MOST_PAYLOADS
            route.payloads += told
            recent.append((operation, instance, told))

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

    def catch_up(self) -> None:
        """Have everything recorded that has passed already."""
        self._catch_up()

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
