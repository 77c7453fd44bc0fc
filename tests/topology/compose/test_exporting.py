"""A system as a Compose file: what it says, what it leaves out, and that it reads back as it was."""

from pathlib import Path

import pytest
import yaml

from meshdev.topology.compose.exporting import export
from meshdev.topology.load import load
from support_compose import CORPUS, ENVIRON, bare, laid_out
from support_topology import loaded

_FAULTLESS = [
    case
    for case in sorted(CORPUS.iterdir())
    if "#!" not in (case / "compose.yml" if case.is_dir() else case).read_text("utf-8")
    # What these say beyond Compose is left out, and told.
    and case.stem not in ("x-meshdev", "profiles", "names", "empty")
]


@pytest.mark.parametrize("case", _FAULTLESS, ids=[case.stem for case in _FAULTLESS])
def test_an_exported_project_reads_back(case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same system, but for the addresses that it now says; and a second export is the first."""
    monkeypatch.setenv("HOME", ENVIRON["HOME"])
    files = laid_out(case, tmp_path)
    system = load(files[0], overrides=files[1:], environ=ENVIRON)
    made = export(system)
    again = tmp_path / "exported.yml"
    again.write_text(made.text, "utf-8")
    read = load(again, environ=ENVIRON)
    assert bare(system).services == bare(read).services
    assert (system.networks, system.volumes) == (read.networks, read.volumes)
    assert made.text == export(read).text


def exported(folder: Path, text: str) -> tuple[dict[str, dict[str, object]], tuple[str, ...]]:
    """The services of an exported meshdev.toml, and the notes."""
    made = export(loaded(folder, text))
    return yaml.safe_load(made.text)["services"], made.notes


SHOP = """
[system]
name = "My Shop"
[services.web]
image = "web"
port = 80
ports = ["8080:80"]
calls = { api = { timeout = "2s" } }
environment = { GREETING = "costs $$5", API = "${services.api.url}/v1", ME = "http://web:${PORT}" }
depends_on = { api = "healthy", tool = "started" }
healthcheck = "/healthz"
team = "front"
[services.api]
build = "api"
endpoints = { http = {}, rpc = { protocol = "grpc", port = 50051 } }
uses = ["databases.main", "databases.file"]
command = "serve --port $PORT"
replicas = 2
limits = { memory = "512MB", cpus = 0.5 }
healthcheck = { log = "ready" }
restart = "on-failure:3"
stop = "20s"
watch = [
  { base = "api", paths = ["**"], action = "sync", target = "/app" },
  { paths = ["x"], action = "signal:HUP" },
]
[services.tool]
command = "true"
protocol = "none"
[services.elsewhere]
url = "https://staging.example"
[databases.main]
image = "postgres:16"
engine = "postgres"
port = 5432
volumes = ["data:/var/lib/postgresql/data"]
[databases.file]
engine = "sqlite"
"""


def test_addresses_are_names(tmp_path: Path) -> None:
    """What meshdev would put into the environment stands there, with the names of the containers."""
    services, _ = exported(tmp_path, SHOP)
    assert services["web"]["environment"] == {
        "API_URL": "http://api:8080",
        "API_HOST": "api",
        "API_PORT": "8080",
        "API_RPC_URL": "http://api:50051",
        "API_RPC_HOST": "api",
        "API_RPC_PORT": "50051",
        "GREETING": "costs $$5",
        "API": "http://api:8080/v1",
        "ME": "http://web:80",
    }
    environment = services["api"]["environment"]
    assert isinstance(environment, dict)
    assert (environment["PORT"], environment["MAIN_URL"]) == ("8080", "postgresql://main:5432")
    assert services["api"]["command"] == ["serve", "--port", "8080"]


def test_everything_else_in_composes_words(tmp_path: Path) -> None:
    """Health, order, limits, ports on this machine only."""
    services, _ = exported(tmp_path, SHOP)
    web, api = services["web"], services["api"]
    assert web["ports"] == ["127.0.0.1:8080:80"]
    assert web["depends_on"] == {"api": {"condition": "service_healthy"}}
    assert web["healthcheck"] == {
        "test": [
            "CMD-SHELL",
            "wget -q -O /dev/null http://127.0.0.1:80/healthz || curl -fsS -o /dev/null http://127.0.0.1:80/healthz",
        ],
        "interval": "1s",
        "timeout": "1s",
        "retries": 3,
    }
    assert api["deploy"] == {"replicas": 2, "resources": {"limits": {"cpus": "0.5", "memory": "512m"}}}
    assert (api["restart"], api["stop_grace_period"]) == ("on-failure:3", "20s")
    assert api["develop"] == {"watch": [{"action": "sync", "path": "./api", "target": "/app"}]}
    assert web["x-meshdev"] == {"team": "front"}


def test_what_is_left_out_is_told(tmp_path: Path) -> None:
    """Processes, files, what runs elsewhere, and what Compose has no word for."""
    services, notes = exported(tmp_path, SHOP)
    assert list(services) == ["web", "api", "main"]
    assert notes == (
        "tool is no container, so it is left out: give it an image or a build",
        "elsewhere is no container, so it is left out: give it an image or a build",
        "databases.file is a file here, so it is left out",
        "web does not wait for tool, which is left out",
        "web: Compose has no rules for edges (timeouts, retries …)",
        "api: Compose has no healthcheck of the kind log",
        "api: Compose's watch sends no signals and runs no commands here",
    )


def test_a_secrets_content_is_not_written_down(tmp_path: Path) -> None:
    """Where it came from a variable that is named; else one is asked for."""
    text = """
    [services.a]
    image = "a"
    secrets = ["told", "held-here"]
    configs = ["plain"]
    [secrets]
    told = { environment = "TOLD" }
    held-here = { content = "hush" }
    [configs]
    plain = { content = "text" }
    """
    system = loaded(tmp_path, text, environ={"TOLD": "hush"})
    made = export(system)
    assert "hush" not in made.text
    tree = yaml.safe_load(made.text)
    assert tree["secrets"] == {"told": {"environment": "TOLD"}, "held-here": {"environment": "HELD_HERE"}}
    assert tree["configs"] == {"plain": {"content": "text"}}
    assert made.notes == ("secret held-here: its content is not written down, set HELD_HERE to it",)
