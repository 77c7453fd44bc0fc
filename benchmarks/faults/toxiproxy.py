"""Toxiproxy beside us, where there is one: ``toxiproxy-server`` on the PATH, over an echo service of its own."""

import json
import os
import shutil
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.mesh.proxies.base import free_ports
from benchmarks.processes import eventually

PROGRAM: Final = "toxiproxy-server"
_ECHO: Final = Path(__file__).with_name("echo.py")
_START_SECONDS: Final = 20.0


@dataclass(frozen=True, slots=True)
class Toxiproxy:
    """A running one: `http` and `raw` lead to the echo service, `pid` is the process that does the work."""

    pid: int
    http: int
    raw: int
    api: int

    @contextmanager
    def toxic(self, **attributes: Any) -> Iterator[None]:
        """A latency on both within."""
        for proxy in ("http", "raw"):
            body = {"name": "measured", "type": "latency", "attributes": attributes}
            _send(self.api, "POST", f"/proxies/{proxy}/toxics", body)
        try:
            yield
        finally:
            for proxy in ("http", "raw"):
                _send(self.api, "DELETE", f"/proxies/{proxy}/toxics/measured")


@contextmanager
def running() -> Iterator[Toxiproxy | None]:
    """One that serves, or None where there is no such program; nothing of it is left afterwards."""
    program = shutil.which(PROGRAM)
    if program is None:
        yield None
        return
    *echo, api, http, raw = free_ports(6)
    environ = {**os.environ, "PORT": str(echo[0]), "PORT_PLAIN": str(echo[1]), "PORT_RAW": str(echo[2])}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    service = subprocess.Popen([sys.executable, str(_ECHO)], env=environ)
    proxy = subprocess.Popen([program, "-port", str(api)], **quiet)  # type: ignore[call-overload]
    try:
        eventually(lambda: all(map(_listens, (api, *echo))), _START_SECONDS)
        for name, port, upstream in (("http", http, echo[0]), ("raw", raw, echo[2])):
            wanted = {"name": name, "listen": f"127.0.0.1:{port}", "upstream": f"127.0.0.1:{upstream}"}
            _send(api, "POST", "/proxies", wanted)
        yield Toxiproxy(proxy.pid, http, raw, api)
    finally:
        for process in (proxy, service):
            process.terminate()
            process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _send(api: int, method: str, path: str, body: Mapping[str, Any] | None = None) -> None:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{api}{path}", data, method=method)
    with urllib.request.urlopen(request, timeout=5.0):  # noqa: S310 - loopback
        pass
