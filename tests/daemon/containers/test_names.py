"""By which names and ports a container knows the others."""

from pathlib import Path

import pytest

from meshdev.daemon.edges import edges_of
from meshdev.daemon.environment import service_environment
from meshdev.daemon.names import host_name, inner_port, names_of
from meshdev.topology.model import System
from meshdev.wire.mesh import EdgeKey
from support_system import system as load_system

TOML = """
[services.web]
image = "web"
calls = ["api"]
uses = ["databases.store", "brokers.events"]

[services.api]
image = "api"
port = 9000

[services.store]
command = "true"

[services.admin]
image = "admin"
endpoints = { ui = { protocol = "http" }, more = { protocol = "http" }, db = { protocol = "postgres" } }
container_name = "the-admin"

[services.native]
command = "true"
calls = ["api"]

[databases.store]
image = "postgres"
engine = "postgres"

[brokers.events]
engine = "nats"
"""


@pytest.fixture
def system(tmp_path: Path) -> System:
    """Containers and processes."""
    return load_system(tmp_path, TOML)


def test_ports_that_others_find(system: System) -> None:
    """What is written, else the protocol's usual one; alike ones count up."""
    admin = system.services["admin"]
    assert [inner_port(admin, endpoint) for endpoint in admin.endpoints] == [8080, 8081, 5432]
    api = system.services["api"]
    assert inner_port(api, api.endpoints[0]) == 9000
    events = system.services["brokers.events"]
    assert inner_port(events, events.endpoints[0]) == 4222


def test_names(system: System) -> None:
    """A database goes by its own name, unless a service has it; further names are those of the file."""
    web = system.services["web"]
    assert host_name(system, system.services["databases.store"]) == "databases.store"
    assert host_name(system, system.services["brokers.events"]) == "events"
    assert names_of(system, web, system.services["admin"]) == ("admin", "the-admin")


def test_every_node_is_an_edge_of_a_container(system: System) -> None:
    """Those that it did not declare are hidden until they are used; processes have only what they declare."""
    edges = edges_of(system)
    assert edges[EdgeKey("web", "api", "http")].inner == 9000
    assert not edges[EdgeKey("web", "api", "http")].latent
    undeclared = edges[EdgeKey("web", "native", "http")]
    assert (undeclared.inner, undeclared.latent, undeclared.declared) == (8080, True, False)
    assert edges[EdgeKey("native", "api", "http")].inner == 0
    assert EdgeKey("native", "web", "http") not in edges


def test_the_environment_of_a_container(system: System) -> None:
    """Names and ports of its edges, its own port, and nothing of this machine's."""
    web = system.services["web"]
    edges = edges_of(system)
    found = service_environment(
        system,
        web,
        base={"PATH": "/bin", "SECRET": "s"},
        port_of=lambda key: edges[key].inner,
        ports={"http": 8080},
    )
    assert found == {
        "PYTHONUNBUFFERED": "1",
        "API_URL": "http://api:9000",
        "API_HOST": "api",
        "API_PORT": "9000",
        "STORE_URL": "postgresql://databases.store:5432",
        "STORE_HOST": "databases.store",
        "STORE_PORT": "5432",
        "EVENTS_URL": "nats://events:4222",
        "EVENTS_HOST": "events",
        "EVENTS_PORT": "4222",
        "PORT": "8080",
    }


def test_networks_keep_strangers_apart(tmp_path: Path) -> None:
    """Where they are written: who shares none has no name for the other; aliases hold in shared ones."""
    found = load_system(
        tmp_path,
        """
[networks.front]
[networks.back]

[services.a]
image = "a"
networks = ["front"]

[services.b]
image = "b"
networks = { front = { aliases = ["bee"] }, back = {} }

[services.c]
image = "c"
networks = ["back"]
""",
    )
    callees = {key.callee for key in edges_of(found) if key.caller == "a"}
    assert callees == {"b"}
    assert names_of(found, found.services["a"], found.services["b"]) == ("b", "bee")
