"""Containers and processes in one system, started as a user would: edges, reloads, failures, and nothing left."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from support_docker import BASE, Leftovers
from support_load import load_on, rate
from support_product import Product, eventually

pytestmark = [pytest.mark.e2e, pytest.mark.docker, pytest.mark.timeout(300)]

SERVING = 'command = ["sh", "-c", "echo $$HOSTNAME > /www/index.html; exec httpd -f -p 8080 -h /www"]'
MIXED = f'''
[system]
name = "mixed"

[services.left]
image = "{BASE}"
port = 8080
{SERVING}
healthcheck = {{ http = "/index.html", interval = "200ms" }}
stop = {{ grace = "300ms" }}
ports = ["@port@:http"]

[services.right]
image = "{BASE}"
port = 8080
{SERVING}
healthcheck = {{ http = "/index.html", interval = "200ms" }}
stop = {{ grace = "300ms" }}

[services.native]
command = "@python@ @programs@/server.py"
healthcheck = "/healthz"
calls = ["right"]

[services.caller]
image = "{BASE}"
protocol = "none"
command = ["sh", "-c", """
while :; do wget -qO- http://left:8080/ http://right:8080/; wget -qO- $$NATIVE_URL/healthz; sleep 0.2; done
"""]
calls = ["left", "native"]
stop = {{ grace = "300ms" }}
'''

STEADY = (Path(__file__).parent / "programs" / "steady.py").read_text()
BUSY = f"""
[system]
name = "busy"

[services.app]
image = "{BASE}"
command = ["{sys.base_prefix}/bin/python3", "/project/app.py"]
environment = {{ BIND = "0.0.0.0" }}
volumes = [
  "/usr:/usr:ro", "/lib:/lib:ro", "/lib64:/lib64:ro", "{sys.base_prefix}:{sys.base_prefix}:ro", ".:/project:ro",
]
init = true
healthcheck = {{ http = "/healthz", interval = "200ms", timeout = "2s" }}
ports = ["@port@:http"]
watch = {{ paths = ["app.py"] }}
"""
BUILT = """
[system]
name = "built"

[services.app]
build = "app"
port = 8080
ports = ["@port@:http"]
healthcheck = { http = "/", interval = "200ms" }
stop = { grace = "300ms" }
watch = { paths = ["app"], action = "rebuild" }
"""


def page(port: int) -> bytes:
    """What a published port answers."""
    answer: bytes = urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10).read()
    return answer


@pytest.fixture
def left(product: Product) -> Iterator[Leftovers]:
    """What the engine has of the project; nothing at the end, bridges and all."""
    found = Leftovers(product.root)
    before = found.bridges()
    yield found
    product.run("down", "--volumes", check=None)
    assert found.none()
    assert not set(found.bridges()) - set(before) or os.environ.get("PYTEST_XDIST_WORKER")


def edges(product: Product) -> dict[str, int]:
    """Requests by edge, ``caller -> callee``."""
    found = json.loads(product.run("edges", "--json").stdout)
    return {f"{one['caller']} -> {one['callee']}": one["requests"] for one in found}


def test_every_edge_is_seen(product: Product, left: Leftovers, free_port: int) -> None:
    """Two on one port told apart, declared or not; containers call processes and the other way round."""
    product.write(MIXED.replace("@port@", str(free_port)))
    product.run("up", "-d", "--wait")
    eventually(lambda: all(edges(product).get(f"caller -> {name}") for name in ("left", "right", "native")))

    assert page(free_port) == b"left\n"
    env = json.loads(product.run("env", "native", "--json").stdout)["environment"]
    assert page(int(env["RIGHT_PORT"])) == b"right\n"
    eventually(lambda: (edges(product)["outside -> left"], edges(product)["native -> right"]) == (1, 1))
    known = {one["callee"]: one["declared"] for one in json.loads(product.run("edges", "--json").stdout)}
    assert (known["left"], known["native"]) == (True, True)
    assert {one["Labels"]["dev.meshdev.service"] for one in left.containers()} == {"left", "right", "caller"}
    said = product.run("logs", "caller").stdout
    assert "left" in said
    assert "right" in said


def test_a_reload_fails_no_request(product: Product, left: Leftovers, free_port: int) -> None:
    """New containers beside old ones, behind the edge, under load: with this machine's own Python in them."""
    (product.root / "app.py").write_text(STEADY)
    product.write(BUSY.replace("@port@", str(free_port)))
    product.run("up", "-d", "--wait")
    with load_on(free_port, per_second=rate()) as load:
        for save in range(2):
            (product.root / "app.py").write_text(f"{STEADY}\n# {save}\n")
            eventually(lambda generation=save + 2: reloaded(product, generation), 40)  # type: ignore[misc]
    assert load.failed == {}
    assert load.ok == load.sent
    assert load.answered_by.keys() == {"app-0@1", "app-0@2", "app-0@3"}
    eventually(lambda: len(left.of("app")) == 1)


def reloaded(product: Product, generation: int) -> bool:
    """Whether the only instance that serves is of this generation, and the reload is done."""
    app = product.status()["app"]
    serving = [one["generation"] for one in app["instances"] if one["role"] == "serving"]
    return (app["last_reload"] or {}).get("outcome") == "done" and serving == [generation]


def test_an_image_is_built_anew(product: Product, left: Leftovers, free_port: int) -> None:
    """When files of its context change; a build that fails leaves the old one serving."""
    app = product.root / "app"
    app.mkdir()
    dockerfile = f'FROM {BASE}\nCOPY page /www/index.html\nCMD ["httpd","-f","-p","8080","-h","/www"]\n'
    (app / "Dockerfile").write_text(dockerfile)
    (app / "page").write_text("first")
    product.write(BUILT.replace("@port@", str(free_port)))
    product.run("up", "-d", "--wait", timeout=90)
    assert page(free_port) == b"first"
    (app / "page").write_text("second")
    eventually(lambda: page(free_port) == b"second", 60)
    (app / "Dockerfile").write_text(f"FROM {BASE}\nRUN echo no such thing >&2; exit 3\n")
    eventually(lambda: product.status()["app"]["last_reload"]["outcome"] == "rolled back", 60)
    assert "no such thing" in product.status()["app"]["last_reload"]["detail"]
    assert page(free_port) == b"second"
    eventually(lambda: len(left.of("app")) == 1)


WATCHED = """
[system]
name = "watched"

[services.app]
build = "app"
protocol = "none"
command = ["sh", "-c", "while :; do sleep 0.1; done"]
stop = { grace = "200ms" }
watch = [
  { base = "app", paths = ["pages"], action = "sync", target = "/app", initial_sync = true },
  { base = "app", paths = ["conf"], action = "sync+restart", target = "/app" },
  { base = "app", paths = ["hooks"], action = "sync+exec: cp /app/hooks/x /app/ran", target = "/app" },
]
"""


def test_saved_files_reach_containers(product: Product, left: Leftovers) -> None:
    """Copied; copied, then replaced; copied, then a command; deleted; what .dockerignore names is left alone."""
    app = product.root / "app"
    for folder in ("pages", "conf", "hooks"):
        (app / folder).mkdir(parents=True)
        (app / folder / "x").write_text("1")
    (app / "Dockerfile").write_text(f"FROM {BASE}\nCOPY conf /app/conf\n")
    (app / ".dockerignore").write_text("**/*.md\n")
    (app / "pages" / "notes.md").write_text("mine")
    product.write(WATCHED)
    product.run("up", "-d", "--wait", timeout=90)
    first = left.of("app")[0]["Id"]

    def inside(path: str) -> str:
        return product.run("run", "app", "--", "cat", path, check=None).stdout

    assert (inside("/app/pages/x"), inside("/app/conf/x"), inside("/app/pages/notes.md")) == ("1", "1", "")
    (app / "pages" / "x").write_text("2")
    (app / "pages" / "notes.md").write_text("still mine")
    eventually(lambda: inside("/app/pages/x") == "2")
    (app / "hooks" / "x").write_text("run me")
    eventually(lambda: inside("/app/ran") == "run me")
    (app / "pages" / "x").unlink()
    eventually(lambda: inside("/app/pages/x") == "")
    assert left.of("app")[0]["Id"] == first
    (app / "pages" / "y").write_text("new")
    eventually(lambda: inside("/app/pages/y") == "new")

    (app / "conf" / "x").write_text("2")
    eventually(lambda: [one["Id"] for one in left.of("app")][-1:] not in ([], [first]), 30)
    eventually(lambda: (inside("/app/conf/x"), inside("/app/pages/y")) == ("2", "new"))
    assert inside("/app/pages/notes.md") == ""


def test_what_keeps_one_from_running_is_told(product: Product, left: Leftovers) -> None:
    """No image, a build that fails, a command that is not there, a volume that is not there: each in words."""
    (product.root / "bad").mkdir()
    (product.root / "bad" / "Dockerfile").write_text(f"FROM {BASE}\nRUN echo the reason >&2; exit 7\n")
    product.write(f"""
[system]
name = "failing"

[services.missing]
image = "meshdev-test/no-such-image:1"
pull_policy = "never"
protocol = "none"

[services.broken]
build = "bad"
protocol = "none"

[services.typo]
image = "{BASE}"
command = ["nonsense"]
protocol = "none"
restart = "no"

[services.dependent]
image = "{BASE}"
command = ["sleep", "100"]
protocol = "none"
depends_on = ["broken"]
""")
    product.run("up", "-d")
    names = ("missing", "broken", "typo", "dependent")
    eventually(lambda: all(product.status()[name]["phase"] == "gave-up" for name in names), 40)
    why = {name: product.status()[name]["why"] for name in names}
    assert why["missing"].startswith(
        "image meshdev-test/no-such-image:1 is not here, and pull_policy is never"
    )
    assert why["broken"].startswith("build failed: Step 2/2")
    assert "the reason" in why["broken"]
    assert why["typo"].startswith("command not found in the image")
    assert why["dependent"].startswith("cannot start because of broken: build failed")
    assert "the reason" in product.run("logs", "broken").stdout
    assert left.containers() == []


def test_no_engine(product: Product, tmp_path: Path) -> None:
    """Processes run all the same; the container says what is missing, and so does the doctor."""
    product.environ["DOCKER_HOST"] = f"unix://{tmp_path}/none.sock"
    product.write(f"""
[system]
name = "without"

[services.boxed]
image = "{BASE}"
protocol = "none"

[services.native]
command = "@python@ @programs@/server.py"
healthcheck = "/healthz"
""")
    product.run("up", "-d")
    eventually(lambda: product.status()["native"]["health"] == "healthy")
    eventually(lambda: product.status()["boxed"]["phase"] == "gave-up")
    assert product.status()["boxed"]["why"].startswith("there is no container engine at unix://")
    assert "install and start one" in product.run("doctor").stdout
    product.run("down")


def test_the_daemon_is_killed(product: Product, left: Leftovers, free_port: int) -> None:
    """Containers, networks and bridges go with it: the guardian removes them."""
    product.write(MIXED.replace("@port@", str(free_port)))
    product.run("up", "-d", "--wait")
    assert len(left.containers()) == 3
    os.kill(product.lock()["pid"], signal.SIGKILL)
    eventually(left.none, 30, lambda: f"{left.containers()} {left.networks()}")
    eventually(lambda: not (product.root / ".meshdev" / "engine").exists())


def test_daemon_and_guardian_are_killed(product: Product, left: Leftovers) -> None:
    """What both have left is removed by the next command."""
    product.write(f"""
[system]
name = "twice"

[services.app]
image = "{BASE}"
command = ["sleep", "1000"]
protocol = "none"
""")
    product.run("up", "-d", "--wait")
    pids = {one["role"]: one["pid"] for one in product.processes()}
    for number in (signal.SIGSTOP, signal.SIGKILL):  # first so that neither hears of the other's end
        for role in ("daemon", "guardian"):
            os.kill(pids[role], number)
    assert len(left.containers()) == 1
    assert "removed 1 container, 1 network" in product.run("down").stdout
    assert left.none()


def test_a_container_that_vanishes_is_started_again(product: Product, left: Leftovers) -> None:
    """Whoever removes it by hand: its restart policy holds."""
    product.write(f"""
[system]
name = "vanishing"

[services.app]
image = "{BASE}"
command = ["sleep", "1000"]
protocol = "none"
stop = {{ grace = "200ms" }}
""")
    product.run("up", "-d", "--wait")
    first = left.of("app")[0]["Id"]
    subprocess.run(["docker", "rm", "-f", first], check=True, capture_output=True)
    eventually(lambda: [one["Id"] for one in left.of("app")] not in ([], [first]))
    eventually(lambda: product.status()["app"]["restarts"] == 1)


def test_volumes_stay_until_they_are_told_to_go(product: Product, left: Leftovers) -> None:
    """Over restarts and `down`; `down --volumes` removes them."""
    product.write(f"""
[system]
name = "storing"

[services.app]
image = "{BASE}"
command = ["sh", "-c", "date +%N >> /store/seen; while :; do sleep 0.1; done"]
protocol = "none"
volumes = ["kept:/store"]
stop = {{ grace = "200ms" }}
""")
    seen: list[str] = []
    for _ in range(2):
        product.run("up", "-d", "--wait")
        eventually(
            lambda: product.run("run", "app", "--", "test", "-s", "/store/seen", check=None).returncode == 0
        )
        seen = product.run("run", "app", "--", "cat", "/store/seen").stdout.splitlines()
        product.run("down")
    assert len(seen) == 2
    assert left.volumes() == ["storing_kept"]
    assert "1 volume" in product.run("down", "--volumes").stdout
    assert left.volumes() == []


def test_a_published_port_that_is_taken(product: Product, left: Leftovers, free_port: int) -> None:
    """The container runs, and says who has the port."""
    with socket.create_server(("127.0.0.1", free_port)):
        product.write(MIXED.replace("@port@", str(free_port)))
        product.run("up", "-d")
        eventually(lambda: product.status()["left"]["health"] == "healthy")
        assert f"port {free_port}" in product.status()["left"]["trouble"]
        assert len(left.of("left")) == 1
    eventually(lambda: product.status()["left"]["trouble"] == "", 20)
