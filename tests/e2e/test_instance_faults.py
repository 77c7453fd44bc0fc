"""Faults of instances, end to end: they end with the daemon whatever becomes of it, and stand in nobody's way."""

import json
import os
import signal
import socket
import sys
import time
from pathlib import Path

import pytest

from meshdev.runners.faketime import find_library
from support_product import Product, alive, eventually

pytestmark = [pytest.mark.e2e, pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")]

SYSTEM = """
[services.front]
command = "@python@ @programs@/server.py"
endpoints = { http = {} }
calls = ["back"]

[services.back]
command = "@python@ @programs@/server.py"
endpoints = { http = {} }
"""


def up(product: Product) -> None:
    """Two services, running."""
    product.write(SYSTEM)
    product.run("up", "-d", "--wait")


def burning(product: Product) -> list[int]:
    """The programs that faults run beside this project's instances."""
    run = product.lock()["run_id"].encode()
    return [pid for pid in _pids() if b"burden.py" in _read(pid, "cmdline") and run in _read(pid, "environ")]


def state(product: Product, service: str) -> str:
    """``T``: stopped."""
    pid = product.status()[service]["instances"][0]["pid"]
    return _read(pid, "stat").rpartition(b")")[2].split()[0].decode()


def _pids() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""


def test_a_daemon_that_is_killed_leaves_no_fault_behind(product: Product) -> None:
    """SIGKILL while one service stands still and the other is burdened: the guardian ends all of it."""
    up(product)
    product.run("fault", "add", "front", "cpu=20%,cores=1")
    product.run("fault", "add", "front", "memory=8m")
    product.run("fault", "add", "back", "pause")
    eventually(lambda: state(product, "back") == "T")
    eventually(lambda: len(burning(product)) == 2)
    beside = burning(product)
    os.kill(product.lock()["pid"], signal.SIGKILL)
    product.wait_gone()
    eventually(lambda: not any(alive(pid) for pid in beside))


def test_down_does_not_wait_for_what_stands_still(product: Product) -> None:
    """Nor for burdens: everything is gone well within the grace."""
    up(product)
    product.run("fault", "add", "front", "cpu=20%,cores=1")
    product.run("fault", "add", "back", "pause")
    eventually(lambda: state(product, "back") == "T")
    beside = eventually(lambda: burning(product))
    began = time.monotonic()
    product.run("down")
    assert time.monotonic() - began < 8.0  # the grace alone is 10
    product.wait_gone()
    assert not any(alive(pid) for pid in beside)


def test_unready_is_seen_and_ends(product: Product) -> None:
    """The status says why, callers wait; it is over with the fault, and it was counted."""
    up(product)
    product.run("fault", "add", "--name", "aside", "back", "unready")
    eventually(lambda: product.status()["back"]["health"] == "unhealthy")
    assert "because of a fault" in product.status()["back"]["why"]
    (fault,) = json.loads(product.run("fault", "list", "--json").stdout)
    assert fault["hits"] == 1
    edges = json.loads(product.run("edges", "--json").stdout)
    port = next(edge["port"] for edge in edges if edge["callee"] == "back")
    with socket.create_connection(("127.0.0.1", port)) as caller:
        caller.sendall(b"GET /healthz HTTP/1.1\r\nHost: back\r\n\r\n")
        caller.settimeout(0.5)
        with pytest.raises(TimeoutError):
            caller.recv(1)
        product.run("fault", "rm", "aside")
        caller.settimeout(10.0)
        assert caller.recv(100).startswith(b"HTTP/1.1 200")
    eventually(lambda: product.status()["back"]["health"] != "unhealthy")


def test_a_slow_start_and_what_cannot_be(product: Product) -> None:
    """Restarted, the program comes later; a fault that cannot be done is refused with the way out."""
    up(product)
    product.run("fault", "add", "--name", "late", "back", "slow-start=1h")
    product.run("restart", "back", "--no-wait", check=None)
    eventually(lambda: "sleep" in _commands(product))
    product.run("fault", "rm", "late")
    eventually(lambda: "sleep" not in _commands(product))
    refused = product.run("fault", "add", "back", "clock-skew=soon", check=None)
    assert refused.returncode != 0
    assert '"+1h"' in refused.stderr


@pytest.mark.skipif(find_library() is None, reason="libfaketime is not here")
def test_another_time_for_as_long_as_it_is_asked_for(product: Product) -> None:
    """The service restarts into it, serves, and restarts out of it."""
    up(product)

    def skewed() -> bool:
        shown = product.status()["back"]
        return shown["phase"] == "running" and b"FAKETIME=+3600" in _read(
            shown["instances"][0]["pid"], "environ"
        )

    product.run("fault", "add", "--name", "ahead", "back", "clock-skew=+1h")
    eventually(skewed)
    product.run("fault", "rm", "ahead")
    eventually(lambda: product.status()["back"]["phase"] == "running" and not skewed())


def _commands(product: Product) -> set[str]:
    run = product.lock()["run_id"].encode()
    return {_read(pid, "comm").decode().strip() for pid in _pids() if run in _read(pid, "environ")}
