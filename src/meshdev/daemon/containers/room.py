"""Everything of the daemon that has to do with containers, wired: engine, runner, builder, networks, volumes.

Made with every daemon, and costs nothing until the first container: no thread, no connection, no import of docker.
"""

import asyncio
import logging
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from meshdev.daemon.containers.builder import Builder
from meshdev.daemon.containers.callers import Callers, needs_network
from meshdev.daemon.containers.grants import grant_mounts, place_in_container, trust_mounts
from meshdev.daemon.containers.recipe import Surroundings, container_name, spec_of
from meshdev.daemon.containers.sync import Syncer
from meshdev.daemon.containers.watching import ContainerWatching
from meshdev.daemon.routes import Routes
from meshdev.kernel.project import ProjectPaths
from meshdev.lifecycle.model import Event, Incarnation, Level, Probed
from meshdev.runners.container import labels
from meshdev.runners.container.address import engine_address
from meshdev.runners.container.engine import Engine
from meshdev.runners.container.leftovers import forget_engine, note_engine
from meshdev.runners.container.runner import ContainerRunner, Ears, Prepared
from meshdev.runners.container.trouble import EngineError
from meshdev.runners.container.volumes import ensure_volume
from meshdev.runners.output import OutputSink
from meshdev.runners.probe import ProbePlace
from meshdev.topology.container import Container, MountKind, Volume
from meshdev.topology.model import Service, System

if TYPE_CHECKING:
    from meshdev.runners.container.images import Image

log = logging.getLogger(__name__)

Notice = Callable[[str, str, Level], None]


@dataclass(frozen=True, slots=True)
class Doors:
    """Ways out of this room: the store, the logs of instances and builds, people, the system as it is now.

    ``tell_guardian`` gets, before the first call to the engine, what it must know to clear up.
    """

    post: Callable[[Event], None]
    output: Callable[[Incarnation, str], OutputSink]
    notice: Notice
    system: Callable[[], System]
    tell_guardian: Callable[[str, str], None]


class ContainerRoom:
    """See the module. Used from the loop's thread only."""

    def __init__(self, paths: ProjectPaths, run_id: str, routes: Routes, doors: Doors) -> None:
        self._paths = paths
        self._run_id = run_id
        self._routes = routes
        self._doors = doors
        self._engine = Engine(engine_address(os.environ))
        self._labels = labels.of_run(paths.key, run_id)
        self._images: dict[Incarnation, Image] = {}
        self._used = False
        self._letting_go: asyncio.Task[None] | None = None
        self.trust: Callable[[System, Service], Mapping[str, str]] = lambda _, __: {}
        self.callers = Callers(self._engine, routes, container_name(paths.key, "")[:-1], self._labels)
        self.runner = ContainerRunner(
            self._engine,
            run_id=run_id,
            project=paths.key,
            report=doors.post,
            output=doors.output,
            ears=Ears(health=self._health, note=self._note),
        )
        self.syncer = Syncer(self.runner, paths.root)
        self.builder = Builder(self._engine.address, doors.post, self._build_log, self.syncer.forget)
        self.watching = ContainerWatching(
            builder=self.builder,
            syncer=self.syncer,
            runner=self.runner,
            post=doors.post,
            notice=doors.notice,
        )

    # --- commands ---------------------------------------------------------------------------------

    def build(self, system: System, service: Service) -> None:
        """Have the image of ``service`` made ready; `Built` is posted."""
        self._begin()
        self.builder.build(system, service)

    def launch(self, system: System, service: Service, ref: Incarnation) -> None:
        """Start a container; the runner reports."""
        self._begin()
        self.runner.launch(ref, lambda: self._prepare(system, service, ref))

    def forget(self, ref: Incarnation) -> None:
        """``ref`` is gone."""
        self._images.pop(ref, None)

    def end(self) -> None:
        """The system ends: what follows removes containers for good."""
        if self._used and self._letting_go is None:
            loop = asyncio.get_running_loop()
            self._letting_go = loop.create_task(self.callers.let_go(), name="bridges let go")

    async def close(self) -> None:
        """End and remove everything but named volumes."""
        await self.watching.close()
        await self.builder.close()
        self.end()
        if self._letting_go is not None:
            await self._letting_go
        await self.runner.close()
        if self._used:
            try:
                await asyncio.wait_for(self.callers.close(), 10.0)
                forget_engine(self._paths)
            except (EngineError, TimeoutError) as error:
                log.warning("networks are left in the engine: %s", error)
        self._engine.close()

    # --- questions --------------------------------------------------------------------------------

    @property
    def address(self) -> str:
        """Where the engine is."""
        return self._engine.address

    def first_of(self, refs: Iterable[Incarnation]) -> str:
        """The id of the container of the first of them that runs; empty when there is none."""
        return next((self.runner.container(ref) for ref in refs if self.runner.place(ref) is not None), "")

    def ports(self, ref: Incarnation) -> Mapping[str, int]:
        """Its ports by endpoint, as they are reached from here; empty when it does not run."""
        started = self.runner.place(ref)
        return started.ports if started is not None else {}

    def host(self, ref: Incarnation) -> str:
        """The address on which they are."""
        started = self.runner.place(ref)
        return started.host if started is not None else ""

    def probe_place(self, ref: Incarnation, service: Service) -> ProbePlace:
        """Where ``ref`` is asked for its health: from here by network, within it by command."""
        return ProbePlace(
            cwd=service.working_dir,
            env={},
            host=self.host(ref),
            execute=lambda argv, within: self.runner.execute(ref, argv, within=within),
        )

    def asks_itself(self, ref: Incarnation, service: Service) -> bool:
        """Whether the engine asks for health, by the image's own healthcheck, because the file says nothing."""
        image, check = self._images.get(ref), service.healthcheck
        return image is not None and image.healthcheck and (check is None or check.implied)

    def trusted(self, system: System, service: Service) -> dict[str, str]:
        """The variables by which a container finds whom it shall trust."""
        return {name: place_in_container(path) for name, path in self.trust(system, service).items()}

    # --- starting ---------------------------------------------------------------------------------

    def _begin(self) -> None:
        if not self._used:
            self._used = True
            note_engine(self._paths, self._engine.address)
            self._doors.tell_guardian("engine_mark", str(self._paths.engine_file))
            self._doors.tell_guardian("engine", self._engine.address)

    async def _prepare(self, system: System, service: Service, ref: Incarnation) -> Prepared:
        """Raises ServiceError."""
        container = service.run
        assert isinstance(container, Container)  # noqa: S101 -- for the type checker
        image = await self.builder.launchable(system, service)
        self._images[ref] = image
        folder = self._paths.run_dir(self._run_id) / "grants" / service.name
        mounts = await asyncio.to_thread(grant_mounts, container.files, folder)
        trust = self.trust(system, service)
        mounts += trust_mounts(trust)
        granted = replace(service, run=replace(container, mounts=(*container.mounts, *mounts)))
        on_network = await self.callers.enter(system, service) if needs_network(service) else None
        around = Surroundings(
            project=self._paths.key,
            run_id=self._run_id,
            image=image,
            on_network=on_network,
            sources=await self._volumes(system, container),
            others=self._others(),
            trust=self.trusted(system, service),
        )
        spec = spec_of(system, granted, ref, self._routes.port_of, around)
        if container.unsupported:
            self._doors.notice(
                service.name, f"has no force here: {', '.join(container.unsupported)}", Level.INFO
            )
        signal = container.stop_signal or image.stop_signal or "SIGTERM"
        return Prepared(spec, await self.syncer.archives(service), _signal_name(signal))

    async def _volumes(self, system: System, container: Container) -> dict[str, str]:
        """The engine's names of the volumes that it mounts; they are made if they are not there."""
        keys = [mount.source for mount in container.mounts if mount.kind is MountKind.VOLUME and mount.source]
        found: dict[str, str] = {}
        for key in keys:
            volume = system.volumes.get(key) or Volume(key)
            found[key] = name = volume.name or (key if volume.external else volume_name(system.name, key))
            own = {labels.PROJECT: self._paths.key}
            await self._engine.call(partial(ensure_volume, volume=volume, name=name, labels=own))
        return found

    def _others(self) -> dict[str, str]:
        """Services whose containers run, for those who share something with them."""
        return {
            ref.service: self.runner.container(ref)
            for ref, _ in self.runner.everybody()
            if self.runner.place(ref) is not None
        }

    # --- what is heard ----------------------------------------------------------------------------

    def _health(self, ref: Incarnation, ok: bool) -> None:  # noqa: FBT001 -- an answer
        service = self._doors.system().services.get(ref.service)
        if service is None or not self.asks_itself(ref, service) or service.healthcheck is None:
            return
        said = f"the image's own healthcheck: {'healthy' if ok else 'unhealthy'}"
        for _ in range(1 if ok else service.healthcheck.retries):  # the engine has counted already
            self._doors.post(Probed(ref, ok, said))

    def _note(self, ref: Incarnation, text: str) -> None:
        self._doors.notice(ref.service, f"{ref.id}: {text}", Level.WARNING)

    def _build_log(self, service: str) -> OutputSink:
        return self._doors.output(Incarnation(service, 0, 0), "stdout")


def volume_name(system: str, key: str) -> str:
    """What a volume of the system is called, as Compose would: ``shop_data``."""
    return re.sub(r"[^a-zA-Z0-9_.-]+", "-", f"{system}_{key}")


def _signal_name(signal: str) -> str:
    upper = signal.upper()
    return signal if signal.isdigit() else upper if upper.startswith("SIG") else f"SIG{upper}"


def grants_folder(paths: ProjectPaths, run_id: str) -> Path:
    """Where secrets and configs of containers lie for as long as a run lasts."""
    return paths.run_dir(run_id) / "grants"
