"""A node that somebody else plays: a recording, or what runs elsewhere. It keeps its name, its edges and its ports.

A stand-in needs nobody (`depends_on`), is asked for nothing but an open port (its recordings may not have the
healthcheck's route), has no files to watch, and is one: the order of recorded answers lies in one place. It listens on
``$PORT``, whatever port the service insists on, so that the two can be there at once while one follows the other.
"""

import re
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from meshdev.topology.model import (
    Endpoint,
    Healthcheck,
    ProbeKind,
    ReloadStrategy,
    Remote,
    Service,
)
from meshdev.topology.recordings import Stub

if TYPE_CHECKING:
    from meshdev.topology.scope import Scope

GRPC = "grpc"
PLAYED = frozenset({"http", GRPC})
"""Protocols that a recording can answer."""


def played(service: Service, stub: Stub) -> Service:
    """``service`` played out of recordings."""
    first = played_endpoints(service)[:1]
    check = [Healthcheck(ProbeKind.TCP, one.name, one.name, implied=True) for one in first]
    return replace(
        service,
        run=stub,
        depends_on=(),
        healthcheck=check[0] if check else None,
        watch=(),
        replicas=1,
        reload=ReloadStrategy.ROLLING,
        endpoints=tuple(
            replace(endpoint, port=None, known_as=endpoint.port) for endpoint in service.endpoints
        ),
    )


def reached(service: Service, url: str) -> Service:
    """``service`` reached at ``url`` instead of being run."""
    return replace(service, run=Remote(url), depends_on=(), healthcheck=None, watch=(), replicas=1)


def played_endpoints(service: Service) -> tuple[Endpoint, ...]:
    """The endpoints that a stand-in can answer on."""
    return tuple(endpoint for endpoint in service.endpoints if endpoint.protocol in PLAYED)


def unplayable(service: Service) -> str:
    """Why nobody else can play ``service``; empty when somebody can."""
    if service.one_shot:
        return "it runs once and ends"
    if not service.endpoints:
        return "it listens on nothing"
    spoken = [endpoint.protocol for endpoint in service.endpoints if endpoint.protocol not in PLAYED]
    return f"it speaks {spoken[0]}, and only HTTP and gRPC can be played" if spoken else ""


def is_http_url(text: str) -> bool:
    """Whether it is a whole ``http://`` or ``https://`` URL."""
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def without_credentials(url: str) -> str:
    """A URL as it may be shown, and as it is asked: names and passwords in it are sent nowhere."""
    return re.sub(r"(?<=://)[^/@]*@", "", url)


def complain_of_stub(scope: "Scope", service: Service) -> None:
    """A ``stub`` where nothing can be played."""
    if reason := unplayable(service):
        scope.complain(("stub",), f"cannot be played out of a recording: {reason}")
