"""`meshdev up` and what the first minutes bring: readiness, truth of exit codes, reload, apply, two of everything."""

import json
import os
import signal
import socket
import urllib.request
from pathlib import Path

import pytest

from support_product import Product, eventually

pytestmark = pytest.mark.e2e

PAIR = """
[system]
name = "pair"

[services.front]
command = "@python@ @programs@/server.py one"
healthcheck = "/healthz"
calls = ["back"]
ports = ["@port@:http"]
watch = { paths = ["src/**/*.txt"] }

[services.back]
command = "@python@ @programs@/server.py"
healthcheck = "/healthz"
depends_on = { setup = "completed" }

[services.setup]
command = "echo prepared"
one_shot = true
"""


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def ask(port: int, path: str = "/") -> str:
    """What the server behind a published port says."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as reply:
        body: bytes = reply.read()
        return body.decode().strip()


def pair(product: Product) -> int:
    """Start the pair; the published port."""
    port = free_port()
    product.write(PAIR.replace("@port@", str(port)))
    (product.root / "src").mkdir()
    product.run("up", "-d", "--wait")
    return port


def test_wait_ends_when_everything_is_healthy(product: Product) -> None:
    """`up -d --wait` exits 0 with every service ready, the one-shot completed, and the published port answering."""
    port = pair(product)

    status = product.status()

    assert {name: (view["phase"], view["health"]) for name, view in status.items()} == {
        "front": ("running", "healthy"),
        "back": ("running", "healthy"),
        "setup": ("exited", "unknown"),
    }
    assert ask(port) == "front-0@1 one"


def test_status_has_the_promised_shape(product: Product) -> None:
    """Every field that scripts rely on is there, with its type."""
    pair(product)
    eventually(lambda: product.status()["front"]["instances"][0]["rss_bytes"])

    view = product.status()["front"]
    instance = view["instances"][0]

    kinds: dict[str, type | tuple[type, ...]] = {
        "name": str, "phase": str, "health": str, "desired": str, "why": str, "restarts": int, "instances": list,
    }  # fmt: skip
    inner: dict[str, type | tuple[type, ...]] = {
        "id": str, "generation": int, "pid": int, "port": int, "phase": str, "health": str,
        "since": (int, float), "cpu_percent": (int, float), "rss_bytes": int,
    }  # fmt: skip
    assert [key for key, kind in kinds.items() if not isinstance(view[key], kind)] == []
    assert [key for key, kind in inner.items() if not isinstance(instance[key], kind)] == []


@pytest.mark.parametrize(
    ("service", "reason"),
    [
        ('command = "no-such-program"', "command not found: no-such-program"),
        ('command = "sh -c \'echo oops; exit 3\'"\nrestart = "no"', "exit code 3"),
        (
            'command = "sleep 60"\nhealthcheck = { file = "never", ready_timeout = "300ms" }\nrestart = "no"',
            "not ready",
        ),
    ],
    ids=["not found", "exits at once", "never ready"],
)
def test_wait_fails_with_the_reason(product: Product, service: str, reason: str) -> None:
    """`up -d --wait` exits with 1 and says why when a service cannot become ready."""
    product.write(f'[system]\nname = "bad"\n[services.bad]\nendpoints = {{}}\n{service}\n')

    done = product.run("up", "-d", "--wait", "--timeout", "20", check=1)

    assert reason in done.stderr


def test_a_bad_file_is_refused_at_once(product: Product) -> None:
    """All errors, each with its line, exit code 2, and nothing is started."""
    product.write(
        '[system]\nname = "x"\n[services.a]\ncomand = "x"\n[services.b]\ncommand = "x"\ncalls = ["c"]\n'
    )

    done = product.run("up", "-d", check=2)

    assert "meshdev.toml:4" in done.stderr
    assert 'did you mean "command"?' in done.stderr
    assert "meshdev.toml:7" in done.stderr
    product.wait_gone()


def test_no_file_says_how_to_get_one(product: Product) -> None:
    """`up` in a folder without a topology points to `meshdev init`."""
    assert "meshdev init" in product.run("up", check=2).stderr


def test_up_again_applies_only_the_difference(product: Product) -> None:
    """A changed file restarts what changed, starts what is new, stops what left, and keeps the rest."""
    pair(product)
    before = {
        name: view["instances"][0]["pid"] for name, view in product.status().items() if view["instances"]
    }
    text = (product.root / "meshdev.toml").read_text()
    changed = text.replace("server.py one", "server.py two").replace("[services.setup]", "[services.prepare]")
    changed = changed.replace('setup = "completed"', 'prepare = "completed"')
    (product.root / "meshdev.toml").write_text(changed)

    plan = {
        step["service"]: step["action"] for step in json.loads(product.run("plan", "--json").stdout)["steps"]
    }
    product.run("up", "-d", "--wait")

    after = {
        name: view["instances"][0]["pid"] for name, view in product.status().items() if view["instances"]
    }
    assert plan == {"front": "restart", "back": "update", "prepare": "start", "setup": "stop"}
    assert after["back"] == before["back"]
    assert after["front"] != before["front"]
    assert set(product.status()) == {"front", "back", "prepare"}


def test_a_save_reloads_behind_the_same_port(product: Product) -> None:
    """A watched file changes: a new incarnation answers on the same published port, and the file is named."""
    port = pair(product)

    (product.root / "src" / "page.txt").write_text("new")

    eventually(lambda: ask(port) == "front-0@2 one")
    reload = eventually(lambda: product.status()["front"]["last_reload"])
    assert (reload["files"], reload["outcome"]) == (["src/page.txt"], "done")


def test_a_reload_that_fails_leaves_the_old_one_serving(product: Product) -> None:
    """New code that does not start never replaces old code that runs, and the error is shown."""
    port = free_port()
    program = product.root / "app.py"
    good = (Path(__file__).parent / "programs" / "server.py").read_text()
    program.write_text(good)
    product.write(
        '[system]\nname = "roll"\n[services.app]\ncommand = "@python@ app.py"\nhealthcheck = "/healthz"\n'
        f'ports = ["{port}:http"]\nwatch = {{ paths = ["app.py"] }}\n'
    )
    product.run("up", "-d", "--wait")

    program.write_text("raise SystemExit('broken')\n")

    reload = eventually(
        lambda: (product.status()["app"]["last_reload"] or {}).get("outcome") == "rolled back"
    )
    assert reload
    assert ask(port) == "app-0@1"
    assert "broken" in product.run("logs", "app").stdout
    program.write_text(good)
    eventually(lambda: ask(port) != "app-0@1")


def test_two_ups_in_one_project_share_one_daemon(product: Product) -> None:
    """The second `up` finds the first one's daemon."""
    pair(product)
    first = product.lock()["pid"]

    product.run("up", "-d", "--wait")

    assert product.lock()["pid"] == first


def test_two_projects_do_not_meet(product: Product, tmp_path: Path) -> None:
    """The same topology in two folders runs twice at once; each has its own ports and its own down."""
    toml = '[system]\nname = "twin"\n[services.a]\ncommand = "@python@ @programs@/server.py"\n'
    other = Product(tmp_path / "other", tmp_path / "other-pids", product.environ)
    for project in (product, other):
        project.root.mkdir(exist_ok=True)
        project.pids.mkdir(exist_ok=True)
        project.write(toml)
        project.run("up", "-d", "--wait")
    try:
        ports = [project.status()["a"]["instances"][0]["port"] for project in (product, other)]
        product.run("down")
        assert ports[0] != ports[1]
        assert other.status()["a"]["health"] == "healthy"
    finally:
        other.end()


def test_scale_up_and_down(product: Product) -> None:
    """`scale` starts further replicas behind the same edge, and ends them again."""
    port = pair(product)

    product.run("scale", "front=3")
    eventually(lambda: [one["health"] for one in product.status()["front"]["instances"]] == ["healthy"] * 3)
    eventually(lambda: {ask(port) for _ in range(9)} == {f"front-{slot}@{slot + 1} one" for slot in range(3)})
    product.run("scale", "front=1")

    eventually(lambda: len(product.status()["front"]["instances"]) == 1)
    assert ask(port) == "front-0@1 one"


def test_a_crash_is_restarted_and_counted(product: Product) -> None:
    """An instance is killed: it comes back behind the same port, and the restart is counted."""
    port = pair(product)
    os.kill(product.status()["front"]["instances"][0]["pid"], signal.SIGKILL)

    eventually(lambda: product.status()["front"]["restarts"] == 1)
    eventually(lambda: product.status()["front"]["health"] == "healthy")

    assert ask(port).startswith("front-0@2")
