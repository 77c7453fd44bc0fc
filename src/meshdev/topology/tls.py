"""TLS of an endpoint as it was written, and what comes of it on one caller's edge.

The callee either speaks TLS or it does not (`Tls.to_callee`); the mode says where it ends: it passes through to the
callee unread, it is terminated by the edge, or callers speak plain and the edge speaks it for them. A caller may have
another mode than the endpoint says. A stand-in speaks plain, whatever the service that it plays does.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from meshdev.topology.model import Endpoint, Service, System, Tls, TlsMode
from meshdev.topology.recordings import Stub

if TYPE_CHECKING:
    from meshdev.topology.file_parts import TlsTable
    from meshdev.topology.scope import Scope

_NAMES = r"(?:\*\.)?[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*"
_NAME = re.compile(rf"{_NAMES}|[0-9A-Fa-f:]+")
_IN_BAND = {"postgres": "postgres", "mysql": "mysql"}
OWN_TLS = ("TLS_CERT_FILE", "TLS_KEY_FILE", "TLS_CA_FILE")
"""Where an instance that speaks TLS finds its own certificate and key, and the authority that signed it."""
_BARE = {"https": "http", "tls": "tcp"}
_WRAPPED = {"http": "https"}
_SECURE = frozenset({TlsMode.TERMINATE, TlsMode.PASSTHROUGH})


def with_tls(scope: "Scope", keys: tuple[str, ...], table: "TlsTable | None", endpoint: Endpoint) -> Endpoint:
    """``endpoint`` with its TLS, as ``table`` at ``keys`` says; what is within TLS is its protocol then."""
    if table is None:
        return endpoint
    elsewhere = scope.table.url is not None
    mode = table.mode or (TlsMode.ORIGINATE if elsewhere else TlsMode.TERMINATE)
    tls = Tls(
        mode=mode,
        to_callee=table.upstream != "plain",
        verify=table.verify,
        ca=_file(scope, keys, table.ca),
        server_name=table.server_name or "",
        names=table.names,
    )
    if not tls.to_callee and mode is not TlsMode.TERMINATE:
        scope.complain(
            (*keys, "upstream"),
            f'"plain" stands beside mode = "{mode}"',
            "a callee that speaks plain has no TLS",
        )
    if table.ca is not None and not table.verify:
        scope.complain((*keys, "ca"), "stands beside verify = false", "write one of them")
    for key, written in (("names", table.names), ("server_name", (table.server_name,))):
        for name in filter(None, written):
            if not _NAME.fullmatch(name):
                scope.complain((*keys, key), f'"{name}" is no host name', 'such as "payments.example"')
    if endpoint.protocol in _IN_BAND and mode is not TlsMode.PASSTHROUGH:
        scope.complain(
            keys,
            f"{endpoint.protocol} agrees on TLS within its own protocol, which passes as it is",
            "leave tls out; for figures have clients on this machine do without it (sslmode=disable)",
        )
    protocol = (
        endpoint.protocol if mode is TlsMode.PASSTHROUGH else _BARE.get(endpoint.protocol, endpoint.protocol)
    )
    return replace(endpoint, tls=tls, protocol=protocol)


def _file(scope: "Scope", keys: tuple[str, ...], written: str | None) -> Path | None:
    if written is None:
        return None
    path = scope.folder(written)
    if not path.is_file():
        scope.complain((*keys, "ca"), f'there is no file "{written}"', f"looked for {path}")
    return path


def tls_on(caller: Service | None, callee: Service, endpoint: Endpoint) -> Tls | None:
    """TLS on the edge from ``caller`` (None: from outside) to ``endpoint``; None where none is spoken."""
    rules = caller.edges.get(callee.name) if caller is not None else None
    wish = rules.tls if rules is not None else None
    written = endpoint.tls
    if written is None:
        return Tls(TlsMode.TERMINATE, to_callee=False) if wish is TlsMode.TERMINATE else None
    mode = wish or written.mode
    if mode is TlsMode.PASSTHROUGH and isinstance(callee.run, Stub):
        mode = TlsMode.TERMINATE
    if mode is not TlsMode.TERMINATE and not written.to_callee:
        return None
    return replace(written, mode=mode)


def is_secure(caller: Service | None, callee: Service, endpoint: Endpoint) -> bool:
    """Whether the caller speaks TLS on that edge."""
    tls = tls_on(caller, callee, endpoint)
    return tls is not None and tls.mode in _SECURE


def is_secure_as_written(endpoint: Endpoint) -> bool:
    """The same, for callers that have no mode of their own."""
    return endpoint.tls is not None and endpoint.tls.mode in _SECURE


def as_spoken(endpoint: Endpoint, tls: Tls | None) -> Endpoint:
    """``endpoint`` as its edge sees it: what passes through in TLS is TLS, whatever is in it."""
    if tls is None or tls.mode is not TlsMode.PASSTHROUGH:
        return endpoint
    return replace(endpoint, protocol=_WRAPPED.get(endpoint.protocol, "tls"))


def speakers(system: System) -> Iterator[Service]:
    """The nodes that need a certificate: TLS is spoken by them, or for them."""
    for callee in system.services.values():
        wished = any(
            callee.name in caller.edges and caller.edges[callee.name].tls is TlsMode.TERMINATE
            for caller in system.services.values()
        )
        if wished or any(endpoint.tls is not None for endpoint in callee.endpoints):
            yield callee
