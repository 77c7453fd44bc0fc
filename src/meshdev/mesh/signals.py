"""What the edges carried, summed up on the daemon's side from what the workers tell.

Sums only ever grow, whichever worker they came from; gauges (`active`, `held`, `in_flight`) are as of the last frame.
"""

from dataclasses import dataclass, field

from meshdev.telemetry.histogram import Histogram
from meshdev.wire.mesh import EdgeCounters, RouteCounters

STATUS_CLASSES = 6


@dataclass(slots=True)
class RouteSignals:
    """Exchanges of one method and guessed route; ``statuses`` counts by first digit, the first is "no answer".

    ``broken`` counts those that failed although their status does not say so (`wire.mesh.RouteCounters`); ``kind``,
    ``messages`` and ``lag`` are of events.
    """

    statuses: list[int] = field(default_factory=lambda: [0] * STATUS_CLASSES)
    latency: Histogram = field(default_factory=Histogram)
    broken: int = 0
    kind: str = ""
    messages: int = 0
    lag: int | None = None

    @property
    def requests(self) -> int:
        """How many exchanges are over."""
        return sum(self.statuses)

    @property
    def failures(self) -> int:
        """How many of them had no answer, a 5xx, or an error of transport or of the mesh's."""
        return self.statuses[0] + self.statuses[5] + self.broken

    def add(self, counters: RouteCounters) -> None:
        """Add what happened since."""
        for index, count in enumerate(counters.statuses):
            self.statuses[index] += count
        self.latency.add(counters.latency)
        self.broken += counters.broken
        self.messages += counters.messages
        self.lag = counters.lag


@dataclass(slots=True)
class EdgeSignals:
    """What an edge has carried since the daemon started; `total` sums all `routes`, latencies are microseconds.

    `statements` are known by name, target and fingerprint.
    `acts` counts what policies did, `circuit` is ``open``, ``half-open`` or empty, `spoken` the protocol whose
    operations are read (`wire.mesh.EdgeCounters`).
    """

    opened: int = 0
    closed: int = 0
    active: int = 0
    held: int = 0
    in_flight: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    errors: dict[str, int] = field(default_factory=dict)
    acts: dict[str, int] = field(default_factory=dict)
    circuit: str = ""
    total: RouteSignals = field(default_factory=RouteSignals)
    routes: dict[str, RouteSignals] = field(default_factory=dict)
    fault_hits: dict[str, int] = field(default_factory=dict)
    spoken: str = ""
    statements: dict[tuple[str, str, str], RouteSignals] = field(default_factory=dict)

    def add(self, counters: EdgeCounters) -> None:
        """Add one telemetry frame's differences."""
        self.opened += counters.opened
        self.closed += counters.closed
        self.active = counters.active
        self.held = counters.held
        self.in_flight = counters.in_flight
        self.bytes_in += counters.bytes_in
        self.bytes_out += counters.bytes_out
        for kind, count in counters.errors.items():
            self.errors[kind] = self.errors.get(kind, 0) + count
        for act, count in counters.acts.items():
            self.acts[act] = self.acts.get(act, 0) + count
        for fault, count in counters.fault_hits.items():
            self.fault_hits[fault] = self.fault_hits.get(fault, 0) + count
        self.circuit = counters.circuit
        self.spoken = counters.spoken or self.spoken
        for route in counters.routes:
            self.total.add(route)
            known = self.routes.get(route.route)
            if known is None:
                known = self.routes[route.route] = RouteSignals(kind=route.kind)
            known.add(route)
        for one in counters.statements:
            key = (one.name, one.target, one.text)
            statement = self.statements.setdefault(key, RouteSignals())
            for index, count in enumerate(one.statuses):
                statement.statuses[index] += count
            statement.latency.add(one.latency)

    def worker_died(self) -> None:
        """Its connections died with it, and so did the news of their end."""
        self.closed = self.opened
        self.active = self.held = self.in_flight = 0
        self.circuit = ""
