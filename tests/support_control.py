# ruff: noqa: D102 -- the stand-in's methods are the API's, described in meshdev.wire.control
"""A daemon's face without a system behind it: the real API over a real Unix socket, with views that a test sets."""

import asyncio
import fcntl
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast

import msgspec

from meshdev.client.project import Project, find_project
from meshdev.daemon.api import build_api
from meshdev.daemon.control_socket import open_control_socket
from meshdev.daemon.journal import Journal
from meshdev.daemon.server import ControlServer
from meshdev.errors import UsageError
from meshdev.wire.control import (
    API_VERSION,
    EdgeSignalsView,
    EnvView,
    ExchangeView,
    GraphView,
    InstanceView,
    PlanStep,
    PlanView,
    ProbeView,
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
    WhyStep,
    WhyView,
)
from meshdev.wire.topic_views import PublishedView, PublishRequest, TopicView

if TYPE_CHECKING:
    from meshdev.daemon.operator import Operator


def eventually(check: Callable[[], bool], *, within: float = 10.0) -> None:
    """Wait until ``check`` holds; fails when it does not within so many seconds."""
    deadline = time.monotonic() + within
    while not check():
        assert time.monotonic() < deadline, "it has not come true"
        time.sleep(0.005)


def instance(name: str = "orders", slot: int = 0, **changes: Any) -> InstanceView:
    """An instance's view; ``changes`` are its fields."""
    fields: dict[str, Any] = {
        "id": f"{name}-{slot}",
        "generation": 1,
        "pid": 4711,
        "port": 40001,
        "phase": "running",
        "health": "healthy",
        "since": 1_000_000.0,
        "last_probe": ProbeView(at=1_000_000.0, ok=True),
    }
    return InstanceView(**{**fields, **changes})


def service(name: str = "orders", **changes: Any) -> ServiceView:
    """A healthy service's view; ``changes`` are its fields."""
    fields: dict[str, Any] = {
        "name": name,
        "phase": "running",
        "health": "healthy",
        "desired": "up",
        "why": "",
        "restarts": 0,
        "instances": [instance(name)],
        "since": 1_000_000.0,
    }
    return ServiceView(**{**fields, **changes})


def edge(caller: str = "front", callee: str = "orders", **changes: Any) -> EdgeSignalsView:
    """A busy edge's view; ``changes`` are its fields."""
    fields: dict[str, Any] = {
        "caller": caller,
        "callee": callee,
        "protocol": "http",
        "endpoint": "http",
        "declared": True,
        "observed": True,
        "requests": 1200,
        "errors": 0,
        "in_flight": 0,
        "rps": 12.34,
        "p50_ms": 1.234,
        "p90_ms": 12.34,
        "p99_ms": 1234.0,
        "bytes_in": 1 << 20,
        "bytes_out": 1 << 21,
    }
    return EdgeSignalsView(**{**fields, **changes})


def exchange(**changes: Any) -> ExchangeView:
    """A call's view; ``changes`` are its fields."""
    fields: dict[str, Any] = {
        "seq": 0,
        "at": 1_000_000.0,
        "caller": "front",
        "callee": "orders",
        "method": "GET",
        "target": "/orders/7",
        "status": 200,
        "ms": 1.25,
        "bytes_in": 90,
        "bytes_out": 210,
        "instance": "orders-0@1",
    }
    return ExchangeView(**{**fields, **changes})


def system(**changes: Any) -> SystemView:
    """The system's view; ``changes`` are its fields."""
    fields: dict[str, Any] = {
        "name": "shop",
        "root": "/shop",
        "file": "/shop/meshdev.toml",
        "profiles": [],
        "run_id": "run-1",
        "log_dir": "/nowhere",
        "started": 1_000_000.0,
    }
    return SystemView(**{**fields, **changes})


class StandIn:
    """What the API asks; remembers every wish in ``asked`` and answers from ``views``."""

    def __init__(self, views: list[ServiceView], system_view: SystemView, *, api: int = API_VERSION) -> None:
        self.journal = Journal()
        self.views = {view.name: view for view in views}
        self.system = system_view
        self.api = api
        self.asked: list[tuple[str, object]] = []
        self.on_shutdown: Callable[[int], None] = lambda _urgency: None
        self.signals: list[EdgeSignalsView] = []
        self.calls: list[ExchangeView] = []
        self.told_topics: list[TopicView] = []
        self.book = self
        self.publisher = self
        self.exchanges = Journal(resets=False)

    def version(self) -> VersionView:
        return VersionView(
            meshdev="9.9", api=self.api, pid=os.getpid(), run_id=self.system.run_id, system=self.system.name
        )

    def snapshot(self) -> Snapshot:
        return Snapshot(seq=self.journal.seq, system=self.system, services=self.services())

    def services(self) -> list[ServiceView]:
        return list(self.views.values())

    def service(self, name: str) -> ServiceView:
        if name not in self.views:
            raise UsageError(f"no service {name!r}", hint=f"there are: {', '.join(self.views)}")
        return self.views[name]

    async def why(self, name: str) -> WhyView:
        view = self.service(name)
        step = WhyStep(service=name, phase=view.phase, health=view.health, why=view.why, depth=0)
        return WhyView(service=name, chain=[step], last_lines=["boom"])

    def env(self, name: str) -> EnvView:
        self.service(name)
        return EnvView(
            service=name, working_dir=self.system.root, environment={"PORT": "40001", "GREETING": "good day"}
        )

    def graph(self) -> GraphView:
        return GraphView(nodes=self.services(), edges=[], signals=self.signals)

    def edges(self) -> list[EdgeSignalsView]:
        return self.signals

    def topics(self) -> list[TopicView]:
        return self.told_topics

    async def publish(self, request: PublishRequest) -> PublishedView:
        self.asked.append(("publish", request))
        return PublishedView(topic=request.topic, broker="brokers.events", protocol="nats")

    async def settled(self) -> None:
        """Everything that happened is counted."""

    def traffic(self, limit: int) -> list[ExchangeView]:
        return self.calls[-limit:]

    def processes(self) -> list[ProcessView]:
        return [ProcessView(role="daemon", pid=os.getpid(), cpu_seconds=0.5, rss_bytes=1 << 20)]

    async def up(self, request: UpRequest, *, apply: bool) -> PlanView:
        self.asked.append(("up" if apply else "plan", request))
        steps = [PlanStep(service=name, action="keep") for name in self.views]
        return PlanView(steps=steps)

    def start(self, request: ServicesRequest) -> list[ServiceView]:
        return self._wish("start", request)

    def stop(self, request: ServicesRequest) -> list[ServiceView]:
        return self._wish("stop", request)

    def restart(self, request: ServicesRequest) -> list[ServiceView]:
        return self._wish("restart", request)

    def _wish(self, verb: str, request: ServicesRequest) -> list[ServiceView]:
        self.asked.append((verb, request.services))
        return [self.service(name) for name in request.services]

    def scale(self, name: str, request: ScaleRequest) -> ServiceView:
        self.asked.append(("scale", (name, request.replicas)))
        return self.service(name)

    def shutdown(self, request: ShutdownRequest) -> None:
        self.asked.append(("shutdown", request.urgency))
        self.system = msgspec.structs.replace(self.system, shutting_down=request.urgency)
        self.journal.append(StreamEvent(seq=0, at=0.0, kind="system", system=self.system))
        self.on_shutdown(request.urgency)

    def lease_taken(self) -> None:
        self.asked.append(("lease", "taken"))

    def lease_broken(self) -> None:
        self.asked.append(("lease", "broken"))

    def lease_released(self) -> None:
        self.asked.append(("lease", "released"))


class Daemon:
    """Serves a `StandIn` from a thread with a loop of its own; `post` and `show` are for any thread."""

    def __init__(self, project: Project, stand_in: StandIn) -> None:
        self.project = project
        self.stand_in = stand_in
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop
        self._server: ControlServer
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End as a daemon does: streams are ended, the socket goes."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._end)
            self._thread.join(10)
        assert not self._thread.is_alive()

    def _end(self) -> None:
        self.stand_in.journal.close()
        self.stand_in.exchanges.close()
        self._server.close()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        listener = open_control_socket(self.project.paths.socket)
        self._server = ControlServer(build_api(cast("Operator", self.stand_in)), listener)
        self.stand_in.on_shutdown = lambda urgency: self._end() if urgency >= 0 else None
        async with asyncio.TaskGroup() as group:
            group.create_task(self._server.serve())
            self._ready.set()
        listener.close()
        self.project.paths.socket.unlink(missing_ok=True)

    def do(self, action: Callable[[], None]) -> None:
        """Run ``action`` in the daemon's loop and wait for it."""
        done = threading.Event()

        def act() -> None:
            action()
            done.set()

        self._loop.call_soon_threadsafe(act)
        assert done.wait(10)

    def post(self, **fields: Any) -> None:
        """Append an event to the journal."""
        event = StreamEvent(**{"seq": 0, "at": 1_000_000.0, **fields})
        self.do(lambda: self.stand_in.journal.append(event))

    def carry(self, view: ExchangeView) -> None:
        """A call has ended."""

        def note() -> None:
            self.stand_in.exchanges.append(view)
            self.stand_in.calls.append(msgspec.structs.replace(view, seq=self.stand_in.exchanges.seq))

        self.do(note)

    def show(self, view: ServiceView) -> None:
        """Change one service, and tell the stream."""

        def change() -> None:
            self.stand_in.views[view.name] = view
            event = StreamEvent(seq=0, at=1_000_000.0, kind="service", name=view.name, service=view)
            self.stand_in.journal.append(event)

        self.do(change)


@contextmanager
def short_project() -> Iterator[Project]:
    """A project in a folder with a short path, with its runtime directory inside."""
    with tempfile.TemporaryDirectory(prefix="md-") as folder:
        root = Path(folder).resolve()
        (root / "meshdev.toml").write_text('[system]\nname = "shop"\n', "utf-8")
        yield find_project(None, cwd=root, environ={"XDG_RUNTIME_DIR": str(root / "run")})


@contextmanager
def held_lock(project: Project, content: str = "") -> Iterator[None]:
    """Hold the project's lock as a daemon does."""
    project.paths.state_dir.mkdir(exist_ok=True)
    with project.paths.lock_file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write(content)
        lock.flush()
        yield
