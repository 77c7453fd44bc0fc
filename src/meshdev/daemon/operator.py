"""What the control API asks of the daemon, answered from the store's state.

Wishes become events; nothing waits here.
"""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from meshdev import __version__
from meshdev.daemon.database_views import database_views
from meshdev.daemon.edge_book import EdgeBook
from meshdev.daemon.faults.keeper import FaultKeeper
from meshdev.daemon.journal import Journal
from meshdev.daemon.launcher import Launcher
from meshdev.daemon.names import is_container, process_names, shares_no_network
from meshdev.daemon.publisher import Publisher
from meshdev.daemon.recording.keeper import RecordingKeeper
from meshdev.daemon.store import Store
from meshdev.daemon.swaps import Replaced, Swaps
from meshdev.daemon.topic_book import TopicBook
from meshdev.daemon.views import Usage, Viewer, edge_views, note_views, step_view, why_step
from meshdev.errors import UsageError
from meshdev.lifecycle.model import (
    Applied,
    Level,
    ReloadOutcome,
    ReloadState,
    RestartWanted,
    Role,
    ScaleWanted,
    ServiceState,
    ShutdownWanted,
    StartWanted,
    StopWanted,
    Urgency,
)
from meshdev.mesh.signals import EdgeSignals
from meshdev.storage.reader import LogReader
from meshdev.topology.container import Container
from meshdev.topology.diff import Action, diff
from meshdev.topology.model import Process, Service, System
from meshdev.topology.nearest import did_you_mean
from meshdev.wire.control import (
    API_VERSION,
    EdgeSignalsView,
    EnvView,
    ExchangeView,
    GraphView,
    PlanView,
    ProcessView,
    ScaleRequest,
    ServicesRequest,
    ServiceView,
    ShutdownRequest,
    Snapshot,
    StreamEvent,
    SystemView,
    UpRequest,
    VersionView,
    WhyView,
)
from meshdev.wire.database_views import DatabaseView
from meshdev.wire.mesh import EdgeKey
from meshdev.wire.swap import SwapRequest, SwapView
from meshdev.wire.topic_views import TopicView

LAST_LINES = 10
MOST_REPLICAS = 100
SYNC_SECONDS = 2.0


@dataclass(slots=True)
class Operator:
    """The daemon as its clients see it. Methods raise MeshdevError."""

    system: System
    store: Store
    journal: Journal
    viewer: Viewer
    launcher: Launcher
    run_id: str
    log_dir: Path
    book: EdgeBook
    topic_book: TopicBook
    signals: Callable[[], Mapping[EdgeKey, EdgeSignals]]
    publisher: Publisher
    faults: FaultKeeper
    recordings: RecordingKeeper
    started: float
    wall_now: Callable[[], float]
    prepare: Callable[[System], Awaitable[object]]
    adopt: Callable[[System], None]
    processes_of: Callable[[], Iterable[tuple[str, int]]]
    sample: Callable[[], Usage]
    sync: Callable[[], Awaitable[None]]
    flush_logs: Callable[[], None]
    swaps: Swaps
    written: System  # as the file says it, without swaps
    replaced: dict[str, Replaced] = field(default_factory=dict)  # by swaps that are in hand
    usage: Usage = field(default_factory=dict)
    lease_held: bool = False
    lease_seen: bool = False

    # --- questions -------------------------------------------------------------------------------

    def version(self) -> VersionView:
        """Who answers."""
        return VersionView(
            meshdev=__version__, api=API_VERSION, pid=os.getpid(), run_id=self.run_id, system=self.system.name
        )

    def system_view(self) -> SystemView:
        """The system as a whole."""
        urgency = self.store.core.state.shutting_down
        return SystemView(
            name=self.system.name,
            root=str(self.system.root),
            file=str(self.system.file),
            profiles=list(self.system.profiles),
            run_id=self.run_id,
            log_dir=str(self.log_dir),
            started=self.started,
            shutting_down=None if urgency is None else int(urgency),
            notes=note_views(self.system),
        )

    def snapshot(self) -> Snapshot:
        """Everything, with the number after which the events go on."""
        return Snapshot(
            seq=self.journal.seq,
            system=self.system_view(),
            services=self.services(),
            edges=edge_views(self.system),
            signals=self.edges(),
            faults=self.faults.views(),
            recordings=self.recordings.active(),
            topics=self.topics(),
        )

    def services(self) -> list[ServiceView]:
        """All services in the file's order, with their use of the machine as of now."""
        self.usage = self.sample()
        state = self.store.core.state
        return [self.view(state.services[name]) for name in self.system.services if name in state.services]

    def service(self, name: str) -> ServiceView:
        """One service."""
        self._known([name])
        return self.view(self.store.core.state.services[name])

    def view(self, state: ServiceState) -> ServiceView:
        """How a service is shown, by the last sample of usage."""
        return self.viewer.service(self.system.services[state.name], state, self.usage)

    async def why(self, name: str) -> WhyView:
        """The chain of reasons, and the last lines of the service's log."""
        self._known([name])
        states = self.store.core.state.services
        steps = []
        for depth, (service, text) in enumerate(self.store.core.why(name)):
            steps.append(why_step(self.view(states[service]), text, depth))
        root = steps[-1].service if steps else name
        lines = await asyncio.to_thread(self._last_lines, root)
        return WhyView(service=name, chain=steps, last_lines=lines)

    def _last_lines(self, name: str) -> list[str]:
        """What a service said last, written out first; for a thread, since a disk may be slow."""
        self.flush_logs()
        return [line.text for line in LogReader(self.log_dir).tail([name], LAST_LINES)]

    def env(self, name: str) -> EnvView:
        """What the first incarnation sees, or the next one would (less its port, not known before).

        Of several in one slot the one that serves is meant, not one that is about to go.
        """
        self._known([name])
        node = self.system.services[name]
        instances = sorted(
            self.store.core.state.services[name].instances,
            key=lambda one: (one.ref.slot, one.role is not Role.SERVING, -one.ref.generation),
        )
        ports = self.launcher.ports(instances[0].ref) if instances else {}
        environment = self.launcher.environment(self.system, node, ports)
        environment |= self.launcher.added(instances[0].ref) if instances else {}
        shown = {_as_text(key): _as_text(value) for key, value in environment.items()}
        return EnvView(
            service=name,
            working_dir=str(node.working_dir),
            environment=shown,
            container=self.launcher.containers.first_of(one.ref for one in instances),
            engine=self.launcher.containers.address if is_container(node) else "",
            names=process_names(node),
            leader=next((one.pid for one in instances if one.pid), 0),
        )

    def graph(self) -> GraphView:
        """Nodes, declared edges, and what the edges carry."""
        return GraphView(nodes=self.services(), edges=edge_views(self.system), signals=self.edges())

    def edges(self) -> list[EdgeSignalsView]:
        """What the edges carry."""
        return self.book.views(time.monotonic())

    def topics(self) -> list[TopicView]:
        """The brokers' topics."""
        return self.topic_book.views(time.monotonic())

    def databases(self) -> list[DatabaseView]:
        """The databases, who uses them, and their statements."""
        return database_views(self.system, self.edges(), self.signals())

    async def settled(self) -> None:
        """Until `edges` and `traffic` tell everything that has happened so far; not for ever, should a worker hang."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.sync(), SYNC_SECONDS)

    def traffic(self, limit: int) -> list[ExchangeView]:
        """The last calls, the oldest first."""
        return self.book.last(limit)

    def processes(self) -> list[ProcessView]:
        """Meshdev's own processes and what they cost."""
        import psutil  # noqa: PLC0415 -- only for those who ask

        found = []
        for role, pid in self.processes_of():
            try:
                process = psutil.Process(pid)
                with process.oneshot():
                    cpu = process.cpu_times()
                    rss = process.memory_info().rss
            except psutil.NoSuchProcess:
                continue
            found.append(ProcessView(role=role, pid=pid, cpu_seconds=cpu.user + cpu.system, rss_bytes=rss))
        return found

    # --- wishes ----------------------------------------------------------------------------------

    async def up(self, request: UpRequest, *, apply: bool) -> PlanView:
        """Read the topology again; with ``apply``, put the difference in force and want services up."""
        file = Path(request.file) if request.file else self.system.file
        profiles = self.system.profiles if request.profiles is None else tuple(request.profiles)
        overrides = tuple(map(Path, request.overrides)) if request.file else self.system.overrides
        written = await asyncio.to_thread(_load, file, overrides, profiles)
        self._known(request.services, written)
        if apply:
            again = await asyncio.to_thread(self.swaps.reread, written)
            await self.prepare(written)
            self._refuse_at_the_end()
            self.swaps.take(again)
            self.written = written
        new = self.swaps.over(written)
        changes = diff(self.system, new)
        if apply:
            self._apply(new)
            self.store.post(StartWanted(frozenset(request.services)))
        return PlanView(
            steps=list(map(step_view, changes)), warnings=list(map(str, (*new.warnings, *new.notes)))
        )

    async def swap(self, name: str, request: SwapRequest) -> SwapView:
        """Have somebody else play a service: beside whoever does, and in its place as soon as it is ready."""
        self._known([name])
        run = await asyncio.to_thread(self.swaps.ask, self.written, name, request)
        self._refuse_at_the_end()
        before = self.swaps.put(name, None if run == self.written.services[name].run else run)
        new = self.swaps.over(self.written)
        changed = any(change.action is not Action.KEEP for change in diff(self.system, new))
        if changed:
            self.replaced.setdefault(name, Replaced(before, time.monotonic()))
            self._apply(new, rolling=frozenset({name}))
        return SwapView(service=self.service(name), changed=changed)

    def swap_done(self, name: str, reload: ReloadState | None) -> None:
        """A service has changed of which a swap is in hand; if nobody came of it, whoever played before goes on."""
        replaced = self.replaced[name]
        if reload is None or reload.at < replaced.at or reload.outcome is ReloadOutcome.RUNNING:
            return
        del self.replaced[name]
        if reload.outcome is ReloadOutcome.ROLLED_BACK:
            self.swaps.put(name, replaced.run)
            self._apply(self.swaps.over(self.written), kept=frozenset({name}))

    def _apply(
        self, new: System, *, rolling: frozenset[str] = frozenset(), kept: frozenset[str] = frozenset()
    ) -> None:
        declared = edge_views(new)
        if declared != edge_views(self.system):
            self.announce(StreamEvent(seq=0, at=self.wall_now(), kind="topology", declared=declared))
            self.announce(StreamEvent(seq=0, at=self.wall_now(), kind="topics", topics=self.topics()))
        before, self.system = self.system, new
        if note_views(new) != note_views(before):
            self.announce(StreamEvent(seq=0, at=self.wall_now(), kind="system", system=self.system_view()))
        self.adopt(new)
        self.store.post(Applied(new, rolling, kept))

    def _refuse_at_the_end(self) -> None:
        if self.store.core.state.shutting_down is not None:
            raise UsageError("the system is shutting down", hint="wait for it to end, then `meshdev up`")

    def start(self, request: ServicesRequest) -> list[ServiceView]:
        """Want services up."""
        names = self._known(request.services)
        self.store.post(StartWanted(names))
        return self._views(names)

    def stop(self, request: ServicesRequest) -> list[ServiceView]:
        """Want services down."""
        names = self._known(request.services)
        self.store.post(StopWanted(names))
        return self._views(names)

    def restart(self, request: ServicesRequest) -> list[ServiceView]:
        """Want fresh incarnations."""
        names = self._known(request.services)
        self.store.post(RestartWanted(names, request.cause))
        return self._views(names)

    def scale(self, name: str, request: ScaleRequest) -> ServiceView:
        """Want this many replicas."""
        self._known([name])
        node = self.system.services[name]
        if not 0 <= request.replicas <= MOST_REPLICAS:
            raise UsageError(f"{name}: {request.replicas} replicas; accepted: 0 to {MOST_REPLICAS}")
        alone = not shares_no_network(node) and any(endpoint.port for endpoint in node.endpoints)
        if request.replicas > 1 and alone:
            fixed = next(endpoint.port for endpoint in node.endpoints if endpoint.port)
            hint = "let it listen on $PORT and remove `port` from its endpoint"
            raise UsageError(f"{name} insists on port {fixed}, so it can run only once", hint=hint)
        self.store.post(ScaleWanted(name, request.replicas))
        return self.service(name)

    def shutdown(self, request: ShutdownRequest) -> None:
        """Everything goes down, then the daemon."""
        try:
            urgency = Urgency(request.urgency)
        except ValueError:
            raise UsageError(
                f"urgency {request.urgency}; accepted: 1 (graceful), 2 (hurry), 3 (kill)"
            ) from None
        self.store.post(ShutdownWanted(urgency))
        self.announce(StreamEvent(seq=0, at=self.wall_now(), kind="system", system=self._going_down(urgency)))

    def _going_down(self, urgency: Urgency) -> SystemView:
        view = self.system_view()
        return msgspec.structs.replace(view, shutting_down=int(urgency))

    # --- the lease of the foreground command ------------------------------------------------------

    def lease_taken(self) -> None:
        """The system now belongs to a foreground command."""
        self.lease_held = self.lease_seen = True

    def lease_released(self) -> None:
        """The system outlives the command that started it."""
        self.lease_held = False
        self.lease_seen = True

    def lease_broken(self) -> None:
        """The foreground command vanished without a word: the system ends with it."""
        if self.lease_held:
            self.lease_held = False
            self.notice("", "the terminal that started this system is gone; stopping", Level.WARNING)
            self.store.post(ShutdownWanted(Urgency.GRACEFUL))

    def lease_overdue(self) -> None:
        """Time enough has passed for the foreground command to take the lease; without it, it must be dead."""
        if not self.lease_seen:
            self.lease_held = True
            self.lease_broken()

    # --- the stream ------------------------------------------------------------------------------

    def announce(self, event: StreamEvent) -> None:
        """Append one event to the stream."""
        self.journal.append(event)

    def notice(self, service: str, text: str, level: Level = Level.INFO) -> None:
        """Tell whoever follows the stream."""
        at = self.wall_now()
        self.announce(StreamEvent(seq=0, at=at, kind="notice", name=service, text=text, level=level))

    def changed(self, names: frozenset[str]) -> None:
        """Services changed: render each once for everybody."""
        at = self.wall_now()
        states = self.store.core.state.services
        for name in sorted(names):
            if name in states and name in self.system.services:
                view = self.view(states[name])
                self.announce(StreamEvent(seq=0, at=at, kind="service", name=name, service=view))
            else:
                self.announce(StreamEvent(seq=0, at=at, kind="removed", name=name))

    def _views(self, names: frozenset[str]) -> list[ServiceView]:
        states = self.store.core.state.services
        return [self.view(states[name]) for name in sorted(names)]

    def _known(self, names: Iterable[str], system: System | None = None) -> frozenset[str]:
        known = (system or self.system).services
        for name in names:
            if name not in known:
                raise UsageError(
                    f"no service is called {name!r}", hint=did_you_mean(name, known, what="services")
                )
        return frozenset(names)


def _load(file: Path, overrides: tuple[Path, ...], profiles: tuple[str, ...]) -> System:
    from meshdev.topology.load import load  # noqa: PLC0415 -- heavy: here it is the thread's, and only if it is needed

    return load(file, profiles=profiles, environ=dict(os.environ), overrides=overrides)


def variant_of(system: System, name: str, kind: type[Process | Container]) -> Service | None:
    """The service as its file has it elsewhere; for a thread. Raises TopologyError."""
    from meshdev.topology.variants import variant  # noqa: PLC0415 -- as above

    return variant(system, name, kind, environ=dict(os.environ))


def _as_text(text: str) -> str:
    """Bytes that are no UTF-8 can stand in an environment, but not in JSON: shown as �."""
    return os.fsencode(text).decode("utf-8", "replace")
