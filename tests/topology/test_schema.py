"""The JSON Schema for editors."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from meshdev.topology.schema import as_text, file_schema

EXAMPLE = """
x-free = 1
include = ["a.toml"]
[system]
name = "shop"
[services.a]
command = ["a"]
environment = ["A=1"]
env_file = [".env", { path = "x", required = false }]
calls = { b = { timeout = "2s", retries = 2 } }
depends_on = ["b"]
healthcheck = "/healthz"
ports = ["8080:http", 9090]
restart = "always"
reload = "rolling"
watch = "src/**"
stop = "SIGINT"
limits = { memory = 1024, cpus = 0.5 }
x-mine = { any = "thing" }
[services.b]
command = "b"
environment = { A = "1", N = 1, T = true }
calls = ["a"]
depends_on = { a = "service_healthy", c = { condition = "healthy", required = false } }
healthcheck = { http = "/", interval = "1s" }
restart = { policy = "no", burst = 3 }
watch = [{ paths = ["x"], action = "signal:HUP" }]
[services.b.edges.a]
circuit_breaker = { error_rate = "50%" }
[databases.d]
engine = "sqlite"
[services.c]
image = "x"
command = "serve"
build = { context = ".", args = ["A=1"], secrets = ["s"] }
volumes = ["./a:/a", { type = "tmpfs", target = "/t", tmpfs = { size = "1m" } }]
networks = { back = { aliases = ["c"] } }
ulimits = { nofile = 1, nproc = { soft = 1, hard = -1 } }
sysctls = ["a=1"]
extra_hosts = { a = "1.2.3.4" }
secrets = ["s", { source = "s", target = "t", mode = 0o440 }]
gpus = "all"
memswap_limit = -1
watch = [{ paths = ["**"], action = "sync", target = "/a", initial_sync = true }]
[networks.back]
internal = true
[volumes.data]
external = true
[secrets.s]
content = "x"
[profiles.p.services.a]
image = "x"
[faults.f]
edge = "a -> b"
latency = { p50 = "300ms", p99 = "2s", percentage = "20%" }
status = 503
slow-open = "1s"
corrupt = true
percentage = 50
match = { method = "POST", path = "/charges/*", header = { x-user = "a*" } }
duration = "2m"
[faults.g]
partition = [["a"], ["b"]]
[faults.h]
service = "a"
kill = true
"""


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    """A validator of topology files."""
    schema: dict[str, Any] = file_schema()
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def test_short_and_long_forms_are_valid(validator: Draft202012Validator) -> None:
    """What the loader accepts, editors accept."""
    assert list(validator.iter_errors(tomllib.loads(EXAMPLE))) == []


def test_the_sample_system_is_valid(validator: Draft202012Validator) -> None:
    """So does the shop that ships with the sources."""
    shop = tomllib.loads((Path(__file__).parents[2] / "meshdev.toml").read_text("utf-8"))
    assert list(validator.iter_errors(shop)) == []


@pytest.mark.parametrize(
    "text",
    [
        "servces = {}",
        "[services.a]\ncomand = 'x'",
        "[services.a]\nreplicas = 'two'",
        "[services.a]\nrestart = 'allways'",
        "[services.a]\nhealthcheck = { htp = '/' }",
        "[services.a.stop]\ngrace = '5'",
        "[services.a.depends_on]\nb = 3",
        "[faults]\nf = 3",
    ],
)
def test_mistakes_are_marked(text: str, validator: Draft202012Validator) -> None:
    """What the loader refuses by its shape, editors underline."""
    assert list(validator.iter_errors(tomllib.loads(text)))


def test_every_key_is_described() -> None:
    """Completion shows a line of help for each key, and nothing that was only generated."""
    schema = json.loads(as_text())
    tables = [schema, *(table for table in schema["$defs"].values() if "properties" in table)]
    undescribed = [
        key for table in tables for key, entry in table["properties"].items() if "description" not in entry
    ]
    assert undescribed == []
    assert "null" not in as_text()
