"""Reloads: rolling, replacing, failing, overtaken, cancelled."""

import pytest

from meshdev.lifecycle.model import (
    Exited,
    Gone,
    Launched,
    LaunchFailed,
    Phase,
    Probed,
    ReloadState,
    ReloadWanted,
    RestartWanted,
    Role,
    ScaleWanted,
    StartWanted,
    StopWanted,
)
from meshdev.topology.model import ReloadStrategy, Restart, Service
from support_lifecycle import (
    HTTP,
    NEVER,
    Play,
    after,
    launch,
    probing,
    quick,
    ref,
    route,
    service,
    term,
    unprobing,
)

ORDERS = frozenset({"orders"})
ONE, TWO, THREE, FOUR = (ref("orders", number) for number in range(1, 5))
SAVED = ReloadWanted("orders", ("a.py",))


def replacing(**fields: object) -> Service:
    """A service that can't run twice."""
    return service("orders", reload=ReloadStrategy.REPLACE, **fields)


def outcome(play: Play) -> tuple[str, str]:
    """How the last reload went."""
    reload = play["orders"].last_reload
    assert isinstance(reload, ReloadState)
    return reload.outcome, reload.detail


class TestRolling:
    """New beside old."""

    def test_without_a_healthcheck_the_new_one_has_to_stay_up_for_a_moment(self) -> None:
        """A typo in the code shows within it."""
        play = Play(service("orders")).up()
        play << SAVED >> [launch("orders", 2)]
        play << Launched(TWO, 2) >> []
        assert play.one(TWO).why == "has to stay up for a moment before it takes over"
        play.wait(1) >> [route("orders", TWO), term(ONE)]
        assert outcome(play) == ("done", "")

    def test_one_slot_after_the_other(self) -> None:
        """So that most of them serve all the time."""
        play = Play(service("orders", replicas=2, healthcheck=HTTP)).up()
        old = (ref("orders", 1), ref("orders", 2, slot=1))
        new = (ref("orders", 3), ref("orders", 4, slot=1))
        play << SAVED >> [launch("orders", 3)]
        play.quietly(Launched(new[0], 3, 3))
        play << Probed(new[0], ok=True)
        assert [
            route("orders", new[0], old[1]),
            unprobing(old[0]),
            term(old[0]),
            launch("orders", 4, slot=1),
        ] == play.commands
        play.quietly(Gone(old[0]), Launched(new[1], 4, 4))
        play << Probed(new[1], ok=True) >> [route("orders", *new), unprobing(old[1]), term(old[1])]
        assert outcome(play) == ("done", "")

    def test_a_failure_in_the_second_slot_leaves_the_first_as_it_is(self) -> None:
        """Each slot serves something that works."""
        play = Play(service("orders", replicas=2, healthcheck=HTTP)).up().quietly(SAVED)
        play.quietly(Launched(THREE, 3, 3), Probed(THREE, ok=True), Gone(ONE))
        play << LaunchFailed(ref("orders", 4, slot=1), "no port is free") >> []
        assert outcome(play) == ("rolled back", "no port is free")
        assert play.core.next_deadline() is None

    def test_not_ready_in_time(self) -> None:
        """The candidate is ended, the old one stays."""
        play = Play(service("orders", healthcheck=quick(ready_timeout=2.0))).up().quietly(SAVED)
        play.quietly(Launched(TWO, 2, 2), Probed(TWO, ok=False, detail="HTTP 503"))
        play.wait(2) >> [unprobing(TWO), term(TWO)]
        assert outcome(play) == ("rolled back", "not ready after 2 s: GET /healthz: HTTP 503, 1 try")
        play.ends(TWO, 0) >> []
        assert play["orders"].unready == ""

    def test_a_newer_reload_overtakes(self) -> None:
        """The candidate of the older code is ended, one of the newer is tried."""
        play = Play(service("orders", healthcheck=HTTP)).up().quietly(SAVED, Launched(TWO, 2, 2))
        play << ReloadWanted("orders", ("b.py",)) >> [unprobing(TWO), term(TWO), launch("orders", 3)]
        reload = play["orders"].last_reload
        assert reload is not None
        assert (reload.files, reload.outcome) == (("b.py",), "running")
        play.quietly(Gone(TWO), Launched(THREE, 3, 3))
        play << Probed(THREE, ok=True) >> [route("orders", THREE), unprobing(ONE), term(ONE)]

    def test_slow_drains_do_not_pile_up(self) -> None:
        """With two on their way out, the next candidate waits; a save meanwhile is simply part of it."""
        play = Play(service("orders", healthcheck=HTTP)).up()
        play.quietly(SAVED, Launched(TWO, 2, 2), SAVED, Launched(THREE, 3, 3))
        play << SAVED >> [unprobing(THREE), term(THREE)]
        assert play.one(FOUR).why == "waiting for one of orders-0@2, orders-0@3, orders-0@1 to be gone"
        play << SAVED >> []
        play << Gone(THREE) >> [launch("orders", 4)]

    def test_the_old_one_ends_meanwhile(self) -> None:
        """The candidate takes its place as it is, instead of a third one."""
        play = Play(service("orders", healthcheck=HTTP)).up().quietly(SAVED, Launched(TWO, 2, 2))
        play << Exited(ONE, 1) >> [route("orders"), unprobing(ONE), term(ONE)]
        assert play.one(TWO).role is Role.SERVING
        play << Gone(ONE) >> []
        play << Probed(TWO, ok=True) >> [route("orders", TWO)]
        assert outcome(play) == ("done", "")

    def test_both_end(self) -> None:
        """There is nothing to roll back to: the restart policy goes on."""
        play = Play(service("orders", healthcheck=HTTP)).up().quietly(SAVED, Launched(TWO, 2, 2), Gone(ONE))
        play.ends(TWO, 1) >> []
        assert outcome(play) == ("failed", "exit code 1")
        assert play.phase("orders") is Phase.BACKOFF

    def test_the_old_one_ends_while_the_next_waits_for_room(self) -> None:
        """A candidate that was not launched yet is launched as soon as the slot is empty."""
        play = Play(service("orders", healthcheck=HTTP)).up()
        play.quietly(SAVED, Launched(TWO, 2, 2), SAVED, Launched(THREE, 3, 3), SAVED)
        play.quietly(Exited(ONE, 1), Gone(ONE), Gone(TWO))
        play << Gone(THREE) >> [launch("orders", 4)]

    def test_a_failure_elsewhere_ends_the_trial(self) -> None:
        """A slot in backoff starts with the new code at once; if that fails, the other one's trial is over."""
        play = Play(service("orders", replicas=2, healthcheck=HTTP)).up()
        play.ends(ref("orders", 2, slot=1), 1)
        play << SAVED >> [launch("orders", 4), launch("orders", 3, slot=1)]
        play.quietly(Launched(FOUR, 4, 4))
        play << LaunchFailed(ref("orders", 3, slot=1), "no") >> [unprobing(FOUR), term(FOUR)]
        assert outcome(play) == ("failed", "no")

    def test_stop_meanwhile(self) -> None:
        """Both go."""
        play = Play(service("orders", healthcheck=HTTP)).up().quietly(SAVED, Launched(TWO, 2, 2))
        play << StopWanted(ORDERS)
        assert {route("orders"), unprobing(ONE), term(ONE), unprobing(TWO), term(TWO)} == set(play.commands)
        assert outcome(play) == ("cancelled", "stopped")
        play.ends(ONE)
        assert play.phase("orders") is Phase.STOPPING
        play.ends(TWO)
        assert play.phase("orders") is Phase.STOPPED

    def test_restart_meanwhile(self) -> None:
        """Both go, one comes, when both are gone."""
        play = (
            Play(service("orders", healthcheck=HTTP))
            .up()
            .quietly(SAVED, Launched(TWO, 2, 2), RestartWanted(ORDERS))
        )
        assert outcome(play) == ("cancelled", "restarted")
        play.ends(ONE) >> []
        assert play.why("orders") == "waiting for orders-0@2 to be gone"
        play.ends(TWO) >> [launch("orders", 3)]

    def test_scale_down_meanwhile(self) -> None:
        """The trial goes with its slot."""
        play = Play(service("orders", healthcheck=HTTP)).up().quietly(SAVED, Launched(TWO, 2, 2))
        (
            play
            << ScaleWanted("orders", 0)
            >> [route("orders"), unprobing(TWO), term(TWO), unprobing(ONE), term(ONE)]
        )
        play.quietly(Gone(ONE), Gone(TWO))
        assert play["orders"].instances == ()


class TestReplace:
    """Stop, then start."""

    def test_stop_then_start(self) -> None:
        """Never two."""
        play = Play(replacing()).up()
        play << SAVED >> [route("orders"), term(ONE)]
        play << Exited(ONE, 0) >> []
        play << Gone(ONE) >> [launch("orders", 2)]
        play << Launched(TWO, 2) >> [route("orders", TWO)]
        assert outcome(play) == ("done", "")

    def test_a_failure(self) -> None:
        """Has nothing to roll back to."""
        play = Play(replacing()).up().quietly(SAVED, Gone(ONE))
        play << LaunchFailed(TWO, "command not found") >> []
        assert outcome(play) == ("failed", "command not found")

    def test_the_other_slots_stay_when_the_first_fails(self) -> None:
        """They serve the old code."""
        play = Play(replacing(replicas=2)).up().quietly(SAVED, Gone(ONE))
        play.quietly(LaunchFailed(THREE, "no"))
        assert play.core.state.services["orders"].instances[1].phase is Phase.RUNNING

    def test_one_that_was_not_ready_yet_is_replaced_whatever_the_strategy(self) -> None:
        """There is nothing to save."""
        play = Play(service("orders", healthcheck=HTTP)).quietly(StartWanted(), Launched(ONE, 1, 1))
        play << SAVED >> [unprobing(ONE), term(ONE)]
        play << SAVED >> []
        play.ends(ONE) >> [launch("orders", 2)]
        play << Launched(TWO, 2, 2) >> [probing(TWO)]

    def test_a_one_shot_runs_again(self) -> None:
        """Its inputs have changed."""
        play = Play(service("orders", one_shot=True)).up()
        play.ends(ONE)
        play << SAVED >> [launch("orders", 2)]
        play.quietly(Launched(TWO, 2))
        play << SAVED >> [route("orders"), term(TWO)]
        play.ends(TWO) >> [launch("orders", 3)]
        play.ends(THREE)
        assert outcome(play) == ("done", "")

    def test_a_crash_meanwhile(self) -> None:
        """The next try is made with the new code, at once."""
        play = Play(replacing()).up().quietly(Exited(ONE, 1))
        play << SAVED >> []
        play << Gone(ONE) >> [launch("orders", 2)]


class TestNotRunning:
    """Services in which nothing runs."""

    def test_a_stopped_service_stays_stopped(self) -> None:
        """The user stopped it."""
        play = Play(service("orders"))
        play << SAVED >> []
        assert play["orders"].last_reload is None

    def test_in_backoff_it_starts_at_once(self) -> None:
        """The code was mended."""
        play = Play(service("orders")).up()
        play.ends(ONE, 1)
        play << SAVED >> [launch("orders", 2)]
        play << Launched(TWO, 2) >> [route("orders", TWO)]
        assert outcome(play) == ("done", "")

    @pytest.mark.parametrize("restart", [NEVER, Restart(burst=1)])
    def test_given_up_it_starts_at_once(self, restart: Restart) -> None:
        """The same."""
        play = Play(service("orders", restart=restart)).up()
        play.ends(ONE, 1)
        play << SAVED >> [launch("orders", 2)]

    def test_waiting_it_goes_on_waiting(self) -> None:
        """It will be launched with the new code anyway."""
        play = Play(service("db", healthcheck=HTTP), service("orders", depends_on=(after("db"),)))
        play.quietly(StartWanted())
        play << SAVED >> []
        play.quietly(Launched(ref("db"), 1, 1), Probed(ref("db"), ok=True), Launched(ONE, 1))
        assert outcome(play) == ("done", "")

    def test_blocked_it_goes_on_being_blocked(self) -> None:
        """New code does not mend what it depends on."""
        play = Play(service("db", restart=NEVER), service("orders", depends_on=(after("db"),)))
        play.quietly(StartWanted(), LaunchFailed(ref("db"), "no"))
        play << SAVED >> []
        assert play.phase("orders") is Phase.GAVE_UP


class TestStorm:
    """Too many reloads."""

    def test_spread_over_more_than_a_minute_they_are_fine(self) -> None:
        """Somebody is simply working."""
        play = Play(replacing()).up()
        for number in range(1, 30):
            play << SAVED >> [route("orders"), term(ref("orders", number))]
            play.ends(ref("orders", number)).quietly(Launched(ref("orders", number + 1), 1))
            play.wait(7)

    def test_nothing_missed_nothing_loaded(self) -> None:
        """The tenth itself was loaded."""
        play = Play(replacing()).up().quietly(*[SAVED] * 10, Gone(ONE), Launched(TWO, 2))
        play.wait(30) >> []
        assert play.notice == "reloading is resumed"

    def test_many_files_are_named_in_short(self) -> None:
        """Three, and how many more."""
        play = Play(replacing()).up().quietly(ReloadWanted("orders", tuple("abcde")))
        assert play.notice == "reloads: a, b, c and 2 more changed"
        play.quietly(ReloadWanted("orders"))
        assert play.notice == "reloads: something changed"


def test_followers_are_restarted_when_it_is_done() -> None:
    """`restart = true` is about new code as well; a follower that is down stays down."""
    play = Play(
        service("orders"),
        service("web", depends_on=(after("orders", restart=True),)),
        service("rare", depends_on=(after("orders", restart=True),)),
    ).up("web")
    play.quietly(SAVED, Launched(TWO, 2))
    play.wait(1)
    assert [route("orders", TWO), route("web"), term(ONE), term(ref("web"))] == play.commands
    assert play.notice == "restarts because orders did"
    play.ends(ref("web")) >> [launch("web", 2)]
