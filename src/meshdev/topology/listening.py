"""Endpoints and published ports of one node, from `protocol`, `port`, `endpoints` and `ports`.

Without any of them a node has one endpoint: http, on ``$PORT``. It has none if it says ``protocol = "none"`` or
``endpoints = {}``, and by default if it runs once and ends.
"""

import re
from dataclasses import replace
from urllib.parse import urlsplit

from meshdev.topology.engine_protocols import ENGINE_PROTOCOLS
from meshdev.topology.model import Endpoint, PublishedPort
from meshdev.topology.nearest import did_you_mean
from meshdev.topology.scope import Scope
from meshdev.topology.tls import with_tls

PROTOCOLS = frozenset(
    [
        "http",
        "https",
        "http2",
        "grpc",
        "tcp",
        "tls",
        "postgres",
        "mysql",
        "redis",
        "nats",
        "kafka",
        "amqp",
        "mqtt",
        "mongodb",
        "memcached",
        "smtp",
        "ldap",
    ]
)
_URL_PORTS = {
    "http": 80,
    "https": 443,
    "postgres": 5432,
    "redis": 6379,
    "nats": 4222,
    "amqp": 5672,
    "mysql": 3306,
}
_PUBLISHED = re.compile(
    r"(?:(?P<host>[A-Za-z][^:]*|[0-9]+\.[^:]*|\[[^\]]*\]):)?(?P<port>\d{1,5})(?::(?P<inside>[A-Za-z0-9_-]+))?(?:/tcp)?"
)
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


def endpoints_of(scope: Scope, *, one_shot: bool, engine: str) -> tuple[Endpoint, ...]:
    """What the node listens on."""
    table = scope.table
    if table.endpoints is not None:
        for key in ("protocol", "port", "tls"):
            if getattr(table, key) is not None:
                scope.complain(
                    (key,), "stands beside endpoints", f"write {key} within an endpoint, or no endpoints"
                )
        return tuple(
            with_tls(
                scope,
                ("endpoints", name, "tls"),
                entry.tls,
                Endpoint(
                    name, _protocol(scope, ("endpoints", name, "protocol"), entry.protocol, name), entry.port
                ),
            )
            for name, entry in table.endpoints.items()
        )
    if table.protocol == "none":
        for key in ("port", "ports", "tls"):
            if getattr(table, key):
                scope.complain(
                    (key,), 'stands beside protocol = "none"', "a node that listens has a protocol"
                )
        return ()
    if table.url is not None:
        return tuple(with_tls(scope, ("tls",), table.tls, one) for one in _remote(scope, table.url))
    if one_shot and not (table.protocol or table.port or table.ports or table.tls):
        return ()
    default = "http" if scope.section == "services" else ENGINE_PROTOCOLS.get(engine, "tcp")
    protocol = _protocol(scope, ("protocol",), table.protocol, default)
    return (with_tls(scope, ("tls",), table.tls, Endpoint(protocol, protocol, table.port)),)


def published(
    scope: Scope, endpoints: tuple[Endpoint, ...]
) -> tuple[tuple[PublishedPort, ...], tuple[Endpoint, ...]]:
    """The published ports, and the endpoints with the inner ports that they name."""
    found: list[PublishedPort] = []
    for index, text in enumerate(scope.table.ports or ()):
        match = _PUBLISHED.fullmatch(text)
        if match is None or not 1 <= int(match["port"]) <= 65535:  # noqa: PLR2004 -- the highest port
            scope.complain(("ports", index), f'found "{text}", accepted: "8080:http", "8080:80" or 8080')
            continue
        if match["host"] and match["host"] not in _LOOPBACK:
            hint = f'write "{match["port"]}:{match["inside"] or "http"}"'
            scope.complain(("ports", index), f'found "{text}": ports are published on loopback only', hint)
            continue
        if not endpoints:
            scope.complain(("ports", index), "there is no endpoint to publish", 'give it protocol = "http"')
            continue
        endpoint, endpoints = _inside(scope, index, match["inside"], endpoints)
        if endpoint is not None:
            found.append(PublishedPort(int(match["port"]), endpoint))
    return tuple(found), endpoints


def _inside(
    scope: Scope, index: int, inside: str | None, endpoints: tuple[Endpoint, ...]
) -> tuple[str | None, tuple[Endpoint, ...]]:
    """The endpoint that ``inside`` names; a number is the port that the program listens on, as in Compose."""
    if inside is None:
        return endpoints[0].name, endpoints
    names = [endpoint.name for endpoint in endpoints]
    if not inside.isdecimal():
        if inside in names:
            return inside, endpoints
        hint = did_you_mean(inside, names, what="endpoints")
        scope.complain(("ports", index), f'there is no endpoint "{inside}"', hint)
        return None, endpoints
    for endpoint in endpoints:
        if endpoint.port == int(inside):
            return endpoint.name, endpoints
    if endpoints[0].port is None and 1 <= int(inside) <= 65535:  # noqa: PLR2004 -- the highest port
        return endpoints[0].name, (replace(endpoints[0], port=int(inside)), *endpoints[1:])
    scope.complain(
        ("ports", index), f"no endpoint listens on port {inside}", f"endpoints: {', '.join(names)}"
    )
    return None, endpoints


def _protocol(scope: Scope, keys: tuple[str, ...], written: str | None, default: str) -> str:
    if written is None:
        return default if default in PROTOCOLS else "http"
    if written not in PROTOCOLS:
        hint = did_you_mean(written, {*PROTOCOLS, "none"}, what="accepted")
        scope.complain(keys, f'found "{written}" (string), accepted: a protocol', hint)
    return written


def _remote(scope: Scope, url: str) -> tuple[Endpoint, ...]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if not parts.scheme or not parts.hostname:
        scope.complain(("url",), f'found "{url}" (string), accepted: a URL such as "https://staging.example"')
    scheme = {"postgresql": "postgres", "https": "http"}.get(
        parts.scheme, parts.scheme
    )  # TLS is the edge's business
    protocol = scope.table.protocol or (scheme if scheme in PROTOCOLS else "tcp")
    return (Endpoint(protocol, protocol, scope.table.port or port or _URL_PORTS.get(parts.scheme)),)
