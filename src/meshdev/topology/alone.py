"""One service alone: itself real, every service that it calls played out of recordings. Pure.

Its databases and brokers are real, too, but with data of their own: nothing that the whole system keeps is touched.
What must have completed before it (migrations) runs. Nothing is published on a fixed port, so the whole system may run
beside.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from meshdev.errors import UsageError
from meshdev.topology.model import EmbeddedFile, Kind, Process, Remote, Service, System
from meshdev.topology.nearest import did_you_mean
from meshdev.topology.recordings import Stub
from meshdev.topology.stand_ins import played, unplayable

_DATA = (".meshdev", "data")


def alone(system: System, service: str, recordings: tuple[str, ...], root: Path) -> System:
    """``system`` as ``service`` alone needs it, with its data below ``root``. Raises UsageError."""
    if service not in system.services:
        hint = did_you_mean(service, system.services, what="services")
        raise UsageError(f"no service is called {service!r}", hint=hint)
    if not isinstance(system.services[service].run, Process):
        raise UsageError(f"{service} is no process of this machine, so there is nothing to test alone")
    kept = _kept(system, service)
    moved = _mover(str(system.root.joinpath(*_DATA)), str(root.joinpath(*_DATA)))
    services: dict[str, Service] = {}
    for name in system.services:
        if name in kept:
            stub = None if kept[name] else Stub(recordings)
            services[name] = _changed(system.services[name], stub, kept, moved)
    return replace(
        system,
        name=f"{system.name} ({service} alone)",
        services=services,
        embedded={name: _with_own_data(one, moved) for name, one in system.embedded.items()},
        prometheus="",
        toxiproxy="",
        faults={},
        experiments={},
        warnings=(),
    )


def _kept(system: System, service: str) -> dict[str, bool]:
    """Who is there: True for those that are real."""
    kept: dict[str, bool] = {service: True}
    todo = [service]
    while todo:
        node = system.services[todo.pop()]
        for name in (*node.uses, *node.calls, *(one.target for one in node.depends_on)):
            other = system.services.get(name)
            if other is None or name in kept:
                continue
            kept[name] = other.kind is not Kind.SERVICE or other.one_shot or bool(unplayable(other))
            if kept[name]:
                todo.append(name)
    return kept


def _changed(
    service: Service, stub: Stub | None, kept: Mapping[str, bool], moved: Callable[[str], str]
) -> Service:
    if stub is not None and not isinstance(service.run, Remote):
        service = played(service, stub)
    elif stub is not None:
        service = replace(service, run=stub, depends_on=())
    run = service.run
    if isinstance(run, Process):
        run = replace(run, argv=tuple(map(moved, run.argv)))
    return replace(
        service,
        run=run,
        ports=(),
        depends_on=tuple(one for one in service.depends_on if one.target in kept),
        environment={name: moved(value) for name, value in service.environment.items()},
        watch=(),
        replicas=1,
    )


def _with_own_data(one: EmbeddedFile, moved: Callable[[str], str]) -> EmbeddedFile:
    return replace(one, path=Path(moved(str(one.path))), url=moved(one.url))


def _mover(before: str, after: str) -> Callable[[str], str]:
    def moved(text: str) -> str:
        return text.replace(before, after)

    return moved
