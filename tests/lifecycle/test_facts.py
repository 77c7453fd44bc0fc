"""Facts: launches, ends, probes, log lines, builds, in the order in which they should not come, too."""

from pathlib import Path

from meshdev.lifecycle.model import (
    Build,
    Built,
    Drain,
    Exited,
    Gone,
    Health,
    Incarnation,
    Kill,
    Launched,
    LaunchFailed,
    LogMatched,
    Phase,
    Probed,
    ReloadWanted,
    RestartWanted,
    ScaleWanted,
    ShutdownWanted,
    StartWanted,
    StopWanted,
    Ticked,
    Urgency,
)
from meshdev.topology.container import Container, ImageBuild
from meshdev.topology.model import Healthcheck, ProbeKind, Service
from support_lifecycle import HTTP, Play, after, launch, probing, quick, ref, route, service, term, unprobing

ORDERS = frozenset({"orders"})
ONE, TWO, THREE = (ref("orders", number) for number in range(1, 4))
LOGGED = Healthcheck(ProbeKind.LOG, "listening", ready_timeout=2.0)


def built_service(**fields: object) -> Service:
    """A service whose image has to be built."""
    return service("orders", run=Container(build=ImageBuild(Path("/orders"))), **fields)


def test_facts_about_nobody_change_nothing() -> None:
    """An unknown service, slot or generation."""
    play = Play(service("orders")).up()
    for nobody in (Incarnation("nobody", 0, 1), ref("orders", 1, slot=5), ref("orders", 99)):
        play << Exited(nobody, 0) >> []
    play << Built("nobody", ok=True) >> []
    assert play.core.changed()
    assert play.core.changed() == frozenset()


def test_an_end_that_was_never_told_is_an_end() -> None:
    """`Gone` alone says enough; nobody is left to get a signal."""
    play = Play(service("orders", healthcheck=HTTP)).up()
    play << Gone(ONE) >> [route("orders"), unprobing(ONE)]
    assert play.why("orders") == "vanished; try 2 follows 0.1 s after that"


def test_an_end_before_the_launch_was_told() -> None:
    """The launch is told too late; what is left is asked to end."""
    play = Play(service("orders")).quietly(StartWanted())
    play << Exited(ONE, 1) >> [term(ONE)]
    play << Launched(ONE, 1) >> []
    play << Gone(ONE) >> []
    assert play.phase("orders") is Phase.BACKOFF


def test_a_launch_that_takes_longer_than_the_grace_is_killed() -> None:
    """And again when it has happened after all."""
    play = Play(service("orders")).quietly(StartWanted(), StopWanted(ORDERS))
    play.wait(5) >> [Kill(ONE)]
    play << Launched(ONE, 1) >> [Kill(ONE)]


def test_what_a_leader_leaves_behind_is_killed_after_the_grace() -> None:
    """And the next run waits for that."""
    play = Play(service("orders")).up()
    play << Exited(ONE, 1) >> [route("orders"), term(ONE)]
    assert play.why("orders") == "exit code 1; what is left of its processes got SIGTERM, SIGKILL after 5 s"
    play.wait(5) >> [Kill(ONE)]
    play << Gone(ONE) >> []
    play.wait(0.1) >> [launch("orders", 2, attempt=2)]


def test_a_launch_that_fails_while_it_was_to_be_replaced() -> None:
    """The replacement comes at once."""
    play = Play(service("orders")).quietly(StartWanted(), RestartWanted(ORDERS))
    play << LaunchFailed(ONE, "no") >> [launch("orders", 2)]


def test_a_launch_that_fails_while_its_stop_waits_for_others() -> None:
    """It is simply over."""
    play = Play(service("db"), service("orders", depends_on=(after("db"),))).up()
    play.quietly(RestartWanted(frozenset({"db"})), Gone(ref("db")), ShutdownWanted())
    play << LaunchFailed(ref("db", 2), "no") >> []
    assert play.phase("db") is Phase.STOPPED


def test_a_tick_without_anything_due_changes_nothing() -> None:
    """It came early."""
    play = Play(service("orders")).up()
    play << Ticked() >> []


def test_time_never_goes_back() -> None:
    """A clock that does is not believed."""
    play = Play(service("orders")).up()
    play.now = 50.0
    play.quietly(StopWanted(ORDERS))
    play.now = 10.0
    play << Ticked() >> []
    assert play.core.next_deadline() == 55.0


class TestProbes:
    """Single outcomes."""

    def test_the_answers_of_one_that_stops_do_not_matter(self) -> None:
        """Probing takes a moment to end."""
        play = Play(service("orders", healthcheck=HTTP)).up().quietly(StopWanted(ORDERS))
        play << Probed(ONE, ok=True) >> []
        assert play.health("orders") is Health.UNKNOWN

    def test_failures_within_the_start_period_do_not_count(self) -> None:
        """It may take its time; after that, it may not."""
        play = Play(service("orders", healthcheck=quick(retries=1, start_period=5.0)))
        play.quietly(StartWanted(), Launched(ONE, 1, 1), Probed(ONE, ok=False))
        assert play.health("orders") is Health.UNKNOWN
        play.wait(5).quietly(Probed(ONE, ok=False), Probed(ONE, ok=False))
        assert (play.phase("orders"), play.health("orders")) == (Phase.STARTING, Health.UNHEALTHY)
        play << Probed(ONE, ok=True) >> [route("orders", ONE)]

    def test_an_unhealthy_one_gets_no_traffic_while_another_is_healthy(self) -> None:
        """If none is, all that run get it: their answers say more than a refusal."""
        play = Play(service("orders", replicas=2, healthcheck=quick(retries=1))).up()
        other = ref("orders", 2, slot=1)
        play << Probed(ONE, ok=False) >> [route("orders", other)]
        assert play.why("orders") == "orders-0: unhealthy (probe GET /healthz: failed, 1 try)"
        play << Probed(other, ok=False) >> [route("orders", ONE, other)]
        play << Probed(ONE, ok=True) >> [route("orders", ONE)]
        assert play.notice == "healthy again"

    def test_steady_answers_are_no_change(self) -> None:
        """Fifty services would otherwise redraw every screen all the time."""
        play = Play(service("orders", healthcheck=HTTP)).up()
        play.core.changed()
        play.quietly(Probed(ONE, ok=True, detail="200 OK"))
        assert play.core.changed() == frozenset()

    def test_a_probe_that_was_not_asked_for(self) -> None:
        """Without a healthcheck there is nothing to judge."""
        play = Play(service("orders")).up()
        play << Probed(ONE, ok=False) >> []
        assert play.health("orders") is Health.HEALTHY


class TestLogLines:
    """A log line as healthcheck."""

    def test_ready_when_the_line_is_seen(self) -> None:
        """Once is enough."""
        play = Play(service("orders", healthcheck=LOGGED)).quietly(StartWanted())
        play << Launched(ONE, 1) >> []
        assert play.why("orders") == 'not ready yet (probe log line "listening": not seen yet)'
        play << LogMatched(ONE, "another") >> []
        play << LogMatched(ONE, "listening") >> [route("orders", ONE)]
        play << LogMatched(ONE, "listening") >> []

    def test_a_line_that_comes_before_the_launch_is_told(self) -> None:
        """Early lines are never missed."""
        play = Play(service("orders", healthcheck=LOGGED)).quietly(StartWanted())
        play << LogMatched(ONE, "listening") >> []
        play << Launched(ONE, 1) >> [route("orders", ONE)]

    def test_a_line_that_does_not_come(self) -> None:
        """Not ready in time."""
        play = Play(service("orders", healthcheck=LOGGED)).quietly(StartWanted(), Launched(ONE, 1))
        play.wait(2) >> [term(ONE)]
        reason = 'not ready after 2 s: log line "listening": not seen yet'
        assert play.why("orders") == f"{reason}; SIGTERM sent, SIGKILL after 5 s"


class TestBuilds:
    """Building before launching."""

    def test_built_once_for_all_slots(self) -> None:
        """Then launched; a restart does not build again."""
        play = Play(built_service(replicas=2))
        play << StartWanted() >> [Build("orders")]
        assert (play.phase("orders"), play.why("orders")) == (Phase.BUILDING, "orders-0: is being built")
        play << Built("orders", ok=True) >> [launch("orders"), launch("orders", 2, slot=1)]
        play << Built("orders", ok=True) >> []
        play.quietly(Launched(ONE, 1), RestartWanted(ORDERS))
        play.ends(ONE) >> [launch("orders", 3)]

    def test_a_build_that_fails(self) -> None:
        """No use to try the same again; a change of the code does."""
        play = Play(built_service()).quietly(StartWanted())
        play << Built("orders", ok=False, detail="build failed: no such base image") >> []
        assert (play.phase("orders"), play.why("orders")) == (
            Phase.GAVE_UP,
            "build failed: no such base image",
        )
        play << ReloadWanted("orders") >> [Build("orders")]
        play << Built("orders", ok=False) >> []
        assert play.why("orders") == "build failed"
        reload = play["orders"].last_reload
        assert reload is not None
        assert reload.outcome == "failed"

    def test_a_candidate_is_built_first(self) -> None:
        """If that fails, the old one stays."""
        play = Play(built_service()).quietly(StartWanted(), Built("orders", ok=True), Launched(ONE, 1))
        play << ReloadWanted("orders") >> [Build("orders")]
        assert play.one(TWO).why == "is being built"
        play << Built("orders", ok=False, detail="build failed: syntax error") >> []
        reload = play["orders"].last_reload
        assert reload is not None
        assert (reload.outcome, reload.detail) == ("rolled back", "build failed: syntax error")
        play << ReloadWanted("orders") >> [Build("orders")]
        play << Built("orders", ok=True) >> [launch("orders", 3)]

    def test_code_that_changes_during_a_build_is_built_afterwards(self) -> None:
        """One build at a time, and never an outdated one launched."""
        play = Play(built_service()).quietly(StartWanted(), Built("orders", ok=True), Launched(ONE, 1))
        play << ReloadWanted("orders") >> [Build("orders")]
        play << ReloadWanted("orders") >> []
        play << Built("orders", ok=False) >> [Build("orders")]
        play << Built("orders", ok=True) >> [launch("orders", 2)]

    def test_the_same_for_one_that_is_not_up_yet(self) -> None:
        """Its first build is outdated before it ends."""
        play = Play(built_service()).quietly(StartWanted())
        play << ReloadWanted("orders") >> []
        play << Built("orders", ok=True) >> [Build("orders")]
        play << Built("orders", ok=True) >> [launch("orders")]

    def test_a_stop_during_a_build(self) -> None:
        """What was built is kept for the next start; code that changed meanwhile is not."""
        play = Play(built_service()).quietly(StartWanted())
        play << StopWanted(ORDERS) >> []
        assert play.phase("orders") is Phase.STOPPED
        play << Built("orders", ok=True) >> []
        play << StartWanted() >> [launch("orders", 2)]
        play.quietly(StopWanted(ORDERS), Gone(TWO), ReloadWanted("orders"))
        play << StartWanted() >> [Build("orders")]

    def test_a_build_is_not_repeated_for_a_start_that_comes_meanwhile(self) -> None:
        """The one that runs is waited for."""
        play = Play(built_service()).quietly(StartWanted(), StopWanted(ORDERS))
        play << StartWanted() >> []
        assert play.phase("orders") is Phase.BUILDING
        play << Built("orders", ok=True) >> [launch("orders", 2)]

    def test_a_candidate_that_takes_over_while_it_is_built(self) -> None:
        """It is launched when it is built and the old one is gone."""
        play = Play(built_service()).quietly(StartWanted(), Built("orders", ok=True), Launched(ONE, 1))
        play.quietly(ReloadWanted("orders"), Exited(ONE, 1))
        play << Built("orders", ok=True) >> []
        play << Gone(ONE) >> [launch("orders", 2)]

    def test_a_scale_down_during_a_build(self) -> None:
        """The slot is dropped."""
        play = Play(built_service(replicas=2)).quietly(StartWanted(), ScaleWanted("orders", 1))
        play << Built("orders", ok=True) >> [launch("orders")]


def test_kill_reaches_a_leader_that_ends_by_itself() -> None:
    """Nothing is asked any more, whoever ended first."""
    play = Play(service("orders", healthcheck=HTTP), drain=9).up()
    play.quietly(ReloadWanted("orders"), Launched(TWO, 2, 2))
    play << Probed(TWO, ok=True) >> [route("orders", TWO), Drain(ONE)]
    play << Exited(ONE, 0) >> [unprobing(ONE), term(ONE)]
    play << ShutdownWanted(Urgency.KILL) >> [route("orders"), Kill(ONE), unprobing(TWO), Kill(TWO)]
    assert probing(THREE) not in play.commands
