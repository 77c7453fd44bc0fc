"""However a run ends, an engine and the kernel have nothing of it but the named volumes: looked at by their own tools.

Only what belongs to the project is looked at (its bridges' names in the rules, its containers' volumes): other tests
use the same engine at the same time.
"""

import json
import os
import re
import signal
import subprocess
from dataclasses import dataclass

import pytest

from support_docker import ADDRESS, BASE, Leftovers
from support_product import Product, eventually

pytestmark = [pytest.mark.e2e, pytest.mark.docker, pytest.mark.timeout(200)]

TOML = f"""
[system]
name = "traced"

[services.front]
image = "{BASE}"
command = ["httpd", "-f", "-p", "8080"]
port = 8080
init = true
ports = ["@port@:http"]
volumes = ["/scratch", "kept:/store"]
calls = ["back"]

[services.back]
image = "{BASE}"
command = ["httpd", "-f", "-p", "8080"]
port = 8080
init = true
volumes = ["/scratch"]
"""


@dataclass(frozen=True, slots=True)
class Traces:
    """What a run has left marks of: names of bridges, ids of containers and networks, names of volumes."""

    bridges: frozenset[str]
    containers: frozenset[str]
    networks: frozenset[str]
    volumes: frozenset[str]

    def now(self) -> dict[str, list[str]]:
        """What of it there is at this moment."""
        rules = said("iptables-save") + said("iptables-save", "-t", "nat")
        found = {
            "rules": [line for line in rules if set(re.findall(r"\bmd-\w+", line)) & self.bridges],
            "addresses": [line for line in said("ip", "-o", "address") if set(line.split()) & self.bridges],
            "docker ps -a": sorted(self.containers & set(docker("ps", "-aq", "--no-trunc"))),
            "docker network ls": sorted(self.networks & set(docker("network", "ls", "-q", "--no-trunc"))),
            "docker volume ls": sorted(self.volumes & set(docker("volume", "ls", "-q"))),
        }
        return {what: there for what, there in found.items() if there}


def said(*command: str) -> list[str]:
    """The lines of a command."""
    done = subprocess.run(
        command, env={**os.environ, "DOCKER_HOST": ADDRESS}, capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


def docker(*arguments: str) -> list[str]:
    """The lines of a docker command."""
    return said("docker", *arguments)


def traces(left: Leftovers) -> Traces:
    """What the run that is up has made."""
    containers = frozenset(one["Id"] for one in left.containers())
    networks = json.loads("\n".join(docker("network", "inspect", *left.networks())))
    mounted = json.loads("\n".join(docker("inspect", *containers)))
    return Traces(
        bridges=frozenset(one["Options"]["com.docker.network.bridge.name"] for one in networks),
        containers=containers,
        networks=frozenset(one["Id"] for one in networks),
        volumes=frozenset(
            mount["Name"] for one in mounted for mount in one["Mounts"] if mount["Type"] == "volume"
        ),
    )


def ends_by_down(product: Product) -> None:
    """As it should."""
    product.run("down", timeout=60)


def ends_by_the_guardian(product: Product) -> None:
    """The daemon is killed."""
    os.kill(product.lock()["pid"], signal.SIGKILL)


def ends_by_the_next_down(product: Product) -> None:
    """Daemon and guardian are killed, neither hears of the other's end."""
    pids = {one["role"]: one["pid"] for one in product.processes()}
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for role in ("daemon", "guardian"):
            os.kill(pids[role], number)
    product.run("down", timeout=60)


@pytest.mark.parametrize("end", [ends_by_down, ends_by_the_guardian, ends_by_the_next_down])
def test_nothing_is_left(product: Product, free_port: int, end: object) -> None:
    """Rules, addresses, containers, networks, anonymous volumes: none, also of a container that was replaced."""
    assert callable(end)
    product.write(TOML.replace("@port@", str(free_port)))
    left = Leftovers(product.root)
    product.run("up", "-d", "--wait", timeout=60)
    first = traces(left)
    product.run("restart", "back", timeout=60)
    second = traces(left)
    assert len(first.bridges) == 2
    assert set(second.now()) == {
        "rules",
        "addresses",
        "docker ps -a",
        "docker network ls",
        "docker volume ls",
    }
    end(product)
    kept = {"docker volume ls": ["traced_kept"]}
    for run in (first, second):
        eventually(lambda run=run: run.now() == kept, 30, lambda run=run: f"left: {run.now()}")  # type: ignore[misc]
    assert product.run("down", "--volumes", check=None).returncode in (0, 3)
    assert second.now() == {}
