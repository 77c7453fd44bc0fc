"""Scripts for the lifecycle core: ``play << event >> commands``, with a clock that only the script moves."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from meshdev.lifecycle.core import Lifecycle
from meshdev.lifecycle.model import (
    Command,
    Event,
    Exited,
    Gone,
    Health,
    Incarnation,
    InstanceState,
    Launch,
    Launched,
    Notice,
    Phase,
    Probed,
    Route,
    ServiceState,
    Signal,
    StartProbing,
    StartWanted,
    StopProbing,
    Ticked,
)
from meshdev.topology.model import (
    Condition,
    Dependency,
    Healthcheck,
    ProbeKind,
    Process,
    Restart,
    RestartPolicy,
    Service,
    System,
)

HTTP = Healthcheck(ProbeKind.HTTP, "/healthz")
NEVER = Restart(policy=RestartPolicy.NO)


def service(name: str, **fields: Any) -> Service:
    """A service that is a process; unlike the loader, without a healthcheck unless one is given."""
    return Service(name=name, run=fields.pop("run", Process(("serve",))), working_dir=Path("/"), **fields)


def system(*services: Service) -> System:
    """A system of these services."""
    return System("shop", Path("/"), Path("/meshdev.toml"), {one.name: one for one in services})


def after(target: str, condition: Condition = Condition.HEALTHY, **fields: Any) -> Dependency:
    """A dependency."""
    return Dependency(target, condition, **fields)


def ref(name: str, generation: int = 1, slot: int = 0) -> Incarnation:
    """``ref("orders", 3)`` is orders-0@3."""
    return Incarnation(name, slot, generation)


class Play:
    """Drives a core. ``<<`` hands in an event, ``>>`` expects the commands that it gave (notices apart)."""

    def __init__(self, *services: Service, drain: float = 0.0, draw: float = 0.0) -> None:
        self.core = Lifecycle(system(*services), rng=lambda: draw, drain=drain)
        self.now = 0.0
        self.commands: list[Command] = []
        self.notices: list[str] = []

    def __lshift__(self, event: Event) -> "Play":
        self._take(self.core.handle(event, self.now))
        return self

    def __rshift__(self, expected: Iterable[Command]) -> "Play":
        expected = list(expected)
        if expected != self.commands:
            listed = "\n  ".join(
                ["expected:", *map(str, expected), "", "commanded:", *map(str, self.commands)]
            )
            raise AssertionError(listed)
        self.commands = []
        return self

    def _take(self, commands: list[Command]) -> None:
        self.commands = [command for command in commands if not isinstance(command, Notice)]
        self.notices += [command.text for command in commands if isinstance(command, Notice)]

    def wait(self, seconds: float) -> "Play":
        """Let time pass, with a tick at each deadline; the commands of all of them are expected next."""
        end = self.now + seconds
        commands: list[Command] = []
        while (deadline := self.core.next_deadline()) is not None and deadline <= end:
            self.now = deadline
            commands += self.core.handle(Ticked(), self.now)
        self.now = end
        self._take(commands)
        return self

    def quietly(self, *events: Event) -> "Play":
        """Hand in events whose commands are of no interest."""
        for event in events:
            _ = self << event
        self.commands = []
        return self

    def up(self, *names: str) -> "Play":
        """Start these (or all) and play a world in which each launch succeeds and each probe passes."""
        _ = self << StartWanted(frozenset(names))
        pending = [one for one in self.commands if isinstance(one, Launch)]
        while pending:
            launch = pending.pop(0)
            pid = 100 * (launch.ref.slot + 1) + launch.ref.generation
            for event in (Launched(launch.ref, pid, pid), Probed(launch.ref, ok=True, detail="200 OK")):
                _ = self << event
                pending += [one for one in self.commands if isinstance(one, Launch)]
        self.commands = []
        return self

    def ends(self, one: Incarnation, code: int | None = 0, signal: int | None = None) -> "Play":
        """The leader ends and nothing of it is left; the commands are those that `Gone` gave."""
        _ = self << Exited(one, code, signal)
        return self << Gone(one)

    # --- looking ----------------------------------------------------------------------------------

    def __getitem__(self, name: str) -> ServiceState:
        return self.core.state.services[name]

    def phase(self, name: str) -> Phase:
        """The phase of a service."""
        return self[name].phase

    def health(self, name: str) -> Health:
        """The health of a service."""
        return self[name].health

    def why(self, name: str) -> str:
        """The why of a service."""
        return self[name].why

    def one(self, wanted: Incarnation) -> InstanceState:
        """One incarnation's state."""
        return next(instance for instance in self[wanted.service].instances if instance.ref == wanted)

    @property
    def notice(self) -> str:
        """The last notice."""
        return self.notices[-1]


def launch(name: str, generation: int = 1, slot: int = 0, attempt: int = 1) -> Launch:
    """The command to launch an incarnation."""
    return Launch(ref(name, generation, slot), attempt)


def term(one: Incarnation) -> Signal:
    """The command to send SIGTERM."""
    return Signal(one, "SIGTERM")


def route(name: str, *refs: Incarnation) -> Route:
    """The command to route."""
    return Route(name, refs)


def probing(one: Incarnation) -> StartProbing:
    """The command to start probing."""
    return StartProbing(one)


def unprobing(one: Incarnation) -> StopProbing:
    """The command to stop probing."""
    return StopProbing(one)


def quick(check: Healthcheck = HTTP, **fields: Any) -> Healthcheck:
    """A healthcheck with some fields changed."""
    return replace(check, **fields)
