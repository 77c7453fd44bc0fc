"""From a `Launch` command to a running process: ports held, environment built, output connected.

What runs elsewhere (`Remote`) is up as soon as it is wanted: its edges lead there, and there is nothing to start. A
stand-in (`Stub`) is a process of ours; it gets nothing of the service's own environment but its ports.
Containers are another room's (`containers.room`).
"""

import asyncio
import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from meshdev.daemon.containers.room import ContainerRoom
from meshdev.daemon.edges import LOOPBACK, Elsewhere, elsewhere
from meshdev.daemon.environment import (
    PortOf,
    address_lookup,
    outer_environment,
    port_variables,
    service_environment,
)
from meshdev.daemon.names import inner_port, process_names
from meshdev.daemon.naming.room import Entered, NameRoom
from meshdev.daemon.stand_ins import stand_in_argv
from meshdev.errors import MeshdevError
from meshdev.lifecycle.model import Event, Gone, Incarnation, Launched, LaunchFailed
from meshdev.runners.ports import HeldPort, PortPool
from meshdev.runners.probe import ProbePlace
from meshdev.runners.process import LaunchSpec, ProcessRunner
from meshdev.topology.container import Container
from meshdev.topology.model import Endpoint, Names, Process, Remote, Service, System
from meshdev.topology.recordings import Stub
from meshdev.topology.template import resolve

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Launcher:
    """Starts incarnations; knows which ports each of them listens on until it is `forget`-ten.

    ``adapt`` is what faults change about a start. ``containers`` launches those; ``names`` has ready what a process
    needs that finds others by name, which takes a moment. ``tls`` names whom a service trusts, and who it is.

    A service that once needed a second attempt gets its ports loosely held from then on: it may be one that cannot
    bind over a held port, and a reload's candidate has no second attempt.
    """

    runner: ProcessRunner
    pool: PortPool
    port_of: PortOf
    post: Callable[[Event], None]
    containers: ContainerRoom
    names: NameRoom
    base: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    adapt: Callable[[Incarnation, LaunchSpec], LaunchSpec] = lambda _, spec: spec
    tls: Callable[[System, Service], Mapping[str, str]] = lambda _, __: {}
    _stand_ins: set[Incarnation] = field(default_factory=set)
    _ports: dict[Incarnation, dict[str, int]] = field(default_factory=dict)
    _loose: set[str] = field(default_factory=set)
    _specs: dict[Incarnation, LaunchSpec] = field(default_factory=dict)
    _elsewhere: dict[Incarnation, Elsewhere | None] = field(default_factory=dict)
    _nets: dict[Incarnation, str] = field(default_factory=dict)
    _added: dict[Incarnation, Mapping[str, str]] = field(default_factory=dict)
    _entering: dict[Incarnation, asyncio.Task[None]] = field(default_factory=dict)

    def launch(self, system: System, ref: Incarnation, attempt: int) -> None:
        """Start ``ref``; the runner reports `Launched`, or `LaunchFailed` is posted with the reason."""
        try:
            service = system.services[ref.service]
            if isinstance(service.run, Remote):
                self._elsewhere[ref] = elsewhere(service)
                self.post(Launched(ref, 0))
                return
            if isinstance(service.run, Container):
                self.containers.launch(system, service, ref)
                return
            if process_names(service) is not Names.ENV:
                entering = self._enter(system, service, ref, attempt)
                self._entering[ref] = asyncio.get_running_loop().create_task(entering, name=f"launch {ref}")
                return
            self._start(system, service, ref, attempt, Entered())
        except Exception as error:  # noqa: BLE001 -- whatever it is, the core must not wait for this launch for ever
            self._fail(ref, error)

    async def _enter(self, system: System, service: Service, ref: Incarnation, attempt: int) -> None:
        """Have names ready, then start."""
        try:
            entered = await self.names.enter(system, service, ref)
            self._start(system, service, ref, attempt, entered)
        except Exception as error:  # noqa: BLE001 -- as above
            self._fail(ref, error)
        finally:
            self._entering.pop(ref, None)

    def _start(
        self, system: System, service: Service, ref: Incarnation, attempt: int, entered: Entered
    ) -> None:
        held: dict[str, HeldPort] = {}
        try:
            if entered.net:
                self._nets[ref] = entered.net
                self._ports[ref] = {one.name: inner_port(service, one) for one in service.endpoints}
            else:
                for endpoint in service.endpoints:
                    held[endpoint.name] = self._hold(endpoint)
                self._ports[ref] = {name: port.port for name, port in held.items()}
            spec = self._spec(system, service, ref, held)
            self._added[ref] = added = entered.added_to(spec.env)
            self._specs[ref] = spec = replace(spec, within=entered.within, env={**spec.env, **added})
            if attempt > 1:
                self._loose.add(ref.service)
            self.runner.launch(ref, self.adapt(ref, spec), 2 if ref.service in self._loose else attempt)
        except Exception:
            for port in held.values():
                port.release()
            raise

    def _fail(self, ref: Incarnation, error: Exception) -> None:
        self.forget(ref)
        self.post(LaunchFailed(ref, _reason(error)))

    def let_go(self, ref: Incarnation) -> bool:
        """Be done with ``ref`` if there is no process to end; False when there is.

        There is none where it runs elsewhere, or where it has not started yet.
        """
        entering = self._entering.pop(ref, None)
        if entering is not None:
            entering.cancel()
        elif ref not in self._elsewhere:
            return False
        self.post(Gone(ref))
        return True

    def environment(self, system: System, service: Service, ports: Mapping[str, int]) -> dict[str, str]:
        """What an incarnation of ``service`` with these ``ports`` sees, less its marks."""
        whose = self.tls if isinstance(service.run, Process) else self.containers.trusted
        tls = whose(system, service)
        return service_environment(
            system, service, base=self.base, port_of=self.port_of, ports=ports, tls=tls
        )

    def added(self, ref: Incarnation) -> Mapping[str, str]:
        """What the environment of ``ref`` has besides, so that it finds others by name."""
        return self._added.get(ref, {})

    def probe_place(self, ref: Incarnation, service: Service) -> ProbePlace:
        """Where an exec or file probe of ``ref`` acts: as the instance itself would."""
        if self.containers.runner.knows(ref):
            return self.containers.probe_place(ref, service)
        spec = self._specs[ref]
        dial = partial(self.names.socket_in, ref) if ref in self._nets else None
        return ProbePlace(cwd=spec.cwd, env=spec.env, within=spec.within, socket=dial)

    def ports(self, ref: Incarnation) -> Mapping[str, int]:
        """The ports of an incarnation by endpoint name; empty when it has none or is gone."""
        return self._ports.get(ref) or self.containers.ports(ref)

    def host(self, ref: Incarnation) -> str:
        """The address on which they are."""
        return self.containers.host(ref) or LOOPBACK

    async def close(self) -> None:
        """Start nothing more."""
        for entering in self._entering.values():
            entering.cancel()
        await asyncio.gather(*self._entering.values(), return_exceptions=True)

    def net(self, ref: Incarnation) -> str:
        """The name of the network that it has of its own; empty for most."""
        return self._nets.get(ref, "")

    def table(self, ref: Incarnation) -> Path | None:
        """The kernel's table of connections of that network; None for those who share this machine's."""
        if ref not in self._nets:
            return None
        return Path(f"/proc/{next(iter(self.runner.pids(ref)), 0)}/net/tcp")

    def is_stand_in(self, ref: Incarnation) -> bool:
        """Whether a recording plays it."""
        return ref in self._stand_ins

    def elsewhere(self, ref: Incarnation) -> Elsewhere | None:
        """Where an incarnation is that runs elsewhere and is reached over edges; None for all others."""
        return self._elsewhere.get(ref)

    def forget(self, ref: Incarnation) -> None:
        """``ref`` is gone; its ports may be given to others."""
        self._ports.pop(ref, None)
        self._specs.pop(ref, None)
        self._stand_ins.discard(ref)
        self._added.pop(ref, None)
        if self._nets.pop(ref, None) is not None:
            self.names.leave(ref)
        self._elsewhere.pop(ref, None)
        self.containers.forget(ref)

    def _hold(self, endpoint: Endpoint) -> HeldPort:
        return self.pool.hold() if endpoint.port is None else self.pool.hold_fixed(endpoint.port)

    def _spec(
        self, system: System, service: Service, ref: Incarnation, held: Mapping[str, HeldPort]
    ) -> LaunchSpec:
        if isinstance(service.run, Stub):
            self._stand_ins.add(ref)
            return LaunchSpec(
                argv=stand_in_argv(system, service, service.run),
                cwd=system.root,
                env={**outer_environment(self.base), **port_variables(service, self._ports[ref])},
                ports=tuple(held.values()),
                limits=service.limits,
            )
        if not isinstance(service.run, Process):
            sort = type(service.run).__name__.lower()
            raise MeshdevError(f"{service.name}: this version starts processes and containers, not {sort}s")
        ports = self._ports[ref]
        environment = self.environment(system, service, ports)
        addresses = address_lookup(system, service, self.port_of)
        own = port_variables(service, ports)
        return LaunchSpec(
            argv=tuple(resolve(word, addresses, own=own) for word in service.run.argv),
            shell=service.run.shell,
            cwd=service.working_dir,
            env=environment,
            ports=tuple(held.values()),
            listens=next(iter(ports.values()), 0),
            limits=service.limits,
        )


def _reason(error: Exception) -> str:
    if isinstance(error, MeshdevError):
        return f"{error.message} ({error.hint})" if error.hint else error.message
    if isinstance(error, OSError):
        return f"cannot start: {error.strerror}"
    log.error("a launch failed in a way that nobody thought of", exc_info=error)
    return f"cannot start: {error!r}"
