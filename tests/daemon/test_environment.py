"""The environment of an incarnation: who wins, and what the templates become."""

from pathlib import Path

import pytest

from meshdev.daemon.edges import proxy_of
from meshdev.daemon.environment import service_environment
from meshdev.wire.mesh import EdgeKey
from support_compose import composed
from support_system import system

PORTS = {
    EdgeKey("a", "b", "http"): 4001,
    EdgeKey("a", "far", "http"): 4002,
    EdgeKey("a", "databases.books", "postgres"): 4003,
}
TOML = """
[services.a]
command = "sleep 1"
calls = ["b", "far"]
uses = ["databases.books", "databases.checked"]
endpoints = { http = {}, admin = {} }
[services.a.environment]
TARGET = "${services.b.url}/v1"
SELF = "port ${PORT}"
LOG = "x"
FAR = "${services.far.url}"
DB = "${databases.books.host}"
CHECKED = "${databases.checked.host}"
[services.b]
command = "sleep 1"
[services.far]
url = "https://staging.example/base"
[databases.books]
url = "postgres://me@db.example/books"
[databases.checked]
url = "postgres://me@db.example/books?sslmode=verify-full"
"""
BASE = {"PATH": "/bin", "LOG": "base", "MESHDEV_RUN": "an outer one's", "KEPT": "1"}


def environment(folder: Path, base: dict[str, str] = BASE) -> dict[str, str]:
    """What service a sees."""
    topology = system(folder, TOML)
    return service_environment(
        topology,
        topology.services["a"],
        base=base,
        port_of=PORTS.__getitem__,
        ports={"http": 5001, "admin": 5002},
    )


def test_edges_ports_and_templates_are_filled_in(tmp_path: Path) -> None:
    """The service finds its callees, its own ports, and its templates resolved."""
    seen = environment(tmp_path)

    assert seen["B_URL"] == "http://127.0.0.1:4001"
    assert seen["TARGET"] == "http://127.0.0.1:4001/v1"
    assert seen["SELF"] == "port 5001"
    assert (seen["PORT"], seen["PORT_ADMIN"]) == ("5001", "5002")


def test_what_runs_elsewhere_is_reached_over_an_edge_if_it_can_be(tmp_path: Path) -> None:
    """So that its calls are seen; what cannot keeps its own address, in variables and in templates."""
    seen = environment(tmp_path)

    assert seen["FAR_URL"] == seen["FAR"] == "http://127.0.0.1:4002"
    assert seen["BOOKS_URL"] == "postgres://me@127.0.0.1:4003/books"
    assert seen["DB"] == "127.0.0.1"
    assert seen["CHECKED_URL"] == "postgres://me@db.example/books?sslmode=verify-full"
    assert seen["CHECKED"] == "db.example"


def test_the_services_own_words_win_over_the_shell(tmp_path: Path) -> None:
    """The daemon's environment is the base, meshdev's own variables of an outer run are not passed on."""
    seen = environment(tmp_path)

    assert (seen["KEPT"], seen["LOG"]) == ("1", "x")
    assert "MESHDEV_RUN" not in seen


def test_output_is_not_held_back(tmp_path: Path) -> None:
    """Python services log line by line into a pipe, unless the user decided otherwise."""
    assert environment(tmp_path)["PYTHONUNBUFFERED"] == "1"
    assert environment(tmp_path, {**BASE, "PYTHONUNBUFFERED": ""})["PYTHONUNBUFFERED"] == ""


PROXIED = """
[services.a]
command = "sleep 1"
proxy_env = true
"""


@pytest.mark.parametrize(
    ("outer", "tls", "direct"),
    [
        ({}, "http://127.0.0.1:4003", "localhost,127.0.0.1,::1"),
        (
            {"HTTPS_PROXY": "http://out:3128", "HTTP_PROXY": "http://out:3128", "no_proxy": ".corp"},
            "http://out:3128",
            "localhost,127.0.0.1,::1,.corp",
        ),
    ],
)
def test_clients_are_led_to_the_name_proxy(
    tmp_path: Path, outer: dict[str, str], tls: str, direct: str
) -> None:
    """Both spellings; loopback stays direct, and so does a way out of the building for TLS."""
    topology = system(tmp_path, PROXIED)
    seen = service_environment(
        topology,
        topology.services["a"],
        base={**BASE, **outer},
        port_of={proxy_of("a"): 4003}.__getitem__,
        ports={},
    )
    assert seen["HTTP_PROXY"] == seen["http_proxy"] == "http://127.0.0.1:4003"
    assert seen["HTTPS_PROXY"] == tls
    assert seen["NO_PROXY"] == seen["no_proxy"] == direct


def test_nobody_is_led_there_unasked(tmp_path: Path) -> None:
    """A proxy in the environment is the user's own business."""
    assert "HTTP_PROXY" not in environment(tmp_path)


def test_a_container_of_a_compose_project_sees_what_was_written(tmp_path: Path) -> None:
    """Names lead it; ``REDIS_PORT`` would mean something of its own. Edges that were written are told."""
    text = """
services:
  web:
    image: web
    expose: ["80"]
    environment: { CACHE: "redis:6379", PORT: "tcp" }
    x-meshdev: { uses: ["databases.books"] }
  redis:
    image: redis
x-meshdev:
  databases: { books: { command: "true", protocol: postgres } }
"""
    topology = composed(tmp_path, text)
    web = topology.services["web"]
    seen = service_environment(topology, web, base={}, port_of=lambda _: 6379, ports={"http": 80})
    assert {(edge.caller, edge.callee) for edge in topology.inferred} == {("web", "redis")}
    assert seen == {
        "PYTHONUNBUFFERED": "1",
        "CACHE": "redis:6379",
        "PORT": "tcp",
        "BOOKS_URL": "postgresql://books:6379",
        "BOOKS_HOST": "books",
        "BOOKS_PORT": "6379",
    }
