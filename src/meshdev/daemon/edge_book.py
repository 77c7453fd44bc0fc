"""What the edges carry, as people ask for it: windows, rates, percentiles, the last exchanges.

The mesh tells sums; once a second the book takes a reading of each edge that moved. Single exchanges are kept in a ring
and, while somebody follows, in a journal of their own.
"""

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence

from meshdev.daemon.edge_policy import words
from meshdev.daemon.edges import OUTSIDE, Edge
from meshdev.daemon.journal import Journal
from meshdev.mesh.signals import EdgeSignals, RouteSignals
from meshdev.telemetry.histogram import middle
from meshdev.telemetry.window import Reading, Span, Window
from meshdev.wire.control import LATENCY_BOUNDS_MS, EdgeSignalsView, ExchangeView, RouteView, StreamEvent
from meshdev.wire.mesh import EdgeError, EdgeKey, EdgePolicy, Exchange

EXCHANGES_KEPT = 2000
RATE_SECONDS = 10.0
LATENCY_SECONDS = 60.0
SERIES_SECONDS = 60
INTERVAL_SECONDS = 1.0
READ_AS_HTTP = frozenset({"http"})

# Counted already, by what was lost with them.
_BROKEN_OFF = frozenset({EdgeError.CALLER_RESET, EdgeError.CALLEE_RESET, EdgeError.INJECTED})

Signals = Mapping[EdgeKey, EdgeSignals]


class EdgeBook:
    """Reads ``signals`` by the second and renders views.

    ``edges`` are those of the topology with their ports, ``rules`` tells what it says of each, ``faults`` which faults
    are on there.
    """

    def __init__(
        self,
        *,
        signals: Callable[[], Signals],
        edges: Callable[[], Mapping[EdgeKey, tuple[Edge, int]]],
        journal: Journal,
        rules: Callable[[EdgeKey], EdgePolicy] = lambda _: EdgePolicy(),
        faults: Callable[[EdgeKey], Sequence[str]] = lambda _: (),
    ) -> None:
        self._rules = rules
        self._faults = faults
        self._signals = signals
        self._edges = edges
        self._journal = journal
        self._windows: dict[EdgeKey, Window] = {}
        self._ring: deque[ExchangeView] = deque(maxlen=EXCHANGES_KEPT)
        self._closing = asyncio.Event()
        self.exchanges = Journal(resets=False)

    def exchanged(self, key: EdgeKey, exchange: Exchange, at: float) -> None:
        """The mesh tells of one call that began at ``at`` (epoch seconds)."""
        view = ExchangeView(
            seq=self.exchanges.seq + 1,
            at=round(at, 6),
            caller=key.caller,
            callee=key.callee,
            method=exchange.method,
            target=exchange.target,
            status=exchange.status,
            ms=exchange.microseconds / 1000.0,
            bytes_in=exchange.bytes_in,
            bytes_out=exchange.bytes_out,
            instance=exchange.instance,
            trace=exchange.trace,
            error=exchange.error,
            span=exchange.span,
            retries=exchange.retries,
            hedged=exchange.hedged,
            by=exchange.by,
            faults=list(exchange.faults),
            parent=exchange.parent,
            messages_in=exchange.messages_in,
            messages_out=exchange.messages_out,
            events=exchange.events,
            protocol=exchange.protocol,
            code=exchange.code,
            detail=exchange.detail,
            kind=exchange.kind,
            payload=exchange.payload.decode("utf-8", "replace"),
        )
        self._ring.append(view)
        self.exchanges.append(view)

    def last(self, limit: int) -> list[ExchangeView]:
        """The last exchanges, the oldest first."""
        return list(self._ring)[-limit:] if limit > 0 else []

    def read(self, now: float) -> list[EdgeKey]:
        """Take a reading of every edge; those on which something happened."""
        moved = []
        edges = self._edges()
        for key, signals in self._signals().items():
            protocol = edges[key][0].endpoint.protocol if key in edges else ""
            window = self._windows.get(key)
            if window is None:
                window = self._windows[key] = Window(now - INTERVAL_SECONDS)
            if window.read(_reading(signals, protocol), now):
                moved.append(key)
        return moved

    def views(self, now: float) -> list[EdgeSignalsView]:
        """Every edge, in the topology's order; those that left it but were used come last."""
        self.read(now)
        signals = self._signals()
        edges = self._edges()
        keys = [*edges, *(key for key in signals if key not in edges)]
        return [self._view(key, signals.get(key) or EdgeSignals(), now) for key in keys]

    async def run(self) -> None:
        """Read by the second until `close`, and tell followers which edges moved."""
        while not self._closing.is_set():
            now = time.monotonic()
            self.read(now)
            if self._journal.followers and (views := self._moving(now)):
                self._journal.append(StreamEvent(seq=0, at=time.time(), kind="edges", edges=views))
            try:
                await asyncio.wait_for(self._closing.wait(), INTERVAL_SECONDS)
            except TimeoutError:
                continue

    def close(self) -> None:
        """Let `run` return and the followers of exchanges go."""
        self._closing.set()
        self.exchanges.close()

    def _moving(self, now: float) -> list[EdgeSignalsView]:
        """The edges whose figures change: something happens on them, or their rates and percentiles fade out."""
        return [
            self._view(key, signals, now)
            for key, signals in self._signals().items()
            if signals.in_flight or signals.held or _fades(self._windows[key].quiet_for(now))
        ]

    def _view(self, key: EdgeKey, signals: EdgeSignals, now: float) -> EdgeSignalsView:
        edge, port = self._edges().get(key, (None, 0))
        window = self._windows.get(key) or Window(now)
        recent = window.last(RATE_SECONDS, now)
        minute = window.last(LATENCY_SECONDS, now)
        declared = edge.endpoint.protocol if edge else key.endpoint
        protocol = signals.spoken or declared
        rules = self._rules(key)
        return EdgeSignalsView(
            caller=key.caller,
            callee=key.callee,
            endpoint=key.endpoint,
            protocol=protocol,
            guessed=protocol != declared,
            declared=edge is not None and (key.caller == OUTSIDE or edge.declared),
            observed=signals.opened > 0,
            requests=_requests(signals, protocol),
            errors=_failures(signals),
            in_flight=signals.in_flight,
            rps=round(recent.rate, 2),
            eps=round(recent.failure_rate, 2),
            p50_ms=_quantile(0.5, minute, signals.total),
            p90_ms=_quantile(0.9, minute, signals.total),
            p99_ms=_quantile(0.99, minute, signals.total),
            bytes_in=signals.bytes_in,
            bytes_out=signals.bytes_out,
            policies=words(rules),
            faults=list(self._faults(key)),
            fault_hits=dict(signals.fault_hits),
            denied=rules.denied,
            acts=dict(signals.acts),
            circuit=signals.circuit,
            port=port,
            connections=signals.active,
            held=signals.held,
            errors_by_kind=dict(signals.errors),
            series=window.series(SERIES_SECONDS, now),
            error_series=window.error_series(SERIES_SECONDS, now),
            latency_buckets=_buckets(signals.total),
            latency_sum_ms=round(_sum_ms(signals.total), 3),
            routes=[_route(name, route) for name, route in signals.routes.items()],
            foreign=edge.foreign if edge else "",
            tls=edge.tls.mode if edge is not None and edge.tls is not None else "",
        )


def _fades(quiet: float) -> bool:
    """Whether figures still change after so many seconds without any call, up to a second after they last did."""
    return (
        any(end <= quiet < end + 2 * INTERVAL_SECONDS for end in (RATE_SECONDS, LATENCY_SECONDS))
        or quiet < RATE_SECONDS
    )


def _reading(signals: EdgeSignals, protocol: str) -> Reading:
    return Reading(
        _requests(signals, protocol),
        _failures(signals),
        signals.bytes_in,
        signals.bytes_out,
        dict(signals.total.latency.counts),
    )


def _requests(signals: EdgeSignals, protocol: str) -> int:
    """Exchanges; connections where no HTTP is expected, and, once they are over, where none was spoken."""
    if signals.routes:
        return signals.total.requests
    return signals.closed if protocol in READ_AS_HTTP else signals.opened


def _failures(signals: EdgeSignals) -> int:
    """Exchanges that failed; where operations are read, also connections that none could come of."""
    if not signals.routes:
        return sum(signals.errors.values())
    if not signals.spoken:
        return signals.total.failures
    unmade = sum(count for kind, count in signals.errors.items() if kind not in _BROKEN_OFF)
    return signals.total.failures + unmade


def _quantile(q: float, span: Span, total: RouteSignals) -> float | None:
    found = span.milliseconds(q)
    if found is None and total.latency.counts:
        found = total.latency.quantile(q) / 1000.0
    return None if found is None else round(found, 3)


def _buckets(total: RouteSignals) -> list[int]:
    """How many took at most each of the bounds, the last number all of them; nothing when none was measured."""
    counts = total.latency.counts
    if not counts:
        return []
    measured = [(middle(index) / 1000.0, count) for index, count in counts.items()]
    bounds = (*LATENCY_BOUNDS_MS, math.inf)
    return [sum(count for ms, count in measured if ms <= bound) for bound in bounds]


def _sum_ms(total: RouteSignals) -> float:
    return sum(middle(index) * count for index, count in total.latency.counts.items()) / 1000.0


def _route(name: str, route: RouteSignals) -> RouteView:
    measured = bool(route.latency.counts)
    return RouteView(
        route=name,
        requests=route.requests,
        errors=route.failures,
        p50_ms=round(route.latency.quantile(0.5) / 1000.0, 3) if measured else None,
        p99_ms=round(route.latency.quantile(0.99) / 1000.0, 3) if measured else None,
        kind=route.kind,
        messages=route.messages,
    )
