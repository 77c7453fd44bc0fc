"""The metrics as Prometheus' own parser reads them."""

from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse

from meshdev.endpoints.prometheus import render
from meshdev.wire.control import LATENCY_BOUNDS_MS, GraphView, ProcessView, RouteView
from support_control import edge, instance, service

BUCKETS = [0, 1, 1, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3]
GRAPH = GraphView(
    nodes=[service(restarts=2, replicas=3, instances=[instance(cpu_percent=150.0, rss_bytes=4096)])],
    edges=[],
    signals=[
        edge(
            errors=4,
            errors_by_kind={"refused": 4},
            acts={"retry": 2},
            circuit="open",
            policies=["circuit breaker"],
            latency_buckets=BUCKETS,
            latency_sum_ms=1500.0,
            routes=[RouteView(route='GET /a"b', requests=3, errors=1)],
        ),
        edge("front", "db", protocol="tcp", endpoint="tcp"),
    ],
)
PROCESSES = [ProcessView(role="daemon", pid=7, cpu_seconds=1.5, rss_bytes=1024)]


def samples(text: str) -> dict[tuple[str, str], float]:
    """Values by name and the label that tells them apart."""
    told = ("act", "kind", "direction", "route", "le", "callee", "instance", "service", "role")
    return {
        (
            sample.name,
            next((sample.labels[label] for label in told if label in sample.labels), ""),
        ): sample.value
        for family in parse(text)
        for sample in family.samples
    }


def test_everything_that_is_measured_is_there() -> None:
    """Edges, routes, services, instances, and the tool itself; units are seconds, bytes and CPUs."""
    text, content_type = render(GRAPH, PROCESSES)
    found = samples(text.decode())
    assert content_type.startswith("text/plain")
    assert found.items() >= {
        ("meshdev_edge_requests_total", "orders"): 1200.0,
        ("meshdev_edge_errors_total", "orders"): 4.0,
        ("meshdev_edge_connection_errors_total", "refused"): 4.0,
        ("meshdev_edge_policy_acts_total", "retry"): 2.0,
        ("meshdev_edge_circuit_open", "orders"): 1.0,
        ("meshdev_edge_bytes_total", "in"): float(1 << 20),
        ("meshdev_edge_request_duration_seconds_bucket", "0.0025"): 1.0,
        ("meshdev_edge_request_duration_seconds_bucket", "+Inf"): 3.0,
        ("meshdev_edge_request_duration_seconds_sum", "orders"): 1.5,
        ("meshdev_route_requests_total", 'GET /a"b'): 3.0,
        ("meshdev_service_healthy", "orders"): 1.0,
        ("meshdev_service_replicas", "orders"): 3.0,
        ("meshdev_service_restarts_total", "orders"): 2.0,
        ("meshdev_instance_cpu_ratio", "orders-0"): 1.5,
        ("meshdev_instance_resident_memory_bytes", "orders-0"): 4096.0,
        ("meshdev_process_cpu_seconds_total", "daemon"): 1.5,
    }.items()  # fmt: skip
    assert len(BUCKETS) == len(LATENCY_BOUNDS_MS) + 1


def test_openmetrics_for_those_who_ask() -> None:
    """The stricter format passes its own parser."""
    text, content_type = render(GRAPH, PROCESSES, "application/openmetrics-text; version=1.0.0")
    assert content_type.startswith("application/openmetrics-text")
    assert any(family.name == "meshdev_edge_requests" for family in parse_openmetrics(text.decode()))  # type: ignore[no-untyped-call]
