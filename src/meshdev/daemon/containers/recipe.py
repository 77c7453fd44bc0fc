"""What one container is launched with, from the topology, its image and its network: pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from meshdev.daemon.containers.callers import OnNetwork
from meshdev.daemon.environment import PortOf, address_lookup, port_variables, service_environment
from meshdev.daemon.names import host_name, inner_port
from meshdev.errors import TopologyError
from meshdev.lifecycle.model import Incarnation
from meshdev.runners.container import labels
from meshdev.runners.container.images import Image
from meshdev.runners.container.spec import ContainerSpec
from meshdev.topology.container import Container
from meshdev.topology.model import Service, System
from meshdev.topology.template import resolve


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a launch depends on besides the service: whose run it is, its image, its network, volumes, neighbours.

    ``trust`` are variables that name files within it.
    """

    project: str
    run_id: str
    image: Image
    on_network: OnNetwork | None
    sources: Mapping[str, str]
    others: Mapping[str, str]
    trust: Mapping[str, str]


def ports_of(service: Service, image: Image | None) -> dict[str, int]:
    """On which ports a container listens, by endpoint: what the file says, what the image says, the usual."""
    exposed = image.exposed if image is not None else ()
    if len(service.endpoints) == 1 and service.endpoints[0].port is None and exposed:
        return {service.endpoints[0].name: exposed[0]}
    return {endpoint.name: inner_port(service, endpoint) for endpoint in service.endpoints}


def spec_of(
    system: System, service: Service, ref: Incarnation, port_of: PortOf, around: Surroundings
) -> ContainerSpec:
    """Everything that the engine is told."""
    container = service.run
    if not isinstance(container, Container):
        raise TopologyError(f"{service.name} is no container")
    ports = ports_of(service, around.image)
    own = port_variables(service, ports)
    addresses = address_lookup(system, service, port_of)
    on_network = around.on_network
    reachable = on_network is not None and bool(on_network.network.bridge)
    check = service.healthcheck
    environment = service_environment(
        system, service, base={}, port_of=port_of, ports=ports, tls=around.trust
    )
    marks = {
        "MESHDEV_RUN": around.run_id,
        "MESHDEV_INSTANCE": ref.id,
        "MESHDEV_GENERATION": str(ref.generation),
    }

    def resolved(words: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return None if words is None else tuple(resolve(word, addresses, own=own) for word in words)

    return ContainerSpec(
        container=replace(container, hostname=container.hostname or service.name.rpartition(".")[2][:63]),
        image=around.image.id,
        name=container_name(around.project, service.name),
        environment={**environment, **marks},
        command=resolved(container.command),
        entrypoint=resolved(container.entrypoint),
        ports=ports,
        hosts=on_network.hosts if on_network is not None else (),
        network=on_network.network.name if on_network is not None else "",
        more_networks=tuple(_external_networks(system, service)) if on_network is not None else (),
        sources=around.sources,
        others=around.others,
        limits=service.limits,
        stop_signal=container.stop_signal,
        publish=on_network is not None and not reachable,
        engine_health=check is None or check.implied,
        labels=labels.of_instance(around.project, around.run_id, ref),
    )


def container_name(project: str, service: str) -> str:
    """What names of its containers begin with."""
    return f"meshdev-{project[:6]}-{service.replace('.', '-')}"


def _external_networks(system: System, service: Service) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The engine's networks that it is in besides its own, with its names there."""
    links = service.run.networks if isinstance(service.run, Container) else ()
    for link in links:
        network = system.networks.get(link.network)
        if network is not None and network.external:
            yield network.name or network.key, (host_name(system, service), *link.aliases)
