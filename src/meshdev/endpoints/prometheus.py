"""The system in Prometheus' text format (or OpenMetrics, to those who ask for it), made from the control API's views.

Names begin with ``meshdev_``; counters count since the daemon started. Labels are names from the topology, and routes,
of which there is a bounded number per edge.
"""

from collections.abc import Iterable, Iterator, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector, CollectorRegistry

from meshdev.wire.control import LATENCY_BOUNDS_MS, EdgeSignalsView, GraphView, ProcessView, ServiceView

PLAIN = "text/plain"
_EDGE = ("caller", "callee", "endpoint", "protocol")


def render(graph: GraphView, processes: Iterable[ProcessView], accept: str = PLAIN) -> tuple[bytes, str]:
    """The text and its content type, by what the reader accepts."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Once([*_edges(graph.signals), *_services(graph.nodes), *_processes(list(processes))]))
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type


class _Once(Collector):
    """What was collected already."""

    def __init__(self, metrics: Sequence[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics


def _edges(edges: Sequence[EdgeSignalsView]) -> Iterator[Metric]:
    requests = CounterMetricFamily(
        "meshdev_edge_requests", "Finished requests (connections, unless the edge is HTTP).", labels=_EDGE
    )
    errors = CounterMetricFamily(
        "meshdev_edge_errors", "Of them without an answer, or answered with 5xx.", labels=_EDGE
    )
    kinds = CounterMetricFamily(
        "meshdev_edge_connection_errors", "What went wrong with connections.", labels=(*_EDGE, "kind")
    )
    acts = CounterMetricFamily(
        "meshdev_edge_policy_acts",
        "What policies did: retries, hedges, opened circuits.",
        labels=(*_EDGE, "act"),
    )
    circuit = GaugeMetricFamily("meshdev_edge_circuit_open", "Whether the circuit is open.", labels=_EDGE)
    sizes = CounterMetricFamily(
        "meshdev_edge_bytes", "Bytes from the caller (in) and to it (out).", labels=(*_EDGE, "direction")
    )
    duration = HistogramMetricFamily(
        "meshdev_edge_request_duration_seconds", "From a request's head to its response's end.", labels=_EDGE
    )
    in_flight = GaugeMetricFamily("meshdev_edge_in_flight", "Requests under way.", labels=_EDGE)
    connections = GaugeMetricFamily("meshdev_edge_connections", "Connections of callers.", labels=_EDGE)
    held = GaugeMetricFamily("meshdev_edge_held", "Connections that wait for an instance.", labels=_EDGE)
    routes = CounterMetricFamily(
        "meshdev_route_requests", "Finished requests by route.", labels=(*_EDGE, "route")
    )
    route_errors = CounterMetricFamily(
        "meshdev_route_errors", "Of them without an answer, or answered with 5xx.", labels=(*_EDGE, "route")
    )
    for edge in edges:
        name = (edge.caller, edge.callee, edge.endpoint, edge.protocol)
        requests.add_metric(name, edge.requests)
        errors.add_metric(name, edge.errors)
        sizes.add_metric((*name, "in"), edge.bytes_in)
        sizes.add_metric((*name, "out"), edge.bytes_out)
        in_flight.add_metric(name, edge.in_flight)
        connections.add_metric(name, edge.connections)
        held.add_metric(name, edge.held)
        for kind, count in edge.errors_by_kind.items():
            kinds.add_metric((*name, kind), count)
        for act, times in edge.acts.items():
            acts.add_metric((*name, act), times)
        if "circuit breaker" in edge.policies:
            circuit.add_metric(name, edge.circuit == "open")
        if edge.latency_buckets:
            duration.add_metric(name, _buckets(edge), edge.latency_sum_ms / 1000.0)
        for route in edge.routes:
            routes.add_metric((*name, route.route), route.requests)
            route_errors.add_metric((*name, route.route), route.errors)
    yield from (acts, circuit)
    yield from (requests, errors, kinds, sizes, duration, in_flight, connections, held, routes, route_errors)


def _buckets(edge: EdgeSignalsView) -> list[tuple[str, float]]:
    bounds = [*(str(bound / 1000.0) for bound in LATENCY_BOUNDS_MS), "+Inf"]
    return list(zip(bounds, map(float, edge.latency_buckets), strict=True))


def _services(services: Sequence[ServiceView]) -> Iterator[Metric]:
    healthy = GaugeMetricFamily("meshdev_service_healthy", "Instances that are healthy.", labels=("service",))
    wanted = GaugeMetricFamily(
        "meshdev_service_replicas", "Instances that are wanted (0: stopped).", labels=("service",)
    )
    restarts = CounterMetricFamily(
        "meshdev_service_restarts", "Restarts after a failure.", labels=("service",)
    )
    labels = ("service", "instance")
    cpu = GaugeMetricFamily("meshdev_instance_cpu_ratio", "CPUs in use by one instance.", labels=labels)
    memory = GaugeMetricFamily(
        "meshdev_instance_resident_memory_bytes", "Memory of one instance.", labels=labels
    )
    for service in services:
        serving = [one for one in service.instances if one.role == "serving"]
        healthy.add_metric((service.name,), sum(one.health == "healthy" for one in serving))
        wanted.add_metric((service.name,), service.replicas if service.desired == "up" else 0)
        restarts.add_metric((service.name,), service.restarts)
        for one in serving:
            if one.cpu_percent is not None:
                cpu.add_metric((service.name, one.id), one.cpu_percent / 100.0)
            if one.rss_bytes is not None:
                memory.add_metric((service.name, one.id), one.rss_bytes)
    yield from (healthy, wanted, restarts, cpu, memory)


def _processes(processes: Sequence[ProcessView]) -> Iterator[Metric]:
    labels = ("role", "pid")
    cpu = CounterMetricFamily("meshdev_process_cpu_seconds", "CPU of meshdev's own processes.", labels=labels)
    memory = GaugeMetricFamily(
        "meshdev_process_resident_memory_bytes", "Memory of meshdev's own processes.", labels=labels
    )
    for one in processes:
        cpu.add_metric((one.role, str(one.pid)), one.cpu_seconds)
        memory.add_metric((one.role, str(one.pid)), one.rss_bytes)
    yield from (cpu, memory)
