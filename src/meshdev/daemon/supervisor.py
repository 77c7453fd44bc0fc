"""One run of one system: every room of the floors below, wired together.

The supervisor owns what the rooms own (descriptors, processes, tasks) and gives it back in `close`. Rules are
nowhere here; the lifecycle core decides, `Dispatcher` carries out, facts come back through `Store.post`.
"""

import asyncio
import logging
import os
import random
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING

from meshdev import __version__
from meshdev.daemon.certificates import Certificates
from meshdev.daemon.containers.room import ContainerRoom, Doors
from meshdev.daemon.databases import prepare_files
from meshdev.daemon.dispatch import Dispatcher
from meshdev.daemon.drains import Drains
from meshdev.daemon.edge_book import EdgeBook
from meshdev.daemon.edges import front_of, url_for
from meshdev.daemon.environment import tool_marks
from meshdev.daemon.faults.instances.acting import Afflictions, Reach
from meshdev.daemon.faults.world import FaultRoom
from meshdev.daemon.guardian_link import GuardianLink
from meshdev.daemon.journal import Journal
from meshdev.daemon.launcher import Launcher
from meshdev.daemon.metrics import MetricsListener
from meshdev.daemon.names import is_container
from meshdev.daemon.naming.room import NameRoom
from meshdev.daemon.operator import Operator, variant_of
from meshdev.daemon.opt_in import OptInListener
from meshdev.daemon.output import Outputs
from meshdev.daemon.patience import Patience, patience
from meshdev.daemon.publisher import Publisher, brokers_of
from meshdev.daemon.recording.room import RecordingRoom
from meshdev.daemon.reloads import Reloads
from meshdev.daemon.routes import Routes
from meshdev.daemon.store import Store
from meshdev.daemon.swaps import Swaps
from meshdev.daemon.topic_book import TopicBook
from meshdev.daemon.usage import UsageKeeper
from meshdev.daemon.views import Viewer
from meshdev.kernel.project import ProjectPaths
from meshdev.lifecycle.core import Lifecycle
from meshdev.lifecycle.model import (
    Called,
    Command,
    Desired,
    Event,
    Gone,
    Incarnation,
    LaunchFailed,
    Level,
    Phase,
    RestartWanted,
    Sidelined,
)
from meshdev.mesh.fleet import Fleet
from meshdev.runners.ports import PortPool
from meshdev.runners.probe import Prober
from meshdev.runners.process import ProcessRunner
from meshdev.runners.reaper import Reaper
from meshdev.runners.runner import Runners
from meshdev.runners.usage import UsageMeter
from meshdev.storage.runs import prune_runs
from meshdev.storage.store import LogStore
from meshdev.topology.model import Service, System
from meshdev.topology.tls import is_secure
from meshdev.wire.mesh import EdgeKey, Exchange

if TYPE_CHECKING:
    from starlette.applications import Starlette

log = logging.getLogger(__name__)

_PUBLISH_AGAIN = 1.0  # seconds between two looks whether a published port has become free


class Supervisor:
    """Runs ``system``; ``finished`` is set when a shutdown has brought everything down."""

    def __init__(self, system: System, paths: ProjectPaths, run_id: str, guardian: GuardianLink) -> None:
        self._guardian = guardian
        self.finished = asyncio.Event()
        self._paths = paths
        log_dir = paths.log_dir(run_id)
        log_dir.mkdir(parents=True, exist_ok=True)
        loop = asyncio.get_running_loop()
        self.logs = LogStore(log_dir, clock=time.time, warn=self._log_trouble)
        self._loop = loop
        self._reaper = Reaper()
        self._pool = PortPool()
        self._outputs = Outputs(self.logs, self._post)
        self._runner = ProcessRunner(
            reaper=self._reaper,
            run_id=run_id,
            project=paths.key,
            report=self._post,
            output=self._outputs.open,
        )
        self._fleet = Fleet(
            ports_file=paths.ports_file,
            environment={**os.environ, **tool_marks(run_id, paths.key, "worker")},
            report=self._warn,
            exchanged=self._exchanged,
            wanted=lambda edge: self._post(Called(edge.callee)),
        )
        journal = Journal()
        self._routes = Routes(self._fleet, self._ports_of, self._holds, self._complain, host_of=self._host_of)
        said = Doors(self._post, self._outputs.open, self._notice, lambda: self.operator.system, guardian.add)
        self._containers = ContainerRoom(paths, run_id, self._routes, said)
        self._runners = Runners(self._runner, self._containers.runner)
        self._afflictions = Afflictions(
            Reach(
                hands=self._runners,
                living=self._standing,
                restart=self._restart,
                sideline=lambda services: self._post(Sidelined(services)),
                cpus=self._cpus,
            )
        )
        self._certificates = Certificates(paths.tls_dir, os.environ, self._warn)
        self._routes.tls_of = self._certificates.edge_tls
        self._containers.trust = self._certificates.trusted
        self._names = NameRoom(paths, run_id, self._routes, self._warn)
        self._launcher = Launcher(
            self._runner,
            self._pool,
            self._routes.port_of,
            self._post,
            self._containers,
            self._names,
            adapt=self._afflictions.adapt,
            tls=self._certificates.variables,
        )
        self._drains = Drains(
            acked=lambda: self._fleet.acked,
            ports_of=self._ports_of,
            workers=lambda: [pid for _, pid in self._fleet.processes()],
            report=self._post,
            host_of=self._host_of,
            table_of=self._launcher.table,
        )
        self._routes.elsewhere_of = self._launcher.elsewhere
        self._routes.net_of = self._launcher.net
        self._routes.is_plain = self._launcher.is_stand_in
        self._prober = Prober(reaper=self._reaper, report=self._post, mark_of=self._runner.mark_of)
        self._faults = FaultRoom(
            fleet=self._fleet,
            routes=self._routes,
            journal=journal,
            afflictions=self._afflictions,
            teams=lambda: {service.name: service.team for service in self.operator.system.services.values()},
            boxed=lambda: [one.name for one in self.operator.system.services.values() if is_container(one)],
            wall_at=self._wall,
            say=self._notice,
            write=self.logs.note,
        )
        self._recordings = RecordingRoom(
            fleet=self._fleet,
            routes=self._routes,
            journal=journal,
            environment={**os.environ, **tool_marks(run_id, paths.key, "recorder")},
            key_file=paths.redaction_key,
            running=lambda: self.operator.system,
            say=self._notice,
        )
        self._book = EdgeBook(
            signals=self._fleet.signals,
            edges=self._routes.listening,
            rules=self._routes.rules,
            faults=self._routes.afflicting,
            journal=journal,
        )
        self._topics = TopicBook(
            signals=self._fleet.signals, system=lambda: self.operator.system, journal=journal
        )
        self._metrics = MetricsListener(self._prometheus, lambda text: self._complain("", text))
        self._toxiproxy = OptInListener(
            "Toxiproxy's API", lambda: self._toxiproxy_app, lambda text: self._complain("", text)
        )
        self._usage = UsageKeeper(UsageMeter(self._runners.everybody).measure, journal)
        self._store = Store(
            Lifecycle(system, rng=random.random),
            clock=time.monotonic,
            dispatch=self._dispatch,
            changed=self._changed,
        )
        self._swaps = Swaps(lambda service, text: self._notice(service, text, Level.WARNING), variant_of)
        self.operator = Operator(
            system=system,
            written=system,
            swaps=self._swaps,
            store=self._store,
            journal=journal,
            viewer=Viewer(
                wall=self._wall,
                url_of=self._url_of,
                trouble_of=self._routes.trouble,
                stand_in_of=self._swaps.shown,
                is_swapped=self._swaps.is_on,
            ),
            launcher=self._launcher,
            run_id=run_id,
            log_dir=log_dir,
            book=self._book,
            topic_book=self._topics,
            signals=self._fleet.signals,
            publisher=Publisher(
                brokers=lambda: brokers_of(
                    self._routes.listening(), self._fleet.signals(), self._routes.upstreams
                ),
                topics=lambda: self._topics.views(time.monotonic()),
            ),
            faults=self._faults.keeper,
            recordings=self._recordings.keeper,
            started=time.time(),
            wall_now=time.time,
            prepare=self._certificates.ready,
            adopt=self._adopt,
            processes_of=self.processes,
            sample=self._usage.sample,
            sync=self._fleet.sync,
            flush_logs=self.logs.flush,
        )
        self._dispatcher = Dispatcher(
            system=lambda: self.operator.system,
            launcher=self._launcher,
            runner=self._runners,
            containers=self._containers,
            prober=self._prober,
            routes=self._routes,
            drains=self._drains,
            post=self._post,
            notice=self._notice,
        )
        self._reloads = Reloads(
            system.root,
            post=self._post,
            runner=self._runners,
            containers=self._containers.watching,
            reaper=self._reaper,
            incarnations=self._living,
            environment=lambda service: self._launcher.environment(self.operator.system, service, {}),
            notice=self._notice,
        )

    async def start(self) -> None:
        """Open the edges and everything else that the first launch needs."""
        self.logs.start()
        self._reaper.start(self._loop)
        await self._fleet.start()
        await self._certificates.ready(self.operator.system)
        self._adopt(self.operator.system)

    async def run(self) -> None:
        """What goes on beside the store: file watching, and measuring while somebody looks."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._reloads.run())
            group.create_task(self._usage.run())
            group.create_task(self._book.run())
            group.create_task(self._topics.run())
            group.create_task(self._drains.run())
            group.create_task(self._metrics.run())
            group.create_task(self._toxiproxy.run())
            group.create_task(self._faults.keeper.run())
            group.create_task(self._recordings.keeper.run())
            group.create_task(self._publish_again())
            group.create_task(self._certificates.run(lambda: self.operator.system, self._routes.adopt))
            group.create_task(asyncio.to_thread(prune_runs, self._paths.runs_dir, self.operator.run_id))
            await self.finished.wait()
            self._reloads.close()
            self._usage.close()
            self._book.close()
            self._topics.close()
            self._certificates.close()
            self._drains.close()
            self._metrics.close()
            self._toxiproxy.close()
            self._faults.keeper.close()
            self._recordings.keeper.stop_running()

    async def close(self) -> None:
        """Give everything back; whatever still runs is killed."""
        self._store.close()
        await self._prober.close()
        await self._launcher.close()
        await asyncio.gather(self._runner.close(), self._containers.close())
        await self._recordings.keeper.close()
        await self._fleet.close()
        await self._names.close()
        self._reaper.close()
        self._pool.close()
        self.logs.close()
        self.operator.journal.close()

    def post(self, event: Event) -> None:
        """A wish from within the daemon (signals, the guardian's end)."""
        self._post(event)

    def processes(self) -> Iterable[tuple[str, int]]:
        """The tool's own processes as (role, pid)."""
        others = [("recorder", self._recordings.keeper.pid), ("keeper", self._names.pid)]
        own = [("daemon", os.getpid()), ("guardian", self._guardian.guardian), *self._fleet.processes()]
        return [*own, *(one for one in others if one[1])]

    # --- wiring -----------------------------------------------------------------------------------

    def _post(self, event: Event) -> None:
        if isinstance(event, Gone | LaunchFailed):
            self._launcher.forget(event.ref)
        self._store.post(event)

    def _dispatch(self, command: Command) -> None:
        self._dispatcher(command)

    def _adopt(self, system: System) -> None:
        prepare_files(system, self._complain)
        self._faults.keeper.adopt(system.faults)
        self._recordings.keeper.adopt(system.recording)
        self._routes.adopt(system)
        self._outputs.adopt(system)
        self._reloads.adopt(system)
        self._metrics.adopt(system.prometheus)
        self._toxiproxy.adopt(system.toxiproxy)

    def _prometheus(self, accept: str) -> tuple[bytes, str]:
        from meshdev.endpoints.prometheus import render  # noqa: PLC0415 -- only for those who scrape

        return render(self.operator.graph(), self.operator.processes(), accept)

    @cached_property
    def _toxiproxy_app(self) -> "Starlette":
        from meshdev.daemon.toxiproxy import ToxicGround  # noqa: PLC0415 -- only for those who ask for it
        from meshdev.endpoints.toxiproxy.core import Toxiproxy  # noqa: PLC0415
        from meshdev.endpoints.toxiproxy.web import toxiproxy_app  # noqa: PLC0415

        ground = ToxicGround(self._routes, self._fleet, self._faults.keeper)
        return toxiproxy_app(Toxiproxy(ground), __version__)

    def _changed(self, names: frozenset[str]) -> None:
        if names:
            self.operator.changed(names)
            self._routes.publish()
            self._swapped(names)
        if self._store.core.state.shutting_down is not None:
            self._faults.keeper.end_all()
            self._launcher.containers.end()
            if self._store.core.all_gone:
                self.finished.set()

    def _swapped(self, names: frozenset[str]) -> None:
        """What has come of the swaps of these services."""
        for name in names & self.operator.replaced.keys():
            state = self._store.core.state.services.get(name)
            self.operator.swap_done(name, state.last_reload if state is not None else None)

    def _living(self, service: str) -> Iterable[Incarnation]:
        state = self._store.core.state.services.get(service)
        return [one.ref for one in state.instances if one.pid] if state else []

    def _standing(self, service: str) -> Iterable[Incarnation]:
        """Those that are not about to end."""
        state = self._store.core.state.services.get(service)
        ending = {Phase.STOPPING, Phase.EXITED}
        return [one.ref for one in state.instances if one.pid and one.phase not in ending] if state else []

    def _restart(self, service: str, cause: str) -> None:
        """For a fault; whatever is down stays down."""
        system = self._store.core.state
        state = system.services.get(service)
        if system.shutting_down is None and state is not None and state.desired is Desired.UP:
            self._post(RestartWanted(frozenset({service}), cause))

    def _cpus(self, service: str) -> float | None:
        known = self.operator.system.services.get(service)
        return known.limits.cpus if known is not None and known.limits is not None else None

    def _ports_of(self, ref: Incarnation) -> Mapping[str, int]:
        return self._launcher.ports(ref)

    def _host_of(self, ref: Incarnation) -> str:
        return self._launcher.host(ref)

    def _exchanged(self, key: EdgeKey, exchange: Exchange, at: float) -> None:
        self._book.exchanged(key, exchange, at)
        self._topics.exchanged(key, exchange, at)

    def _holds(self, service: str) -> Patience:
        return patience(self.operator.system, self._store.core.state.services.get(service))

    def _url_of(self, service: Service) -> str:
        for published in service.ports:
            port = self._routes.published(front_of(service, published))
            if port is not None:
                endpoint = next(one for one in service.endpoints if one.name == published.endpoint)
                return url_for(endpoint, port, secure=is_secure(None, service, endpoint))
        return ""

    def _wall(self, monotonic: float) -> float:
        """Epoch seconds by the clock as it is now: the wall clock may jump, the monotonic one may pause."""
        return round(time.time() - time.monotonic() + monotonic, 2)

    async def _publish_again(self) -> None:
        """Take published ports over as soon as others have left them."""
        while not self.finished.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self.finished.wait(), _PUBLISH_AGAIN)
            for service in self._routes.publish_again():
                self._notice(service, "can be reached on its published port now", Level.INFO)
                self.operator.changed(frozenset({service}))

    def _warn(self, text: str) -> None:
        log.warning("%s", text)  # whoever looks later finds it, too
        self.operator.notice("", text, Level.WARNING)

    def _complain(self, service: str, text: str) -> None:
        self._notice(service, text, Level.ERROR)

    def _notice(self, service: str, text: str, level: Level) -> None:
        self.operator.notice(service, text, level)
        if service:
            self.logs.note(service, text)

    def _log_trouble(self, node: str, text: str) -> None:
        self._loop.call_soon_threadsafe(self.operator.notice, node, text, Level.WARNING)
