"""HAProxy (Debian): the reference. One thread, counters on (it has no switch for them), no log."""

import subprocess
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

from benchmarks.mesh.proxies.base import MOST_CONNECTIONS, Proxy, Route, Running, child, free_ports, program

_REMEDY: Final = "apt-get install haproxy"
_HEAD: Final = f"""global
  nbthread 1
  maxconn {MOST_CONNECTIONS}
  no strict-limits
defaults
  maxconn {MOST_CONNECTIONS}
  timeout connect 5s
  timeout client 300s
  timeout server 300s
"""
_ROUTE: Final = """frontend f{n}
  mode {kind}
  bind 127.0.0.1:{port}
  default_backend b{n}
backend b{n}
  mode {kind}
{reuse}  server s 127.0.0.1:{upstream}
"""


class HAProxy(Proxy):
    """Header additions are not configured: it forwards and counts."""

    name = "HAProxy"

    def version(self) -> str:
        """As it says itself."""
        command = [program("haproxy", _REMEDY), "-v"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[2]

    def serving(self, folder: Path, routes: Sequence[Route]) -> AbstractContextManager[Running]:
        """A frontend and a backend for each route."""
        ports = free_ports(len(routes))
        config = folder / "haproxy.cfg"
        parts = [
            _ROUTE.format(
                n=n,
                kind=route.kind,
                port=port,
                upstream=route.upstream,
                reuse="  http-reuse always\n" if route.kind == "http" else "",
            )
            for n, (port, route) in enumerate(zip(ports, routes, strict=True))
        ]
        config.write_text(_HEAD + "".join(parts), "utf-8")
        return child([program("haproxy", _REMEDY), "-db", "-f", str(config)], folder, ports)
