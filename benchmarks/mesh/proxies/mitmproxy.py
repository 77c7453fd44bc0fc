"""mitmproxy (PyPI): mitmdump as a reverse proxy, quiet."""

import subprocess
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

from benchmarks.mesh.proxies.base import Proxy, Route, Running, child, free_ports, packaged
from benchmarks.tools.base import Unfit

_PACKAGE: Final = "mitmproxy>=11"
_MOST_ROUTES: Final = 50


class Mitmproxy(Proxy):
    """Large bodies are streamed: it would keep them in memory otherwise."""

    name = "mitmproxy"

    def version(self) -> str:
        """As it says itself."""
        said = subprocess.run([self._program(), "--version"], capture_output=True, text=True, check=True)
        return said.stdout.split()[1]

    def serving(self, folder: Path, routes: Sequence[Route]) -> AbstractContextManager[Running]:
        """A mode for each route."""
        if len(routes) > _MOST_ROUTES:
            raise Unfit(f"not meant for {len(routes)} routes in one process")
        ports = free_ports(len(routes))
        command = [self._program(), "-q", "--set", "stream_large_bodies=64k", "--set", f"confdir={folder}"]
        for port, route in zip(ports, routes, strict=True):
            command += ["--mode", f"reverse:{route.kind}://127.0.0.1:{route.upstream}@127.0.0.1:{port}"]
        return child(command, folder, ports)

    def _program(self) -> str:
        return packaged("mitmdump", _PACKAGE)
