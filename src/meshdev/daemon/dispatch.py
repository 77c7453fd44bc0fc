"""Commands of the core made into IO, one branch each. Nothing is decided here."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import assert_never

from meshdev.daemon.containers.room import ContainerRoom
from meshdev.daemon.drains import Drains
from meshdev.daemon.launcher import Launcher
from meshdev.daemon.routes import Routes
from meshdev.lifecycle.model import (
    Build,
    Built,
    Command,
    Drain,
    Event,
    Incarnation,
    Kill,
    Launch,
    Level,
    Notice,
    Route,
    Signal,
    StartProbing,
    StopProbing,
)
from meshdev.runners.probe import Prober
from meshdev.runners.runner import Runner
from meshdev.topology.container import Container
from meshdev.topology.model import System


@dataclass(slots=True)
class Dispatcher:
    """Carries out commands for the system that ``system`` names at that moment."""

    system: Callable[[], System]
    launcher: Launcher
    runner: Runner
    containers: ContainerRoom
    prober: Prober
    routes: Routes
    drains: Drains
    post: Callable[[Event], None]
    notice: Callable[[str, str, Level], None]

    def __call__(self, command: Command) -> None:
        """Do the IO of one command; what comes of it is posted as facts."""
        match command:
            case Launch(ref, attempt):
                self.launcher.launch(self.system(), ref, attempt)
            case Signal(ref=ref) | Kill(ref=ref) if self.launcher.let_go(ref):
                pass
            case Signal(ref, signal):
                self.runner.signal(ref, signal)
            case Kill(ref):
                self.runner.kill(ref)
            case StartProbing(ref):
                self._probe(ref)
            case StopProbing(ref):
                self.prober.stop(ref)
            case Route(service, refs):
                self.routes.route(service, refs)
            case Drain(ref):
                self.drains.drain(ref, self.routes.version)
            case Build(service):
                self._build(service)
            case Notice(service, text, level):
                self.notice(service, text, level)
            case _:
                assert_never(command)

    def _probe(self, ref: Incarnation) -> None:
        service = self.system().services.get(ref.service)
        if service is None or service.healthcheck is None or self.containers.asks_itself(ref, service):
            return
        place = self.launcher.probe_place(ref, service)
        if not self.launcher.is_stand_in(ref):
            by_tls = (one.name for one in service.endpoints if one.tls is not None and one.tls.to_callee)
            place = replace(place, tls=frozenset(by_tls))
        self.prober.start(ref, service.healthcheck, self.launcher.ports(ref), place)

    def _build(self, name: str) -> None:
        service = self.system().services.get(name)
        if service is not None and isinstance(service.run, Container):
            self.containers.build(self.system(), service)
        else:
            self.post(Built(name, ok=True, detail="nothing to build"))
