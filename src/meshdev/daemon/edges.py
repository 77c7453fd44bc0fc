"""Which edges a system has, and how a caller finds them: pure, from the topology alone.

A caller's environment names each of its edges: ``PAYMENTS_URL``, ``PAYMENTS_HOST``, ``PAYMENTS_PORT``; endpoints
other than the first add their name (``PAYMENTS_ADMIN_URL``). Brokers and databases go by their own name
(``brokers.events`` is ``EVENTS_URL``).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from meshdev.daemon.database_urls import database_port, moved
from meshdev.daemon.names import PROXY_PORT, finds_by_name, inner_port, shares_no_network, within_reach
from meshdev.topology import model
from meshdev.topology.container import Container
from meshdev.topology.model import Endpoint, Process, PublishedPort, Service, System, Tls
from meshdev.topology.template import Address, addresses_in, parse_address
from meshdev.topology.tls import as_spoken, tls_on
from meshdev.wire.mesh import EdgeKey, Remote

OUTSIDE = "outside"
LOOPBACK = "127.0.0.1"

_DEFAULT_PORTS = {"http": 80, "https": 443}
_SCHEMES = {
    "none": "",
    "tcp": "tcp",
    "http": "http",
    "http2": "http",
    "grpc": "http",
    "postgres": "postgresql",
}
_SECURE_SCHEMES = {
    "http": "https",
    "tcp": "tls",
    "redis": "rediss",
    "amqp": "amqps",
    "mqtt": "mqtts",
    "nats": "tls",
    "ldap": "ldaps",
    "smtp": "smtps",
}


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Where a callee that runs elsewhere is dialled, and how it is called then; None: as it is here."""

    host: str
    port: int
    remote: Remote | None = None


@dataclass(frozen=True, slots=True)
class Edge:
    """One edge: its key, the endpoint that it leads to, the fixed port if it is published on one.

    A ``latent`` one has no listener: its caller's name proxy leads there. That proxy is one of these, too: ``names``
    are the hosts that it knows. ``inner`` is the port on which a caller with a network of its own finds the edge; such
    an edge has its listener there, also when it is latent. ``foreign`` is the owner of the database that it leads to,
    where that is not the caller. ``tls`` says how TLS is spoken on it; what passes through unread has TLS's protocol.
    """

    key: EdgeKey
    endpoint: Endpoint
    port: int | None = None
    declared: bool = True
    latent: bool = False
    inner: int = 0
    names: Mapping[str, EdgeKey] = field(default_factory=dict)
    foreign: str = ""
    tls: Tls | None = None


def edges_of(system: System) -> dict[EdgeKey, Edge]:
    """Every edge that needs a listener: declared calls and uses, and published ports."""
    found: dict[EdgeKey, Edge] = {}
    for caller in system.services.values():
        for callee in callees(system, caller):
            for endpoint in callee.endpoints:
                key = EdgeKey(caller.name, callee.name, endpoint.name)
                declared = callee.name in caller.calls or callee.name in caller.uses
                inner = inner_port(callee, endpoint) if finds_by_name(caller) else 0
                found[key] = Edge(key, endpoint, declared=declared, inner=inner)
        if finds_by_name(caller):
            _add_within_reach(system, caller, found)
    for caller in system.services.values():
        if caller.proxy_env:
            _add_named(system, caller, found)
    for callee in system.services.values():
        by_name = {endpoint.name: endpoint for endpoint in callee.endpoints}
        for published in callee.ports:
            endpoint = by_name[published.endpoint]
            key = front_of(callee, published)
            found[key] = Edge(key, endpoint, published.port)
    return {key: _marked(system, edge) for key, edge in found.items()}


def _marked(system: System, edge: Edge) -> Edge:
    """With its TLS, and the owner of what it leads to, if that is somebody else's; who is outside takes nothing."""
    callee = system.services.get(edge.key.callee)
    if callee is not None:
        tls = tls_on(system.services.get(edge.key.caller), callee, edge.endpoint)
        edge = replace(edge, tls=tls, endpoint=as_spoken(edge.endpoint, tls))
    owner = callee.owner if callee is not None else ""
    inside = edge.key.caller in system.services
    return replace(edge, foreign=owner) if owner and inside and edge.key.caller != owner else edge


def front_of(callee: Service, published: PublishedPort) -> EdgeKey:
    """The edge behind a published port; an endpoint's second port and later ones are told apart by their number."""
    first = next(port for port in callee.ports if port.endpoint == published.endpoint)
    caller = OUTSIDE if published == first else f"{OUTSIDE}:{published.port}"
    return EdgeKey(caller, callee.name, published.endpoint)


def proxy_of(caller: str) -> EdgeKey:
    """The key of a caller's name proxy."""
    return EdgeKey(caller, "", "proxy")


def _add_named(system: System, caller: Service, found: dict[EdgeKey, Edge]) -> None:
    """The caller's name proxy, and the edges that it adds to those which the caller declares."""
    names: dict[str, EdgeKey] = {}
    by_name = sorted(system.services.values(), key=lambda node: "." in node.name)  # services before brokers
    for callee in by_name:
        name = callee.name.rpartition(".")[2].lower()
        if name in names or not has_edges(callee):
            continue
        for endpoint in callee.endpoints:
            key = EdgeKey(caller.name, callee.name, endpoint.name)
            found.setdefault(key, Edge(key, endpoint, declared=False, latent=True))
            if name not in names or (endpoint.protocol == "http" and not _is_http(found[names[name]])):
                names[name] = key
            if endpoint.port is not None:
                names[f"{name}:{endpoint.port}"] = key
    key = proxy_of(caller.name)
    inner = PROXY_PORT if shares_no_network(caller) else 0
    found[key] = Edge(key, Endpoint("proxy", "proxy"), inner=inner, names=names)


def _add_within_reach(system: System, caller: Service, found: dict[EdgeKey, Edge]) -> None:
    """Whom one who finds others by name could call without having said so."""
    for callee in within_reach(system, caller):
        if has_edges(callee):
            for endpoint in callee.endpoints:
                key = EdgeKey(caller.name, callee.name, endpoint.name)
                inner = inner_port(callee, endpoint)
                edge = Edge(key, endpoint, declared=False, latent=True, inner=inner)
                found.setdefault(key, edge)


def _is_http(edge: Edge) -> bool:
    return edge.endpoint.protocol == "http"


def callees(system: System, caller: Service) -> Iterator[Service]:
    """The nodes that ``caller`` reaches over edges, each once."""
    names = dict.fromkeys((*caller.calls, *caller.uses, *_named_in_templates(caller)))
    for name in names:
        callee = system.services.get(name)
        if callee is not None and has_edges(callee):
            yield callee


def known_to(system: System, caller: Service) -> dict[str, Service]:
    """Whom ``caller``, if it finds others by name, finds: declared callees first, then whoever is within reach."""
    nodes = (*callees(system, caller), *filter(has_edges, within_reach(system, caller)))
    return {node.name: node for node in nodes}


def has_edges(callee: Service) -> bool:
    """Whether it is reached over edges: what runs elsewhere is, if that can be; else it is reached as it is."""
    return not isinstance(callee.run, model.Remote) or elsewhere(callee) is not None


def elsewhere(callee: Service) -> Elsewhere | None:
    """Where a callee with an HTTP URL is, or a database whose URL names one host; None for all others."""
    if not isinstance(callee.run, model.Remote) or not callee.endpoints:
        return None
    parts = urlsplit(callee.run.url)
    if callee.kind is model.Kind.DATABASE and (port := database_port(callee.run.url)):
        return Elsewhere(parts.hostname or "", port)
    if parts.scheme not in _DEFAULT_PORTS or callee.endpoints[0].protocol != "http":
        return None
    authority = parts.netloc.rpartition("@")[2]
    port = parts.port or _DEFAULT_PORTS[parts.scheme]
    remote = Remote(authority, parts.path.rstrip("/"), parts.scheme == "https")
    return Elsewhere(parts.hostname or "", port, remote)


def _named_in_templates(caller: Service) -> Iterator[str]:
    texts = [*caller.environment.values()]
    if isinstance(caller.run, Process):
        texts += caller.run.argv
    if isinstance(caller.run, Container):
        texts += [*(caller.run.command or ()), *(caller.run.entrypoint or ())]
    for text in texts:
        for reference in addresses_in(text):
            address = parse_address(reference)
            if isinstance(address, Address):
                yield address.node


def url_for(endpoint: Endpoint, port: int, host: str = LOOPBACK, *, secure: bool = False) -> str:
    """Where ``endpoint`` is reached: on this machine, or by the name that a container knows; ``secure`` by TLS."""
    scheme = _SCHEMES.get(endpoint.protocol, endpoint.protocol)
    if secure:
        scheme = _SECURE_SCHEMES.get(scheme, scheme)
    return f"{scheme}://{host}:{port}"


def url_of(
    callee: Service, endpoint: Endpoint, port: int, host: str = LOOPBACK, *, secure: bool = False
) -> str:
    """The same for a callee: where that runs elsewhere as a database, with user, name and options of its own URL."""
    if callee.kind is model.Kind.DATABASE and isinstance(callee.run, model.Remote):
        return moved(callee.run.url, host, port)
    return url_for(endpoint, port, host, secure=secure)


def variables(
    callee: Service, endpoint: Endpoint, port: int, host: str = LOOPBACK, *, secure: bool = False
) -> dict[str, str]:
    """What a caller's environment says of one edge."""
    prefix = variable_prefix(callee, endpoint)
    return {
        f"{prefix}_URL": url_of(callee, endpoint, port, host, secure=secure),
        f"{prefix}_HOST": host,
        f"{prefix}_PORT": str(port),
    }


def variable_prefix(callee: Service, endpoint: Endpoint) -> str:
    """``PAYMENTS``, or ``PAYMENTS_ADMIN`` for an endpoint that is not the first."""
    name = callee.name.rpartition(".")[2]
    first = callee.endpoints and callee.endpoints[0].name == endpoint.name
    return _upper(name) if first else f"{_upper(name)}_{_upper(endpoint.name)}"


def port_variable(service: Service, endpoint: Endpoint) -> str:
    """The variable in which an instance finds the port to listen on: ``PORT``, or ``PORT_ADMIN``."""
    first = service.endpoints[0].name == endpoint.name
    return "PORT" if first else f"PORT_{_upper(endpoint.name)}"


def _upper(name: str) -> str:
    return re.sub(r"[^A-Z0-9]+", "_", name.upper())
