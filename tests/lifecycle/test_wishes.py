"""Wishes: starting, stopping, restarting, scaling, shutting down."""

import pytest

from meshdev.lifecycle.model import (
    Applied,
    Called,
    Desired,
    Drain,
    Drained,
    Event,
    Exited,
    Gone,
    Health,
    Kill,
    Launched,
    Phase,
    Probed,
    ReloadWanted,
    RestartWanted,
    ScaleWanted,
    ShutdownWanted,
    Sidelined,
    StartWanted,
    StopWanted,
    Urgency,
)
from meshdev.lifecycle.runs import HASTE
from meshdev.topology.model import Condition, Endpoint, ReloadStrategy, Restart, RestartPolicy, StartMode
from support_lifecycle import HTTP, NEVER, Play, after, launch, ref, route, service, term

ORDERS = frozenset({"orders"})
HEARD = (Endpoint("http"),)
ONE, TWO = ref("orders", 1), ref("orders", 2)


def test_nothing_starts_unasked() -> None:
    """A new core wants nothing."""
    play = Play(service("orders"))
    assert (play.phase("orders"), play["orders"].desired) == (Phase.STOPPED, Desired.DOWN)
    assert play.core.all_gone


def test_a_start_of_all_leaves_out_what_starts_on_demand() -> None:
    """Until somebody calls it, or needs it."""
    play = Play(service("orders"), service("rare", start=StartMode.ON_DEMAND))
    play << StartWanted() >> [launch("orders")]
    assert play.why("rare") == "starts with the first call"
    play << StartWanted(frozenset({"rare"})) >> [launch("rare")]


def wakes(play: Play) -> bool:
    """Whether the next call starts rare."""
    return play["rare"].wakes


def rare(**more: object) -> Play:
    """A system with one service that starts on demand, up but for that one."""
    play = Play(service("orders"), service("db"), service("rare", start=StartMode.ON_DEMAND, **more))
    return play.up()


def test_a_call_starts_what_starts_on_demand() -> None:
    """With what it needs, and once."""
    play = Play(service("db"), service("rare", start=StartMode.ON_DEMAND, depends_on=(after("db"),)))
    assert wakes(play) is True
    play << Called("rare") >> [launch("db")]
    play << Called("rare") >> []
    assert wakes(play) is False
    play << Launched(ref("db"), 1, 1) >> [route("db", ref("db")), launch("rare")]


def test_a_call_starts_nothing_else() -> None:
    """What is eager is left as the user wants it, and who is not there cannot be called."""
    play = Play(service("orders"))
    play << Called("orders") >> []
    play << Called("nobody") >> []
    assert not play["orders"].wakes


def test_a_call_does_not_overrule_a_stop() -> None:
    """Who stopped it wants it down; a start, of it or of the whole system, ends that."""
    play = rare()
    play << Called("rare") >> [launch("rare")]
    play.quietly(StopWanted(frozenset({"rare"})), Launched(ref("rare"), 1)).ends(ref("rare"))
    assert (play["rare"].wakes, play.why("rare")) == (False, "was stopped, so calls do not start it")
    play << Called("rare") >> []
    play << StartWanted() >> []
    assert (play["rare"].wakes, play.why("rare")) == (True, "starts with the first call")
    play << Called("rare") >> [launch("rare", 2)]


def test_a_call_starts_again_what_had_ended_well() -> None:
    """A service may end when it has nothing to do; one that failed for good is not started by calls."""
    play = rare(restart=NEVER)
    play.quietly(Called("rare"), Launched(ref("rare"), 1)).ends(ref("rare"))
    assert wakes(play) is True
    assert play.why("rare") == "ended with exit code 0; starts again with the next call"
    play << Called("rare") >> [launch("rare", 2)]
    play.quietly(Launched(ref("rare", 2), 1)).ends(ref("rare", 2), 1)
    assert wakes(play) is False
    play << Called("rare") >> []


def test_a_call_starts_nothing_in_a_shutdown() -> None:
    """Everything goes down."""
    play = rare().quietly(ShutdownWanted())
    play << Called("rare") >> []


def test_a_start_by_name_pulls_in_what_is_needed() -> None:
    """And nothing else."""
    play = Play(service("db"), service("orders", depends_on=(after("db"),)), service("web"))
    play << StartWanted(ORDERS) >> [launch("db")]
    assert play["web"].desired is Desired.DOWN


def test_a_start_of_what_runs_changes_nothing() -> None:
    """It is up already."""
    play = Play(service("orders")).up()
    play << StartWanted(ORDERS) >> []
    play << StartWanted() >> []


def test_a_named_start_runs_again_what_had_completed() -> None:
    """A start of the whole system leaves it alone."""
    play = Play(service("migrate", one_shot=True)).up()
    play.ends(ref("migrate"))
    play << StartWanted() >> []
    play << StartWanted(frozenset({"migrate"})) >> [launch("migrate", 2)]


def test_a_start_tries_again_what_had_failed() -> None:
    """Named or not."""
    play = Play(service("orders", restart=NEVER)).up()
    play.ends(ONE, 1)
    play << StartWanted() >> [launch("orders", 2)]


@pytest.mark.parametrize(
    "wish",
    [
        StartWanted(frozenset({"nobody"})),
        StopWanted(frozenset({"nobody"})),
        RestartWanted(frozenset({"nobody"})),
        ReloadWanted("nobody"),
        ScaleWanted("nobody", 3),
    ],
)
def test_a_wish_for_an_unknown_service_is_noted_and_ignored(wish: Event) -> None:
    """It may have left the topology a moment ago."""
    play = Play(service("orders"))
    play << wish >> []
    assert play.notices == ["there is no service 'nobody'"]


def test_services_that_are_stopped_together_stop_in_order() -> None:
    """Who needs the other goes first; who stays up holds up nobody."""
    play = Play(
        service("db"), service("orders", depends_on=(after("db"),)), service("web", depends_on=(after("db"),))
    ).up()
    play << StopWanted(frozenset({"db", "orders"})) >> [route("orders"), term(ONE)]
    play << Exited(ONE, 0) >> []
    play << Gone(ONE) >> [route("db"), term(ref("db"))]
    assert play.phase("web") is Phase.RUNNING


def test_a_start_of_the_one_releases_the_other() -> None:
    """Db was to wait for orders to be down, but orders is wanted again (and pulls db up with it)."""
    play = Play(service("db"), service("orders", depends_on=(after("db", required=False),))).up()
    play.quietly(StopWanted(frozenset({"db", "orders"})))
    play << StartWanted(ORDERS) >> [route("db"), term(ref("db"))]


def test_restart_of_a_stopped_service_starts_it() -> None:
    """With what it needs."""
    play = Play(service("db"), service("orders", depends_on=(after("db"),)))
    play << RestartWanted(ORDERS) >> [launch("db")]
    assert play.notice == "restarts: asked for"


def test_restart_while_waiting_changes_nothing() -> None:
    """There is nothing to replace."""
    play = Play(service("db", healthcheck=HTTP), service("orders", depends_on=(after("db"),)))
    play.quietly(StartWanted())
    play << RestartWanted(ORDERS) >> []
    assert play.phase("orders") is Phase.WAITING


def test_a_service_that_waits_says_that_its_dependency_is_stopped() -> None:
    """The user stopped it; it is not started behind their back."""
    play = Play(
        service("db"), service("orders", depends_on=(after("db"),), restart=Restart(RestartPolicy.ALWAYS))
    ).up()
    play.quietly(StopWanted(frozenset({"db"}))).ends(ref("db"))
    play.ends(ONE, 1)
    play.wait(1) >> []
    assert play.why("orders") == "waiting for db to be healthy (it is stopped)"
    assert (("orders", play.why("orders")), ("db", "stopped")) == play.core.why("orders")


def test_what_is_about_to_be_replaced_meets_no_condition() -> None:
    """Restarted together with its migration, a service waits for the new migration, not for the old one's success."""
    migrate = service("migrate", one_shot=True)
    play = Play(migrate, service("orders", depends_on=(after("migrate", Condition.COMPLETED),))).up("migrate")
    play.ends(ref("migrate"))
    play << RestartWanted(frozenset({"migrate", "orders"})) >> [launch("migrate", 2)]


def test_a_stop_between_a_crash_and_its_end_promises_no_further_try() -> None:
    """Nobody reads of a restart that will not come."""
    play = Play(service("orders")).up().quietly(Exited(ONE, 1), StopWanted(ORDERS), Gone(ONE))
    assert play.notices == []
    assert play.phase("orders") is Phase.STOPPED


def test_a_restart_between_an_exit_and_its_end_counts_as_no_failure() -> None:
    """The next run is the first of a fresh series."""
    play = Play(service("orders", restart=Restart(RestartPolicy.ALWAYS))).up()
    play.quietly(Exited(ONE, 0), RestartWanted(ORDERS))
    play << Gone(ONE) >> [launch("orders", 2, attempt=1)]


class TestScale:
    """More or fewer slots."""

    def test_up(self) -> None:
        """The new ones are launched."""
        play = Play(service("orders")).up()
        play << ScaleWanted("orders", 3) >> [launch("orders", 2, slot=1), launch("orders", 3, slot=2)]
        assert play.phase("orders") is Phase.STARTING
        assert play.why("orders") == "orders-1: is being launched"

    def test_down_retires_the_highest(self) -> None:
        """Their traffic moves first."""
        play = Play(service("orders", replicas=3), drain=0.2).up()
        one, two, three = (ref("orders", number + 1, slot=number) for number in range(3))
        play << ScaleWanted("orders", 1) >> [route("orders", one), Drain(two), Drain(three)]
        assert play.one(three).why == "it gets no more traffic and is stopped in a moment"
        play << Drained(three) >> [term(three)]
        play.wait(0.2) >> [term(two)]
        play << Drained(two) >> []
        play.quietly(Gone(two))
        assert len(play["orders"].instances) == 2
        play.quietly(Gone(three))
        assert [one] == [instance.ref for instance in play["orders"].instances]

    def test_a_slot_that_comes_back_waits_for_its_former_tenant(self) -> None:
        """Never two in one slot."""
        play = Play(service("orders", replicas=2)).up().quietly(ScaleWanted("orders", 1))
        play << ScaleWanted("orders", 2) >> []
        assert play.why("orders") == "orders-1: waiting for orders-1@2 to be gone"
        play << Gone(ref("orders", 2, slot=1)) >> [launch("orders", 3, slot=1)]

    def test_a_start_of_what_is_being_scaled_down(self) -> None:
        """Does not bring back the slots that go."""
        play = Play(service("orders", replicas=2)).up().quietly(ScaleWanted("orders", 1))
        play << StartWanted(ORDERS) >> []
        play.quietly(Gone(ref("orders", 2, slot=1)))
        assert len(play["orders"].instances) == 1

    def test_to_nothing(self) -> None:
        """Wanted, yet none; whoever waits for it says so."""
        play = Play(service("db"), service("orders", depends_on=(after("db"),))).up()
        play.quietly(ScaleWanted("db", 0), Gone(ref("db")), RestartWanted(ORDERS)).ends(ONE)
        assert (play.phase("db"), play.why("db")) == (Phase.STOPPED, "scaled to 0")
        assert play.why("orders") == "waiting for db to be healthy (it is scaled to 0)"

    def test_below_nothing(self) -> None:
        """Is refused."""
        play = Play(service("orders")).up()
        play << ScaleWanted("orders", -1) >> []
        assert play.notice == "cannot be scaled to -1"

    def test_while_stopped(self) -> None:
        """Only the number is noted."""
        play = Play(service("orders"))
        play << ScaleWanted("orders", 2) >> []
        play << StartWanted() >> [launch("orders"), launch("orders", 2, slot=1)]

    def test_down_of_what_is_not_running(self) -> None:
        """A slot in backoff is simply dropped."""
        play = Play(service("orders", replicas=2)).up()
        play.ends(ref("orders", 2, slot=1), 1)
        play << ScaleWanted("orders", 1) >> []
        assert (len(play["orders"].instances), play.core.next_deadline()) == (1, None)

    def test_down_while_a_drain_ends_in_a_stop(self) -> None:
        """A stop does not wait for the drain."""
        play = Play(service("orders", replicas=2), drain=9).up().quietly(ScaleWanted("orders", 1))
        play << StopWanted(ORDERS) >> [route("orders"), term(ONE), term(ref("orders", 2, slot=1))]


class TestShutdown:
    """Everything down."""

    def test_no_wish_is_heard_any_more(self) -> None:
        """The daemon is about to go."""
        play = Play(service("orders")).up().quietly(ShutdownWanted())
        for wish in (StartWanted(), RestartWanted(ORDERS), ScaleWanted("orders", 2), ReloadWanted("orders")):
            play << wish >> []
        play << Applied(play.core._ledger.system) >> []
        assert play.notice == "the system is shutting down: nothing is started or changed any more"
        assert play.core.state.shutting_down is Urgency.GRACEFUL

    def test_a_gentler_one_changes_nothing(self) -> None:
        """Once in a hurry, always in a hurry."""
        play = Play(service("orders")).up().quietly(ShutdownWanted(Urgency.HURRY))
        play << ShutdownWanted(Urgency.GRACEFUL) >> []
        assert play.core.state.shutting_down is Urgency.HURRY

    def test_kill_at_once(self) -> None:
        """No signal first, and launches in flight are killed as well."""
        play = Play(service("orders"), service("web", depends_on=(after("orders", Condition.STARTED),))).up(
            "orders"
        )
        play.quietly(StartWanted())
        play << ShutdownWanted(Urgency.KILL) >> [route("orders"), Kill(ONE), Kill(ref("web"))]
        play << Launched(ref("web"), 9) >> [Kill(ref("web"))]
        play.ends(ref("web"), None, 9)
        play << ShutdownWanted(Urgency.KILL) >> []
        play.quietly(Gone(ONE))
        assert play.core.all_gone

    def test_a_leader_that_ends_by_itself_then_leaves_nothing(self) -> None:
        """What it leaves behind is killed, not asked."""
        play = Play(service("db"), service("orders", depends_on=(after("db"),))).up()
        play.quietly(ShutdownWanted())
        play << Exited(ref("db"), 1) >> [route("db"), term(ref("db"))]
        play << ShutdownWanted(Urgency.KILL)
        assert {Kill(ref("db")), Kill(ONE)} == set(play.commands)

    def test_what_is_stopping_already_goes_on_stopping(self) -> None:
        """With the grace that it had."""
        play = Play(service("orders")).up().quietly(StopWanted(ORDERS)).wait(3)
        play << ShutdownWanted() >> []
        play.wait(2) >> [Kill(ONE)]

    def test_a_restart_lets_it_finish_what_it_answers(self) -> None:
        """Routes first, then the drain, then the stop; the next one waits until it is gone."""
        play = Play(service("orders", endpoints=HEARD), drain=9).up()
        play << RestartWanted(ORDERS) >> [route("orders"), Drain(ONE)]
        assert play.one(TWO).why == "waiting for orders-0@1 to be gone"
        play << Drained(ONE) >> [term(ONE)]
        play << Gone(ONE) >> [launch("orders", 2)]

    def test_a_restart_does_not_wait_long(self) -> None:
        """Its callers are held meanwhile."""
        play = Play(service("orders", endpoints=HEARD), drain=9).up().quietly(RestartWanted(ORDERS))
        play.wait(HASTE) >> [term(ONE)]
        play << Drained(ONE) >> []

    def test_a_restart_that_turns_into_a_stop_does_not_wait(self) -> None:
        """The last wish wins."""
        play = Play(service("orders", endpoints=HEARD), drain=9).up().quietly(RestartWanted(ORDERS))
        play << StopWanted(ORDERS) >> [term(ONE)]
        play << Gone(ONE) >> []
        assert play.phase("orders") is Phase.STOPPED

    def test_what_nobody_calls_is_stopped_at_once(self) -> None:
        """A worker has no traffic that could end."""
        play = Play(service("orders"), drain=9).up()
        play << RestartWanted(ORDERS) >> [route("orders"), term(ONE)]

    def test_a_reload_that_replaces_lets_it_finish_too(self) -> None:
        """New code after the old has ended, not beside it."""
        play = Play(service("orders", endpoints=HEARD, reload=ReloadStrategy.REPLACE), drain=9).up()
        play << ReloadWanted("orders") >> [route("orders"), Drain(ONE)]
        play << Drained(ONE) >> [term(ONE)]
        play << Gone(ONE) >> [launch("orders", 2)]
        play.quietly(Launched(TWO, 2))
        assert play["orders"].last_reload is not None
        assert play["orders"].last_reload.outcome == "done"

    def test_a_drain_is_cut_short(self) -> None:
        """Whatever was about to be stopped is stopped now."""
        play = Play(service("orders"), drain=9).up().quietly(ReloadWanted("orders"), Launched(TWO, 2)).wait(1)
        play << ShutdownWanted()
        assert [route("orders"), term(ONE), term(TWO)] == play.commands

    def test_a_kill_that_was_sent_is_not_sent_again(self) -> None:
        """When the grace was over."""
        play = Play(service("orders")).up().quietly(ShutdownWanted())
        play.wait(5) >> [Kill(ONE)]
        play << ShutdownWanted(Urgency.HURRY) >> []
        play << ShutdownWanted(Urgency.KILL) >> []


def test_a_sidelined_service_gets_no_traffic_whatever_its_probe_says() -> None:
    """It goes on running, is shown as unhealthy, and is what it was when that is taken back."""
    play = Play(service("orders", healthcheck=HTTP, endpoints=HEARD))
    play.up()
    play << Sidelined(ORDERS) >> [route("orders")]
    assert (play.phase("orders"), play.health("orders")) == (Phase.RUNNING, Health.UNHEALTHY)
    assert "because of a fault" in play.why("orders")
    play << Probed(ONE, ok=True) >> []
    play << Sidelined(frozenset()) >> [route("orders", ONE)]
    assert (play.health("orders"), play.why("orders")) == (Health.HEALTHY, "")


def test_what_waits_for_a_sidelined_service_waits() -> None:
    """As for any that is not healthy; afterwards it goes on by itself."""
    play = Play(
        service("orders", healthcheck=HTTP, endpoints=HEARD), service("front", depends_on=(after("orders"),))
    )
    play.up("orders").quietly(Sidelined(ORDERS))
    play << StartWanted(frozenset({"front"})) >> []
    assert play.phase("front") is Phase.WAITING
    play << Sidelined(frozenset()) >> [route("orders", ONE), launch("front")]


def test_a_sidelined_service_is_stopped_as_any() -> None:
    """A fault is in nobody's way."""
    play = Play(service("orders"))
    play.up().quietly(Sidelined(ORDERS))
    play << ShutdownWanted() >> [term(ONE)]
