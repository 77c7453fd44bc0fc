"""A model world for the lifecycle core: processes that launch, fail, exit, ignore signals and die when killed.

The world keeps its own books of what lives, from `Launch` until `Gone` or `LaunchFailed` was told, and checks them
against what the core says after every event.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from meshdev.lifecycle.core import Lifecycle
from meshdev.lifecycle.model import (
    Build,
    Built,
    Command,
    Desired,
    Drain,
    Drained,
    Event,
    Exited,
    Fact,
    Gone,
    Health,
    Incarnation,
    InstanceState,
    Kill,
    Launch,
    Launched,
    LaunchFailed,
    LogMatched,
    Notice,
    Phase,
    Probed,
    Role,
    Route,
    ServiceState,
    Signal,
    StartProbing,
    StopProbing,
    Ticked,
)
from meshdev.topology.model import ReloadStrategy, RestartPolicy, System

WAITS = {
    Phase.WAITING,
    Phase.BUILDING,
    Phase.STARTING,
    Phase.STOPPING,
    Phase.BACKOFF,
    Phase.EXITED,
    Phase.GAVE_UP,
}
MOST_LIVE = 3


@dataclass
class Body:
    """A process of the world."""

    ref: Incarnation
    launched: bool = False
    ended: bool = False  # the leader
    told_to_end: bool = False
    killed: bool = False
    probed: bool = False
    logged: bool = False
    draining: bool = False

    @property
    def heeds(self) -> bool:
        """Whether it, or what its leader left behind, goes now; every third one waits for SIGKILL."""
        return self.killed or (self.told_to_end and self.ref.generation % 3 != 0)


@dataclass
class World:
    """The world of one core."""

    system: System
    draw: Callable[[], float] = lambda: 0.0
    drain: float = 0.2
    now: float = 0.0
    bodies: dict[Incarnation, Body] = field(default_factory=dict)
    history: list[Fact] = field(default_factory=list)
    builds: list[str] = field(default_factory=list)
    routes: dict[str, tuple[Incarnation, ...]] = field(default_factory=dict)
    over: set[Incarnation] = field(default_factory=set)
    mixed: bool = False  # specs have changed, so old and new strategies live side by side
    core: Lifecycle = field(init=False)

    def __post_init__(self) -> None:
        self.core = Lifecycle(self.system, rng=self.draw, drain=self.drain)

    # --- telling ----------------------------------------------------------------------------------

    def tell(self, event: Event) -> None:
        """Hand an event to the core, carry out what it commands, and check everything."""
        if isinstance(event, Launched | LaunchFailed | Exited | Gone | Probed | Drained):
            self.history.append(event)
        commands = self.core.handle(event, self.now)
        for command in commands:
            self._carry_out(command)
        self.check()
        for command in commands:
            if isinstance(command, Launch):
                self._check_launch(command.ref)

    def _carry_out(self, command: Command) -> None:
        match command:
            case Launch(ref):
                assert ref not in self.bodies, f"launched twice: {ref}"
                assert ref not in self.over, f"launched again: {ref}"
                self.bodies[ref] = Body(ref)
            case Signal(ref):
                body = self.bodies.get(ref)
                assert body is not None, f"signal for nobody: {ref}"
                assert body.launched or body.ended, f"signal before launch: {ref}"
                body.told_to_end = True
            case Kill(ref):
                assert ref in self.bodies, f"kill for nobody: {ref}"
                self.bodies[ref].killed = True
            case StartProbing(ref):
                self.bodies[ref].probed = True
            case StopProbing(ref):
                if ref in self.bodies:
                    self.bodies[ref].probed = False
            case Drain(ref):
                assert ref not in self.routes[ref.service], "traffic still goes there"
                self.bodies[ref].draining = True
            case Build(service):
                assert service not in self.builds, f"two builds of {service}"
                self.builds.append(service)
            case Route(service, refs):
                assert self.routes.get(service, ()) != refs, "the same route again"
                self.routes[service] = refs
            case Notice():
                pass

    def launched(self, ref: Incarnation) -> None:
        """The process is there."""
        self.bodies[ref].launched = True
        self.tell(Launched(ref, pid=1000 + ref.generation, port=2000 + ref.generation))

    def drained(self, ref: Incarnation) -> None:
        """Nothing is under way to it."""
        self.bodies[ref].draining = False
        self.tell(Drained(ref))

    def launch_failed(self, ref: Incarnation) -> None:
        """There is no such command."""
        self._end(ref)
        self.tell(LaunchFailed(ref, "command not found: serve"))

    def exits(self, ref: Incarnation, code: int) -> None:
        """The leader ends."""
        self.bodies[ref].ended = True
        self.tell(Exited(ref, code))

    def gone(self, ref: Incarnation) -> None:
        """Nothing is left."""
        self._end(ref)
        self.tell(Gone(ref))

    def built(self, *, ok: bool) -> None:
        """The oldest build ends."""
        self.tell(Built(self.builds.pop(0), ok, "" if ok else "no such base image"))

    def _end(self, ref: Incarnation) -> None:
        del self.bodies[ref]
        self.over.add(ref)

    def pass_time(self, seconds: float) -> None:
        """Let time pass; a tick comes at the end of it."""
        self.now += seconds
        self.tell(Ticked())

    # --- checking ---------------------------------------------------------------------------------

    def check(self) -> None:
        """What must always hold."""
        state = self.core.state
        slots: dict[tuple[str, int], list[Incarnation]] = {}
        for ref in self.bodies:
            slots.setdefault((ref.service, ref.slot), []).append(ref)
        roles = {one.ref: one for service in state.services.values() for one in service.instances}
        for (name, _), refs in slots.items():
            self._check_slot(name, [roles[ref].role for ref in refs])
        alive = {
            ref for ref, one in roles.items() if one.phase in {Phase.STARTING, Phase.RUNNING, Phase.STOPPING}
        }
        assert alive == set(self.bodies)
        assert self.core.all_gone == (not self.bodies)
        for name, service in state.services.items():
            self._check_why(service)
            for ref in self.routes.get(name, ()):
                assert (roles[ref].phase, roles[ref].role) == (Phase.RUNNING, Role.SERVING)

    def _check_launch(self, ref: Incarnation) -> None:
        """Only a candidate is launched beside others; whoever is in charge begins in an empty slot."""
        others = [body for body in self.bodies if (body.service, body.slot) == (ref.service, ref.slot)]
        service = self.core.state.services[ref.service]
        role = next(one.role for one in service.instances if one.ref == ref)
        assert role is Role.CANDIDATE or [ref] == others, others

    def _check_slot(self, name: str, roles: list[Role]) -> None:
        assert roles.count(Role.SERVING) <= 1, roles
        assert roles.count(Role.CANDIDATE) <= 1, roles
        assert len(roles) <= MOST_LIVE, roles
        if not self.mixed and self.system.services[name].reload is ReloadStrategy.REPLACE:
            assert len(roles) == 1, roles

    def _check_why(self, service: ServiceState) -> None:
        if service.phase in WAITS:
            assert service.why, service
        for one in service.instances:
            if one.phase in WAITS:
                assert one.why, one
        assert self.core.why(service.name)[0][0] == service.name

    # --- settling ---------------------------------------------------------------------------------

    def calm(self, *, limit: int = 2000) -> None:
        """Let the world behave until nothing more happens: launches succeed, probes pass, signals are obeyed."""
        for _ in range(limit):
            if not self._one_good_thing():
                deadline = self.core.next_deadline()
                if deadline is None:
                    return
                self.now = max(self.now, deadline)
                self.tell(Ticked())
        msg = "the core does not come to rest"
        raise AssertionError(msg)

    def _one_good_thing(self) -> bool:
        if self.builds:
            self.built(ok=True)
            return True
        return any(self._step(body) for body in list(self.bodies.values()))

    def _step(self, body: Body) -> bool:
        ref = body.ref
        one_shot = self.system.services[ref.service].one_shot
        if not body.launched and not body.ended and not body.killed:
            self.launched(ref)
        elif (body.heeds or one_shot) and not body.ended:
            self.exits(ref, 0)
        elif body.ended and body.heeds:
            self.gone(ref)
        elif body.draining:
            self.drained(ref)
        elif not body.logged:
            body.logged = True
            self.tell(LogMatched(ref, "listening"))
        elif body.probed and self._health(ref) is not Health.HEALTHY:
            self.tell(Probed(ref, ok=True, detail="200 OK"))
        else:
            return False
        return True

    def _health(self, ref: Incarnation) -> Health:
        service = self.core.state.services[ref.service]
        one = next(one for one in service.instances if one.ref == ref)
        return Health.HEALTHY if one.role is Role.RETIRING else one.health

    def check_reached(self) -> None:
        """After `calm`: everything is as it is wanted, or says for good why not."""
        for name, service in self.core.state.services.items():
            if service.desired is Desired.DOWN:
                assert not [ref for ref in self.bodies if ref.service == name]
                assert service.phase is Phase.STOPPED
                continue
            current = [one for one in service.instances if one.role is Role.SERVING]
            assert len(current) == service.replicas
            for one in current:
                self._check_instance(one)
            if service.last_reload is not None:
                ended = service.last_reload.outcome != "running"
                assert ended or service.phase in {Phase.WAITING, Phase.GAVE_UP}

    def _check_instance(self, one: InstanceState) -> None:
        chain = self.core.why(one.ref.service)
        root = self.core.state.services[chain[-1][0]]
        if one.phase is Phase.EXITED:
            policy = self.system.services[one.ref.service].restart.policy
            assert policy is RestartPolicy.NO or (one.exit is not None and one.exit.clean)
        elif one.phase is Phase.WAITING:
            assert root.desired is Desired.DOWN or root.replicas == 0
        elif one.phase is Phase.GAVE_UP:
            assert root.phase in {Phase.GAVE_UP, Phase.EXITED}
            assert len(chain) == 1 or one.why.startswith(f"cannot start because of {root.name}: ")
        else:
            assert (one.phase, one.health) == (Phase.RUNNING, Health.HEALTHY)
