"""By which names and ports a caller knows the others, if it knows them by name: pure, from the topology alone.

A container, or a process with names (`Service.names`), calls others by name (``http://payments:8080``).
Every node has a name for it: declared callees, and all others that it could reach (where networks are written, those
that share one with it); calls to the latter are undeclared edges. The port is the one that the callee insists on, else
its protocol's usual one.
"""

from collections.abc import Iterator
from typing import Final

from meshdev.topology.container import Container
from meshdev.topology.model import Endpoint, Names, Process, Service, System
from meshdev.topology.tls import is_secure_as_written

PROXY_NAME: Final = "proxy.meshdev.internal"
PROXY_PORT: Final = 3128
WEB_PORT: Final = 80
WEB_PORT_TLS: Final = 443
_FIRST_PORT = 8080
_USUAL = {
    "https": 8443,
    "grpc": 50051,
    "postgres": 5432,
    "mysql": 3306,
    "redis": 6379,
    "nats": 4222,
    "kafka": 9092,
    "amqp": 5672,
    "mqtt": 1883,
    "mongodb": 27017,
    "memcached": 11211,
    "smtp": 25,
    "ldap": 389,
}
_OWN = frozenset({"", "bridge", "default", "slirp4netns", "pasta"})


def is_container(service: Service) -> bool:
    """Whether it runs in a container."""
    return isinstance(service.run, Container)


def has_own_network(service: Service) -> bool:
    """Whether it is a container that does not share its network with the host or with another one."""
    return isinstance(service.run, Container) and service.run.namespaces.network in _OWN


def shares_no_network(service: Service) -> bool:
    """Whether this machine's loopback is none of its own: a container, or a process in a pod."""
    return has_own_network(service) or process_names(service) is Names.POD


def finds_by_name(service: Service) -> bool:
    """Whether it finds others by their names, on the ports that they are known by."""
    return has_own_network(service) or process_names(service) is not Names.ENV


def process_names(service: Service) -> Names:
    """How a process finds others; ENV for whatever is none (a stand-in in its place, a container)."""
    return service.names if isinstance(service.run, Process) else Names.ENV


def inner_port(callee: Service, endpoint: Endpoint) -> int:
    """On which port callers by name find this endpoint, and on which one it listens in a network of its own."""
    own = endpoint.port or endpoint.known_as
    if own is not None:
        return own
    usual = _usual(endpoint)
    alike = [
        one for one in callee.endpoints if _usual(one) == usual and one.port is None and one.known_as is None
    ]
    return usual + [one.name for one in alike].index(endpoint.name)


def _usual(endpoint: Endpoint) -> int:
    by_tls = endpoint.protocol == "http" and is_secure_as_written(endpoint)
    return _USUAL.get("https" if by_tls else endpoint.protocol, _FIRST_PORT)


def host_name(system: System, callee: Service) -> str:
    """The name by which callers know it: ``payments``; ``events`` for ``brokers.events``, if no service has it."""
    short = callee.name.rpartition(".")[2]
    taken = short != callee.name and short in system.services
    return (callee.name if taken else short).lower()


def names_of(system: System, caller: Service, callee: Service) -> tuple[str, ...]:
    """All names of ``callee`` for this caller: its own, its aliases in networks that both are in, links to it."""
    found = dict.fromkeys((host_name(system, callee),))
    if isinstance(callee.run, Container):
        shared = set(networks_of(caller)) & set(networks_of(callee))
        if callee.run.container_name:
            found[callee.run.container_name] = None
        for link in callee.run.networks:
            if link.network in shared:
                found.update(dict.fromkeys(link.aliases))
    if isinstance(caller.run, Container):
        found.update(
            dict.fromkeys(name for target, name in caller.run.links if target == callee.name and name)
        )
    return tuple(found)


def networks_of(service: Service) -> tuple[str, ...]:
    """The networks that a container is written to be in; empty where none are."""
    run = service.run
    return tuple(link.network for link in run.networks) if isinstance(run, Container) else ()


def within_reach(system: System, caller: Service) -> Iterator[Service]:
    """Whom this caller could call by name, itself left out."""
    own = set(networks_of(caller))
    for callee in system.services.values():
        others = set(networks_of(callee))
        if (
            callee.name != caller.name
            and callee.endpoints
            and not (own and others and own.isdisjoint(others))
        ):
            yield callee
