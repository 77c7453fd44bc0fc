"""A service as another profile of its file has it: the same one in a container, or as a process.

Only how it runs is taken from there. Whom it calls, how often it is there and where it is published stay as they are:
its callers and callees see one service that changes its clothes.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from meshdev.errors import TopologyError
from meshdev.topology.assembly import read_all
from meshdev.topology.container import Container
from meshdev.topology.load import load
from meshdev.topology.model import Process, Service, System
from meshdev.topology.template import SECTIONS


def variant(
    system: System, name: str, kind: type[Process | Container], *, environ: Mapping[str, str]
) -> Service | None:
    """The service ``name`` of ``system`` run as ``kind`` by the first profile that does so; None when none does.

    Profiles are tried beside the active ones, in the file's order; first the file without any. Reads the file; raises
    TopologyError when the only ones that name the service have problems.
    """
    trouble: TopologyError | None = None
    for profiles in _tries(system, name):
        try:
            found = load(system.file, profiles=profiles, environ=environ, overrides=system.overrides)
        except TopologyError as error:
            trouble = error
            continue
        service = found.services.get(name)
        if service is not None and isinstance(service.run, kind):
            return _worn(system.services[name], service)
    if trouble is not None:
        raise trouble
    return None


def _tries(system: System, name: str) -> Iterator[Sequence[str]]:
    yield ()
    if system.is_compose:  # its profiles only choose services
        return
    section, _, key = name.rpartition(".")
    overlays = read_all(system.file).tree.get("profiles", {})
    for profile, overlay in overlays.items():
        if profile not in system.profiles and key in overlay.get(section or SECTIONS[0], {}):
            yield (*system.profiles, profile)


def _worn(now: Service, found: Service) -> Service:
    return replace(
        found,
        calls=now.calls,
        uses=now.uses,
        edges=now.edges,
        publishes=now.publishes,
        subscribes=now.subscribes,
        ports=now.ports,
        replicas=now.replicas,
        depends_on=now.depends_on,
        start=now.start,
        profiles=now.profiles,
    )
