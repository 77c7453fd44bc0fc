"""The pytest plugin as its users have it: a project, a test file, and pytest in a process of its own."""

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from support_product import Product, eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

SYSTEM = """
[system]
name = "pair"

[services.front]
command = "@python@ @programs@/passer.py"
healthcheck = "/healthz"
calls = ["back"]
ports = ["@port@:http"]

[services.back]
command = "@python@ @programs@/server.py"
healthcheck = "/healthz"

[faults.slow-back]
edge = "front -> back"
latency = "300ms"
"""

ALL = """
import time
import pytest


def test_calls_are_counted_since_the_test_began(mesh):
    with mesh.http("front") as client:
        assert client.get("/a").status_code == 200
        assert mesh.edge("front -> back").requests == 1
        assert client.get("/b").status_code == 200
    edge = mesh.edge("front -> back")
    assert (edge.requests, edge.errors) == (2, 0)
    assert [call.target for call in edge.calls] == ["/a", "/b"]


def test_a_fault_lasts_as_long_as_its_block(mesh):
    assert mesh.edge("front -> back").requests == 0
    with mesh.http("front") as client:
        with mesh.fault("front -> back", status=503) as fault:
            assert client.get("/").status_code == 503
            assert fault.hits == 1
        assert client.get("/").status_code == 200
        assert mesh.edge("front -> back").errors == 1


def test_a_named_fault_of_the_topology(mesh):
    with mesh.http("front") as client, mesh.fault("slow-back"):
        begin = time.perf_counter()
        assert client.get("/").status_code == 200
        assert time.perf_counter() - begin >= 0.3


def test_scoped_faults_leave_others_alone(mesh):
    import httpx
    with mesh.fault("front -> back", scoped=True, status=500), mesh.http("front") as mine:
        assert mine.get("/mine").status_code == 500
        assert httpx.get(mesh.url("front") + "/other", trust_env=False).status_code == 200


def test_what_passes_in_a_block_is_recorded(mesh):
    with mesh.http("front") as client, mesh.record("block", "front -> back") as recorded:
        client.get("/a?password=hunter2-hunter2")
    assert recorded.name == "block"
    (call,) = recorded.exchanges
    assert call.request.target.startswith("/a?password=")
    assert "hunter2" not in call.request.target


def test_accidents(mesh):
    before = mesh.service("back").instances[0].generation
    mesh.kill("back")
    mesh.wait_healthy("back")
    mesh.restart("back")
    assert mesh.service("back").instances[0].generation > before
    with mesh.pause("back"), mesh.http("front", timeout=0.5) as client:
        with pytest.raises(Exception):
            client.get("/")
    with mesh.http("front") as client:
        assert client.get("/").status_code == 200
    with mesh.stopped("back"), mesh.http("front") as client:
        assert client.get("/").status_code in (502, 503)


def test_waiting(mesh):
    with mesh.http("front") as client:
        client.get("/")
    mesh.edge("front -> back").until(lambda edge: edge.requests == 1)
    with pytest.raises(AssertionError, match="requests 1"):
        mesh.edge("front -> back").until(lambda edge: edge.requests == 2, timeout=0.05)


def test_a_misspelt_edge_is_told(mesh):
    with pytest.raises(Exception, match="there is no edge"):
        mesh.edge("front -> bcak")


async def test_all_that_again_with_a_loop(amesh):
    async with amesh.fault("front -> back", status=503), await amesh.http("front") as client:
        assert (await client.get("/")).status_code == 503
    await amesh.until("front -> back", lambda edge: edge.errors == 1)
    await amesh.kill("back")
    await amesh.wait_healthy()
"""


def pytest_run(product: Product, source: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Pytest over ``source`` in the project, as its developers would run it."""
    (product.root / "test_system.py").write_text(textwrap.dedent(source), "utf-8")
    settings = "[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n"
    (product.root / "pytest.ini").write_text(settings, "utf-8")
    options = ("-p", "no:randomly", "-p", "no:cacheprovider", *options)
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *options],
        cwd=product.root,
        env={name: value for name, value in product.env().items() if not name.startswith("PYTEST")},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


@pytest.fixture
def pair(product: Product, free_tcp_port: int) -> Product:
    """Two services, one calling the other."""
    product.write(SYSTEM.replace("@port@", str(free_tcp_port)))
    return product


def test_everything_that_a_test_can_hold(pair: Product) -> None:
    """The system is started for the tests, and nothing of it is left when they are over."""
    ran = pytest_run(pair, ALL)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "9 passed" in ran.stdout
    pair.wait_gone()


def test_a_running_system_is_attached_to_and_stays(pair: Product) -> None:
    """Whoever started it wants to have it; also with --mesh-attach, which starts nothing."""
    refused = pytest_run(pair, "def test(mesh): pass", "--mesh-attach")
    assert refused.returncode == 1
    assert "does not run" in refused.stdout
    pair.run("up", "-d", "--wait")
    ran = pytest_run(pair, "def test(mesh): assert mesh.url('front')", "--mesh-attach")
    assert ran.returncode == 0, ran.stdout
    assert pair.status()["front"]["health"] == "healthy"


def test_workers_of_xdist_share_one_system(pair: Product) -> None:
    """Faults of one are not seen by the other; the last one brings the system down."""
    source = """
    import pytest

    @pytest.mark.parametrize("number", range(6))
    def test_only_mine(mesh, number):
        with mesh.http("front") as client:
            for _ in range(5):
                assert client.get("/").status_code == 200
            with mesh.fault("front -> back", status=500 + number):
                assert {client.get("/").status_code for _ in range(5)} == {500 + number}
    """
    ran = pytest_run(pair, source, "-n", "2")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "6 passed" in ran.stdout
    pair.wait_gone()


def test_a_test_run_that_is_killed_leaves_no_fault_behind(pair: Product, tmp_path: Path) -> None:
    """Its lease is not renewed any more."""
    source = f"""
    import os
    def test(mesh):
        mesh.fault("front -> back", status=503).__enter__()
        open({str(tmp_path / "on")!r}, "w").close()
        os.kill(os.getpid(), 9)
    """
    pair.run("up", "-d", "--wait")
    ran = pytest_run(pair, source)
    assert ran.returncode < 0
    assert (tmp_path / "on").exists()

    def over() -> bool:
        return not any(fault["on"] for fault in json.loads(pair.run("fault", "list", "--json").stdout))

    assert not over()
    eventually(over, 30)


def test_without_the_fixture_nothing_of_meshdev_is_read(tmp_path: Path) -> None:
    """The plugin costs other test suites nothing."""
    (tmp_path / "test_other.py").write_text(
        "import sys\ndef test(): assert 'meshdev.client' not in sys.modules\n"
    )
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout
