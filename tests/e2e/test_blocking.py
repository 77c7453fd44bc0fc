"""The daemon under blockbuster: whatever its clients ask and whatever happens, its loop is never blocked."""

import os
import signal
from pathlib import Path

import pytest

from support_product import Product, eventually

pytestmark = pytest.mark.e2e

TESTS = Path(__file__).parent.parent
SYSTEM = """
[services.front]
command = "@python@ @programs@/server.py"
healthcheck = "/healthz"
calls = ["back"]
uses = ["databases.store"]
ports = ["@port@:http"]
watch = { paths = ["src/**/*.txt"] }
stop = { grace = "1s" }

[services.back]
command = "@python@ @programs@/server.py"
healthcheck = { exec = "true" }
depends_on = { setup = "completed" }
stop = { grace = "1s" }

[services.setup]
command = "echo prepared"
one_shot = true

[services.absent]
command = "no-such-program"
restart = "no"

[databases.store]
owner = "front"
"""


@pytest.fixture
def guarded(product: Product, tmp_path: Path) -> Path:
    """Has meshdev's processes guarded; the folder in which each of them leaves its pid."""
    found = tmp_path / "guarded"
    found.mkdir()
    path = os.pathsep.join([str(TESTS / "e2e" / "guard"), str(TESTS)])
    product.environ |= {"PYTHONPATH": path, "GUARDED": str(found)}
    return found


def test_nothing_blocks_the_daemons_loop(product: Product, guarded: Path, free_port: int) -> None:
    """A day's work on a daemon that fails at every blocking call: all is answered, and its log knows of none."""
    (product.root / "src").mkdir()
    product.write(SYSTEM.replace("@port@", str(free_port)))
    product.run("up", "-d", "--wait", check=1)  # one is absent
    eventually(lambda: product.status()["front"]["health"] == "healthy")
    own = {view["pid"] for view in product.processes()}
    assert own <= {int(file.name) for file in guarded.iterdir()}

    for arguments in (
        ["why", "absent"],
        ["env", "front"],
        ["graph"],
        ["plan"],
        ["version"],
        ["scale", "back=3"],
    ):
        product.run(*arguments)
    product.run("restart", "front")
    os.kill(product.status()["front"]["instances"][0]["pid"], signal.SIGKILL)
    eventually(lambda: product.status()["front"]["restarts"] >= 1)
    eventually(lambda: product.status()["front"]["health"] == "healthy")
    (product.root / "src" / "page.txt").write_text("new")
    eventually(lambda: (product.status()["front"]["last_reload"] or {}).get("outcome") == "done")
    text = (product.root / "meshdev.toml").read_text("utf-8")
    (product.root / "meshdev.toml").write_text(
        text.replace('"no-such-program"', '"sleep 60"\nprotocol = "none"')
    )
    product.run("up", "-d", "--wait")
    log = (product.root / ".meshdev" / "daemon.log").read_text("utf-8")
    product.run("down")

    assert "Blocking" not in log, log
    assert "Traceback" not in log, log
