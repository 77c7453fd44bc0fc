"""Properties: any order of wishes and facts, true, late or told twice, in a model world."""

from collections.abc import Iterable
from pathlib import Path
from random import Random
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from meshdev.lifecycle.model import (
    Applied,
    Desired,
    Drained,
    Incarnation,
    LogMatched,
    Phase,
    Probed,
    ReloadWanted,
    RestartWanted,
    ScaleWanted,
    ShutdownWanted,
    StartWanted,
    StopWanted,
    Urgency,
)
from meshdev.topology.container import Container, ImageBuild
from meshdev.topology.model import (
    Condition,
    Healthcheck,
    ProbeKind,
    ReloadStrategy,
    Restart,
    RestartPolicy,
    Service,
    StartMode,
    System,
)
from support_lifecycle import HTTP, after, service, system
from support_world import World

LOGGED = Healthcheck(ProbeKind.LOG, "listening")
NAMES = ("db", "migrate", "payments", "orders", "web")


def shop(choose: Random) -> System:
    """A shop in small, with every sort of dependency, probe, policy and strategy somewhere."""

    def one(name: str, **fields: Any) -> Service:
        fields = {
            "restart": Restart(policy=choose.choice(list(RestartPolicy))),
            "reload": choose.choice(list(ReloadStrategy)),
            "healthcheck": choose.choice([None, HTTP, HTTP, LOGGED]),
            "replicas": choose.choice([1, 1, 1, 2]),
            **fields,
        }
        if choose.random() < 0.2:
            fields["run"] = Container("image", build=ImageBuild(Path("/")))
        return service(name, **fields)

    condition = choose.choice([Condition.STARTED, Condition.HEALTHY, Condition.LOG])
    required, cascade = choose.random() < 0.5, choose.random() < 0.5
    wait = after("payments", condition, required=required, restart=cascade, log="listening")
    return system(
        one("db"),
        one("migrate", one_shot=True, replicas=1, depends_on=(after("db"),)),
        one("payments", uses=("db",), start=choose.choice(list(StartMode))),
        one("orders", depends_on=(after("migrate", Condition.COMPLETED), wait), uses=("db",)),
        one("web", depends_on=(after("orders", Condition.STARTED, restart=cascade),)),
    )


SHOPS = [shop(Random(number)) for number in range(60)]


class Anything(RuleBasedStateMachine):
    """Whatever happens, in any order; then the world behaves, and the wishes must come true."""

    @initialize(
        number=st.integers(0, len(SHOPS) - 1), drain=st.sampled_from([0.0, 0.2]), draw=st.floats(0, 0.99)
    )
    def begin(self, number: int, drain: float, draw: float) -> None:
        """A system that is wanted."""
        drawn = SHOPS[number]
        self.world = World(drawn, draw=lambda: draw, drain=drain)
        self.up: dict[str, bool] = dict.fromkeys(NAMES, False)
        self.replicas = {name: one.replicas for name, one in drawn.services.items()}
        self.older_than: dict[tuple[str, int], int] = {}
        self.start(frozenset())

    def want(self, names: Iterable[str]) -> None:
        """Note that these are wanted, with what they need."""
        for name in names:
            spec = self.world.system.services[name]
            self.up[name] = True
            self.want([*(dep.target for dep in spec.depends_on if dep.required), *spec.uses])

    # --- wishes -----------------------------------------------------------------------------------

    @rule(names=st.frozensets(st.sampled_from((*NAMES, "nobody")), max_size=2))
    def start(self, names: frozenset[str]) -> None:
        """Start some, or all."""
        self.world.tell(StartWanted(names))
        specs = self.world.system.services
        self.want(names - {"nobody"} or [n for n in specs if specs[n].start is StartMode.EAGER and not names])

    @rule(names=st.frozensets(st.sampled_from(NAMES), min_size=1, max_size=3))
    def stop(self, names: frozenset[str]) -> None:
        """Stop some."""
        self.world.tell(StopWanted(names))
        self.up.update(dict.fromkeys(names, False))

    @rule(names=st.frozensets(st.sampled_from(NAMES), min_size=1, max_size=2))
    def restart(self, names: frozenset[str]) -> None:
        """Restart some."""
        launched = {(ref.service, ref.slot): ref.generation for ref in sorted(self.world.bodies)}
        self.world.tell(RestartWanted(names))
        self.want(names)
        self.older_than.update(entry for entry in launched.items() if entry[0][0] in names)

    @rule(name=st.sampled_from(NAMES), times=st.sampled_from([1, 1, 1, 2, 11]))
    def reload(self, name: str, times: int) -> None:
        """Save a file, or many."""
        for _ in range(times):
            self.world.tell(ReloadWanted(name, (f"{name}.py",)))

    @rule(name=st.sampled_from(NAMES[2:]), replicas=st.integers(-1, 3))
    def scale(self, name: str, replicas: int) -> None:
        """Scale one."""
        self.world.tell(ScaleWanted(name, replicas))
        if replicas >= 0:
            self.replicas[name] = replicas

    # --- facts ------------------------------------------------------------------------------------

    def pick(self, data: st.DataObject, among: list[Incarnation]) -> Incarnation:
        """One of these incarnations."""
        return data.draw(st.sampled_from(sorted(among)))

    def fresh(self) -> list[Incarnation]:
        """Launches in flight."""
        return [ref for ref, body in self.world.bodies.items() if not body.launched and not body.ended]

    def running(self) -> list[Incarnation]:
        """Leaders that run."""
        return [ref for ref, body in self.world.bodies.items() if body.launched and not body.ended]

    @precondition(lambda self: self.fresh())
    @rule(data=st.data(), well=st.sampled_from([True, True, True, False]))
    def launch(self, data: st.DataObject, well: bool) -> None:  # noqa: FBT001 -- Hypothesis passes by name
        """A launch ends, well or not."""
        ref = self.pick(data, self.fresh())
        if well:
            self.world.launched(ref)
        else:
            self.world.launch_failed(ref)

    @precondition(lambda self: self.running())
    @rule(data=st.data(), code=st.sampled_from([0, 1]))
    def exit(self, data: st.DataObject, code: int) -> None:
        """A leader ends, asked or not."""
        self.world.exits(self.pick(data, self.running()), code)

    @precondition(lambda self: self.world.bodies)
    @rule(data=st.data())
    def gone(self, data: st.DataObject) -> None:
        """Nothing is left of one, whether or not its launch or its end was told."""
        self.world.gone(self.pick(data, list(self.world.bodies)))

    @precondition(lambda self: self.running())
    @rule(data=st.data(), ok=st.booleans(), times=st.integers(1, 3))
    def probe(self, data: st.DataObject, ok: bool, times: int) -> None:  # noqa: FBT001 -- as above
        """A probe answers, or one that was underway when probing ended."""
        ref = self.pick(data, self.running())
        for _ in range(times):
            self.world.tell(Probed(ref, ok, "200 OK" if ok else "connection refused"))

    @precondition(lambda self: self.world.bodies)
    @rule(data=st.data())
    def log(self, data: st.DataObject) -> None:
        """A line appears."""
        self.world.tell(LogMatched(self.pick(data, list(self.world.bodies)), "listening"))

    def draining(self) -> list[Incarnation]:
        """Those from which traffic moves away."""
        return [ref for ref, body in self.world.bodies.items() if body.draining]

    @precondition(lambda self: self.draining())
    @rule(data=st.data())
    def drained(self, data: st.DataObject) -> None:
        """The last request to one is answered, perhaps after it has been stopped or has ended anyhow."""
        self.world.drained(self.pick(data, self.draining()))

    @precondition(lambda self: self.world.builds)
    @rule(ok=st.booleans())
    def build(self, ok: bool) -> None:  # noqa: FBT001 -- as above
        """A build ends."""
        self.world.built(ok=ok)

    @precondition(lambda self: self.world.history)
    @rule(data=st.data())
    def again(self, data: st.DataObject) -> None:
        """Something of long ago is told once more; only what can no longer be true, or was told already."""
        fact = data.draw(st.sampled_from(self.world.history))
        body = self.world.bodies.get(fact.ref)  # type: ignore[union-attr]
        if body is None or isinstance(fact, Probed | Drained):
            self.world.tell(fact)

    @rule(seconds=st.sampled_from([0.0, 0.05, 0.3, 1.0, 5.0, 11.0, 61.0]))
    def pass_time(self, seconds: float) -> None:
        """Time passes."""
        self.world.pass_time(seconds)

    @rule()
    def next_deadline(self) -> None:
        """Time passes until something is due."""
        deadline = self.world.core.next_deadline()
        if deadline is not None:
            self.world.pass_time(max(0.0, deadline - self.world.now))

    # --- the end ----------------------------------------------------------------------------------

    def teardown(self) -> None:
        """The world behaves: wishes come true. Then a kill ends everything, however stubborn."""
        if not hasattr(self, "world"):
            return
        self.world.calm()
        self.world.check_reached()
        self.check_last_wishes()
        before = len(self.world.bodies)
        self.world.tell(ShutdownWanted(Urgency.KILL))
        assert all(body.killed for body in self.world.bodies.values()), before
        self.world.calm()
        assert self.world.core.all_gone

    def check_last_wishes(self) -> None:
        """The last wish won, for each service."""
        for name, state in self.world.core.state.services.items():
            assert self.up[name] == (state.desired is Desired.UP)
            assert self.replicas[name] == state.replicas
            if self.up[name] and state.phase is Phase.RUNNING:
                for ref in (one.ref for one in state.instances):
                    assert ref.generation > self.older_than.get((name, ref.slot), 0)


class Ending(Anything):
    """The same, with shutdowns among the wishes and new topologies: nothing may be left, ever."""

    @rule(number=st.integers(0, len(SHOPS) - 1), names=st.frozensets(st.sampled_from(NAMES), max_size=2))
    def apply(self, number: int, names: frozenset[str]) -> None:
        """The file was changed: other values everywhere, some services left out."""
        drawn = SHOPS[number]
        kept = system(*(one for name, one in drawn.services.items() if name not in names))
        self.world.system = system(*{**self.world.system.services, **kept.services}.values())
        self.world.mixed = True
        self.world.tell(Applied(kept))

    @rule(urgency=st.sampled_from(Urgency))
    def shutdown(self, urgency: Urgency) -> None:
        """Ctrl-C."""
        self.world.tell(ShutdownWanted(urgency))

    def teardown(self) -> None:
        """A shutdown, gentle at first, always ends with everything gone."""
        if not hasattr(self, "world"):
            return
        self.world.tell(ShutdownWanted())
        self.world.calm()
        assert self.world.core.all_gone


TestAnything = Anything.TestCase
TestAnything.settings = settings(max_examples=100, stateful_step_count=50, deadline=None)
TestEnding = Ending.TestCase
TestEnding.settings = settings(max_examples=50, stateful_step_count=50, deadline=None)
