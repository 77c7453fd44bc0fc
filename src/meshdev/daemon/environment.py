"""The environment that an incarnation gets: pure, from the topology, the addresses and the daemon's own.

From weakest to strongest: the daemon's environment (less meshdev's own variables), what makes logs readable at once,
the way to its name proxy (``proxy_env``), whom it trusts (`certificates`), the edges, the service's own
``environment``, its ports, and the marks by which strays are found.

A container of a Compose project was written without meshdev: it gets no ``PORT``, nor ``B_URL``, ``B_HOST``, ``B_PORT``
of edges that were only inferred. Names lead it, and a program that reads ``REDIS_PORT`` means something of its own.
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from meshdev.daemon.edges import LOOPBACK, callees, has_edges, port_variable, proxy_of, url_of, variables
from meshdev.daemon.names import PROXY_NAME, finds_by_name, host_name, is_container, shares_no_network
from meshdev.errors import TopologyError
from meshdev.topology.model import Endpoint, Remote, Service, System
from meshdev.topology.template import Address, parse_address, resolve
from meshdev.topology.tls import is_secure
from meshdev.wire.mesh import EdgeKey

PortOf = Callable[[EdgeKey], int]


def tool_marks(run_id: str, project: str, role: str) -> dict[str, str]:
    """What meshdev's own processes carry, so that sweeps find them, too (the runner marks instances)."""
    return {"MESHDEV_RUN": run_id, "MESHDEV_PROJECT": project, "MESHDEV_INSTANCE": role}


def service_environment(
    system: System,
    service: Service,
    *,
    base: Mapping[str, str],
    port_of: PortOf,
    ports: Mapping[str, int],
    tls: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Everything but marks: what an incarnation of ``service`` with these ``ports`` (by endpoint) sees.

    ``tls`` names whom it shall trust and who it is itself.
    """
    environment: dict[str, str] = {}
    if not is_container(service):
        environment = outer_environment(base)
        environment["PATH"] = search_path(system.path, base.get("PATH", os.defpath))
    environment.setdefault("PYTHONUNBUFFERED", "1")
    if service.proxy_env:
        host = PROXY_NAME if shares_no_network(service) else LOOPBACK
        environment.update(proxy_variables(base, port_of(proxy_of(service.name)), host))
    environment.update(tls or {})
    environment.update(edge_variables(system, service, port_of))
    own = port_variables(service, ports)
    addresses = address_lookup(system, service, port_of)
    for name, text in service.environment.items():
        environment[name] = resolve(text, addresses, own=own)
    if not _knows_names_only(system, service):
        environment.update(own)
    return environment


def outer_environment(base: Mapping[str, str]) -> dict[str, str]:
    """What everything that is started has from outside: less what an outer run of meshdev has put there."""
    return {name: value for name, value in base.items() if not name.startswith("MESHDEV_")}


def proxy_variables(base: Mapping[str, str], port: int, host: str = LOOPBACK) -> dict[str, str]:
    """What has HTTP clients go through the name proxy; TLS too, unless the outer environment has a way of its own."""
    proxy = f"http://{host}:{port}"
    others = base.get("NO_PROXY") or base.get("no_proxy") or ""
    direct = ",".join(filter(None, ("localhost", LOOPBACK, "::1", others)))
    found = {"HTTP_PROXY": proxy, "http_proxy": proxy, "NO_PROXY": direct, "no_proxy": direct}
    if not (base.get("HTTPS_PROXY") or base.get("https_proxy")):
        found |= {"HTTPS_PROXY": proxy, "https_proxy": proxy}
    return found


def address_lookup(system: System, caller: Service, port_of: PortOf) -> Callable[[str], str]:
    """What ``${services.B.url}`` stands for in ``caller``'s texts: its own edge to B."""

    def lookup(reference: str) -> str:
        address = parse_address(reference)
        if not isinstance(address, Address):
            raise TopologyError(address.message, hint=address.hint)
        callee = system.services[address.node]
        if isinstance(callee.run, Remote) and not has_edges(callee):
            return _part_of_url(callee.run.url, address.attribute)
        endpoint = _endpoint(callee, address.endpoint)
        port = port_of(EdgeKey(caller.name, callee.name, endpoint.name))
        match address.attribute:
            case "port":
                return str(port)
            case "host":
                return found_at(system, caller, callee)
            case _:
                secure = is_secure(caller, callee, endpoint)
                return url_of(callee, endpoint, port, found_at(system, caller, callee), secure=secure)

    return lookup


def found_at(system: System, caller: Service, callee: Service) -> str:
    """The host under which ``caller`` finds its edge to ``callee``."""
    return host_name(system, callee) if finds_by_name(caller) else LOOPBACK


def _endpoint(service: Service, name: str) -> Endpoint:
    for endpoint in service.endpoints:
        if name in ("", endpoint.name):
            return endpoint
    raise TopologyError(f"{service.name} has no endpoint {name}".rstrip())


def _part_of_url(url: str, attribute: str) -> str:
    parts = urlsplit(url)
    match attribute:
        case "host":
            return parts.hostname or ""
        case "port":
            return str(parts.port or {"https": 443}.get(parts.scheme, 80))
        case "path":
            return parts.path
        case _:
            return url


def port_variables(service: Service, ports: Mapping[str, int]) -> dict[str, str]:
    """``PORT`` (and ``PORT_ADMIN`` …) for the ports by endpoint name."""
    by_name = {endpoint.name: endpoint for endpoint in service.endpoints}
    return {port_variable(service, by_name[name]): str(port) for name, port in ports.items()}


def search_path(before: tuple[Path, ...], path: str) -> str:
    """PATH with the system's own folders before it."""
    return os.pathsep.join([*(str(folder) for folder in before), path])


def edge_variables(system: System, service: Service, port_of: PortOf) -> dict[str, str]:
    """How ``service`` finds whom it calls."""
    found: dict[str, str] = {}
    inferred = {edge.callee for edge in system.inferred if edge.caller == service.name}
    for callee in callees(system, service):
        if callee.name in inferred and _knows_names_only(system, service):
            continue
        for endpoint in callee.endpoints:
            port = port_of(EdgeKey(service.name, callee.name, endpoint.name))
            at, secure = found_at(system, service, callee), is_secure(service, callee, endpoint)
            found.update(variables(callee, endpoint, port, at, secure=secure))
    for name in (*service.calls, *service.uses):
        remote = system.services.get(name)
        if remote is not None and isinstance(remote.run, Remote) and not has_edges(remote):
            found[f"{name.rpartition('.')[2].upper().replace('-', '_')}_URL"] = remote.run.url
    return found


def _knows_names_only(system: System, service: Service) -> bool:
    return system.is_compose and is_container(service)
