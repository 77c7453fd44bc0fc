"""Which edges a system has, and what a caller's environment says of them."""

from pathlib import Path

from meshdev.daemon.edges import Elsewhere, edges_of, elsewhere, port_variable, proxy_of, url_for, variables
from meshdev.topology.model import Endpoint
from meshdev.wire.mesh import EdgeKey, Remote
from support_system import system

STAGING = Elsewhere("staging.example", 443, Remote("Staging.example", "/v1", tls=True))
SHOP = """
[services.storefront]
command = "sleep 1"
calls = ["order-history"]
ports = ["18081:http"]

[services.order-history]
command = "sleep 1"
endpoints = { http = {}, admin = {} }
"""


def test_every_endpoint_of_a_callee_is_an_edge_of_its_own(tmp_path: Path) -> None:
    """Declared calls and published ports, each with the endpoint that it leads to."""
    edges = edges_of(system(tmp_path, SHOP))

    assert set(edges) == {
        EdgeKey("storefront", "order-history", "http"),
        EdgeKey("storefront", "order-history", "admin"),
        EdgeKey("outside", "storefront", "http"),
    }
    assert edges[EdgeKey("outside", "storefront", "http")].port == 18081


def test_an_endpoint_may_be_published_on_several_ports(tmp_path: Path) -> None:
    """Each is an edge, declared and with the same endpoint; the first is plainly the outside's."""
    edges = edges_of(
        system(
            tmp_path,
            """
            [services.a]
            command = "sleep 1"
            endpoints = { http = {}, admin = {} }
            ports = ["18081:http", "18082:http", "18083:admin"]
            """,
        )
    )

    assert {key: edge.port for key, edge in edges.items()} == {
        EdgeKey("outside", "a", "http"): 18081,
        EdgeKey("outside:18082", "a", "http"): 18082,
        EdgeKey("outside", "a", "admin"): 18083,
    }
    assert all(edge.declared for edge in edges.values())


def test_an_address_in_a_template_is_an_edge(tmp_path: Path) -> None:
    """Who writes ``${services.b.url}`` calls b, declared or not."""
    edges = edges_of(
        system(
            tmp_path,
            """
            [services.a]
            command = "curl ${services.b.url}/x"
            [services.b]
            command = "sleep 1"
            [services.c]
            command = "sleep 1"
            environment = { UPSTREAM = "${services.b.host}:${services.b.port}" }
            """,
        )
    )

    assert set(edges) == {EdgeKey("a", "b", "http"), EdgeKey("c", "b", "http")}


def test_what_runs_elsewhere_has_edges_if_it_speaks_http_or_is_a_database(tmp_path: Path) -> None:
    """With its place, its name and its path; anything else is reached as it is."""
    toml = """
    [services.a]
    command = "sleep 1"
    calls = ["b", "c"]
    uses = ["databases.d", "databases.checked"]
    [services.b]
    url = "https://user:secret@Staging.example/v1/"
    ports = ["9000:http"]
    [services.c]
    url = "http://[::1]:8080"
    [databases.d]
    url = "postgres://db.example/d"
    [databases.checked]
    url = "postgres://db.example/d?sslmode=verify-full"
    """
    nodes = system(tmp_path, toml)

    assert set(edges_of(nodes)) == {
        EdgeKey("a", "b", "http"),
        EdgeKey("outside", "b", "http"),
        EdgeKey("a", "c", "http"),
        EdgeKey("a", "databases.d", "postgres"),
    }
    assert elsewhere(nodes.services["b"]) == STAGING
    assert elsewhere(nodes.services["c"]) == Elsewhere("::1", 8080, Remote("[::1]:8080"))
    assert elsewhere(nodes.services["databases.d"]) == Elsewhere("db.example", 5432)
    assert elsewhere(nodes.services["a"]) is elsewhere(nodes.services["databases.checked"]) is None


def test_a_name_proxy_knows_every_node_by_its_name(tmp_path: Path) -> None:
    """What the caller declares keeps its listener; the rest is latent. A service's name goes before a broker's."""
    toml = """
    [services.a]
    command = "sleep 1"
    calls = ["b"]
    proxy_env = true
    [services.b]
    command = "sleep 1"
    [services.C]
    command = "sleep 1"
    endpoints = { rpc = { protocol = "grpc", port = 50051 }, http = {} }
    [services.bus]
    command = "sleep 1"
    [services.worker]
    command = "sleep 1"
    protocol = "none"
    [brokers.bus]
    command = "nats"
    [brokers.events]
    command = "nats"
    engine = "nats"
    """
    edges = edges_of(system(tmp_path, toml))

    proxy = edges.pop(proxy_of("a"))
    assert proxy.names == {
        "a": EdgeKey("a", "a", "http"),
        "b": EdgeKey("a", "b", "http"),
        "c": EdgeKey("a", "C", "http"),
        "c:50051": EdgeKey("a", "C", "rpc"),
        "bus": EdgeKey("a", "bus", "http"),
        "events": EdgeKey("a", "brokers.events", "nats"),
    }
    assert {key for key, edge in edges.items() if not edge.latent} == {EdgeKey("a", "b", "http")}
    assert {key for key, edge in edges.items() if edge.declared} == {EdgeKey("a", "b", "http")}
    assert set(proxy.names.values()) == set(edges)


def test_names_become_variables(tmp_path: Path) -> None:
    """Upper case, underscores, and the endpoint's name where it is not the first."""
    history = system(tmp_path, SHOP).services["order-history"]
    http, admin = history.endpoints

    assert variables(history, http, 4001) == {
        "ORDER_HISTORY_URL": "http://127.0.0.1:4001",
        "ORDER_HISTORY_HOST": "127.0.0.1",
        "ORDER_HISTORY_PORT": "4001",
    }
    assert variables(history, admin, 4002)["ORDER_HISTORY_ADMIN_URL"] == "http://127.0.0.1:4002"
    assert [port_variable(history, one) for one in (http, admin)] == ["PORT", "PORT_ADMIN"]


def test_urls_have_the_scheme_of_their_protocol() -> None:
    """Clients choose their driver by the scheme."""
    assert url_for(Endpoint("http"), 1) == "http://127.0.0.1:1"
    assert url_for(Endpoint("rpc", "grpc"), 1) == "http://127.0.0.1:1"
    assert url_for(Endpoint("db", "postgres"), 1) == "postgresql://127.0.0.1:1"
    assert url_for(Endpoint("bus", "nats"), 1) == "nats://127.0.0.1:1"
