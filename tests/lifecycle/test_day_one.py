"""The points that must be right on day one, as far as the core decides them; numbers as in docs/lifecycle.md."""

import pytest

from meshdev.lifecycle.model import (
    Applied,
    Drain,
    Drained,
    Exited,
    Gone,
    Health,
    Kill,
    Launched,
    LaunchFailed,
    LogMatched,
    Phase,
    Probed,
    ReloadOutcome,
    ReloadWanted,
    RestartWanted,
    ShutdownWanted,
    StartWanted,
    StopWanted,
    Urgency,
)
from meshdev.topology.model import Condition, Dependency, Process, ReloadStrategy, Restart, RestartPolicy
from support_lifecycle import (
    HTTP,
    Play,
    after,
    launch,
    probing,
    quick,
    ref,
    route,
    service,
    system,
    term,
    unprobing,
)

ORDERS = frozenset({"orders"})
ONE, TWO, THREE = ref("orders", 1), ref("orders", 2), ref("orders", 3)


class TestPoint2SlowStops:
    """2. A stop that takes long says who blocks; the second Ctrl-C shortens the grace, the third kills."""

    def test_a_stop_says_what_it_waits_for_and_what_comes_next(self) -> None:
        """The signal, the grace, and the kill that follows."""
        play = Play(service("orders")).up()
        play << StopWanted(ORDERS) >> [route("orders"), term(ONE)]
        assert play.why("orders") == "SIGTERM sent, SIGKILL after 5 s"
        play.wait(5) >> [Kill(ONE)]
        assert play.why("orders") == "SIGKILL sent, not gone yet"

    def test_a_leader_that_ends_does_not_cancel_the_escalation(self) -> None:
        """What is left of the group is killed when the grace is over."""
        play = Play(service("orders")).up().quietly(StopWanted(ORDERS))
        play << Exited(ONE, 0) >> []
        play.wait(5) >> [Kill(ONE)]

    def test_ctrl_c_once_twice_three_times(self) -> None:
        """In order with grace; all at once within a second; now."""
        play = Play(service("db"), service("orders", depends_on=(after("db"),))).up()
        play << ShutdownWanted() >> [route("orders"), term(ONE)]
        assert play.why("db") == "stops when orders is down"
        play << ShutdownWanted(Urgency.HURRY) >> [route("db"), term(ref("db"))]
        assert play.why("db") == "SIGTERM sent, SIGKILL after 1 s"
        play.wait(0.5) >> []
        play << ShutdownWanted(Urgency.KILL)
        assert {Kill(ONE), Kill(ref("db"))} == set(play.commands)
        play.quietly(Gone(ONE), Gone(ref("db")))
        assert play.core.all_gone

    def test_a_second_ctrl_c_never_lengthens_a_grace(self) -> None:
        """What is left of a grace below a second stays as it is."""
        play = Play(service("orders")).up().quietly(ShutdownWanted())
        play.wait(4.5).quietly(ShutdownWanted(Urgency.HURRY))
        play.wait(0.5) >> [Kill(ONE)]


class TestPoint3LastWishWins:
    """3. Stop and restart in the middle of anything: never two incarnations, never a wedge, the last wish wins."""

    def test_stop_while_waiting(self) -> None:
        """Nothing was launched, so nothing is to be ended."""
        play = Play(service("db", healthcheck=HTTP), service("orders", depends_on=(after("db"),)))
        play.quietly(StartWanted())
        play << StopWanted(ORDERS) >> []
        assert play.phase("orders") is Phase.STOPPED

    def test_stop_while_the_launch_is_in_flight(self) -> None:
        """The signal waits until there is somebody to hear it."""
        play = Play(service("orders")).quietly(StartWanted())
        play << StopWanted(ORDERS) >> []
        assert play.why("orders") == "is stopped as soon as it is launched, SIGKILL at the latest after 5 s"
        play << Launched(ONE, 7) >> [term(ONE)]
        play.ends(ONE, 0) >> []
        assert play.phase("orders") is Phase.STOPPED

    def test_stop_while_the_launch_fails(self) -> None:
        """A launch that fails after the stop is not tried again."""
        play = Play(service("orders")).quietly(StartWanted(), StopWanted(ORDERS))
        play << LaunchFailed(ONE, "command not found") >> []
        assert play.phase("orders") is Phase.STOPPED

    def test_stop_during_backoff(self) -> None:
        """No further try."""
        play = Play(service("orders")).up()
        play.ends(ONE, 1)
        play << StopWanted(ORDERS) >> []
        assert play.phase("orders") is Phase.STOPPED
        assert play.core.next_deadline() is None

    def test_restart_during_backoff_is_at_once(self) -> None:
        """The user does not wait for a delay that was meant for a machine."""
        play = Play(service("orders")).up()
        play.ends(ONE, 1)
        play << RestartWanted(ORDERS) >> [launch("orders", 2)]

    def test_restart_during_stop(self) -> None:
        """The new one comes when the old one is gone, once."""
        play = Play(service("orders")).up().quietly(StopWanted(ORDERS))
        play << RestartWanted(ORDERS) >> []
        play << RestartWanted(ORDERS) >> []
        play << Exited(ONE, 0) >> []
        play << Gone(ONE) >> [launch("orders", 2)]

    def test_start_during_stop(self) -> None:
        """The same for a start."""
        play = Play(service("orders")).up().quietly(StopWanted(ORDERS))
        play << StartWanted(ORDERS) >> []
        play.ends(ONE) >> [launch("orders", 2)]

    def test_stop_during_restart(self) -> None:
        """The stop is the last wish: nothing follows."""
        play = Play(service("orders")).up().quietly(RestartWanted(ORDERS), StopWanted(ORDERS))
        play.ends(ONE) >> []
        assert play.phase("orders") is Phase.STOPPED

    def test_restart_during_restart(self) -> None:
        """A restart while the new one starts: that one is replaced as well."""
        play = Play(service("orders", healthcheck=HTTP)).up().quietly(RestartWanted(ORDERS))
        play.ends(ONE) >> [launch("orders", 2)]
        play.quietly(Launched(TWO, 2, 2))
        play << RestartWanted(ORDERS) >> [unprobing(TWO), term(TWO)]
        play.ends(TWO) >> [launch("orders", 3)]

    def test_start_while_a_crashed_one_leaves_others_behind(self) -> None:
        """A start between the end of a leader and the end of its group is a fresh try, not a further failure."""
        play = Play(service("orders")).up().quietly(Exited(ONE, 1), StartWanted(ORDERS))
        play << Gone(ONE) >> [launch("orders", 2, attempt=1)]

    def test_late_facts_of_an_old_generation_change_nothing(self) -> None:
        """They are about something that is over."""
        play = Play(service("orders", healthcheck=HTTP)).up().quietly(RestartWanted(ORDERS))
        play.ends(ONE).quietly(Launched(TWO, 2, 2))
        before = play["orders"]
        late = (
            Launched(ONE, 1),
            LaunchFailed(ONE, "no"),
            Probed(ONE, ok=True),
            LogMatched(ONE, "x"),
            Exited(ONE, 9),
            Gone(ONE),
        )
        for fact in late:
            play << fact >> []
        assert before == play["orders"]

    def test_facts_told_twice_change_nothing(self) -> None:
        """Once is enough."""
        play = Play(service("orders")).up()
        play << Launched(ONE, 99) >> []
        play << LaunchFailed(ONE, "told too late") >> []
        assert play.one(ONE).pid == 101
        play.quietly(Exited(ONE, 3))
        play << Exited(ONE, 4) >> []
        exited = play.one(ONE).exit
        assert exited is not None
        assert exited.code == 3


class TestPoint5Restarts:
    """5. Backoff with jitter, burst limit, reset after a healthy period, policies."""

    def test_delays_double(self) -> None:
        """0.1 s, 0.2 s, 0.4 s, 0.8 s, and each launch counts its attempt."""
        play = Play(service("orders", restart=Restart(burst=9))).up()
        for number, delay in enumerate((0.1, 0.2, 0.4, 0.8), start=1):
            play.ends(ref("orders", number), 1)
            assert play.phase("orders") is Phase.BACKOFF
            play.wait(delay - 0.001) >> []
            play.wait(0.001) >> [launch("orders", number + 1, attempt=number + 1)]
            play.quietly(Launched(ref("orders", number + 1), 1))
        assert play["orders"].restarts == 4

    def test_the_delay_is_told(self) -> None:
        """What happened, and when the next try is."""
        play = Play(service("orders")).up()
        play.ends(ONE, None, 9)
        assert play.why("orders") == "ended by SIGKILL; try 2 follows 0.1 s after that"
        assert play.notice == "ended by SIGKILL; starts again in 0.1 s (try 2)"

    def test_jitter_shortens_by_the_drawn_part(self) -> None:
        """A drawn 0.5 takes half of a fifth."""
        play = Play(service("orders"), draw=0.5).up()
        play.ends(ONE, 1)
        assert play.core.next_deadline() == pytest.approx(0.09)

    def test_five_failures_in_ten_seconds_are_enough(self) -> None:
        """It gives up and says so."""
        play = Play(service("orders")).up()
        for number in range(1, 5):
            play.ends(ref("orders", number), 1)
            play.wait(1).quietly(Launched(ref("orders", number + 1), 1))
        play.ends(ref("orders", 5), 1) >> []
        assert play.phase("orders") is Phase.GAVE_UP
        assert play.why("orders") == "gave up after 5 failures within 10 s: exit code 1"
        assert play.core.next_deadline() is None
        play << StartWanted(ORDERS) >> [launch("orders", 6)]

    def test_slow_failures_never_give_up(self) -> None:
        """Five failures in more than ten seconds: it goes on trying, ever more rarely."""
        play = Play(service("orders")).up()
        for number in range(1, 20):
            play.wait(3)
            play.ends(ref("orders", number), 1)
            assert play.phase("orders") is Phase.BACKOFF
            play.wait(30).quietly(Launched(ref("orders", number + 1), 1))

    def test_a_healthy_period_forgives(self) -> None:
        """After ten healthy seconds the next failure is the first again."""
        play = Play(service("orders")).up()
        play.ends(ONE, 1)
        play.wait(0.1).quietly(Launched(TWO, 1))
        play.wait(10) >> []
        play.ends(TWO, 1)
        play.wait(0.1) >> [launch("orders", 3, attempt=2)]

    def test_a_period_that_was_not_healthy_does_not(self) -> None:
        """An unhealthy answer begins the period anew."""
        play = Play(service("orders", healthcheck=quick(retries=1))).up()
        play.ends(ONE, 1)
        play.wait(0.1).quietly(Launched(TWO, 1, 1), Probed(TWO, ok=True))
        play.wait(8).quietly(Probed(TWO, ok=False))
        play.wait(8).quietly(Probed(TWO, ok=True))
        play.wait(8)
        play.ends(TWO, 1)
        play.wait(0.2) >> [launch("orders", 3, attempt=3)]

    @pytest.mark.parametrize(
        ("policy", "code", "phase"),
        [
            (RestartPolicy.NO, 0, Phase.EXITED),
            (RestartPolicy.NO, 1, Phase.EXITED),
            (RestartPolicy.ON_FAILURE, 0, Phase.EXITED),
            (RestartPolicy.ON_FAILURE, 1, Phase.BACKOFF),
            (RestartPolicy.ALWAYS, 0, Phase.BACKOFF),
            (RestartPolicy.ALWAYS, 1, Phase.BACKOFF),
            (RestartPolicy.UNLESS_STOPPED, 0, Phase.BACKOFF),
            (RestartPolicy.UNLESS_STOPPED, 1, Phase.BACKOFF),
        ],
    )
    def test_policies(self, policy: RestartPolicy, code: int, phase: Phase) -> None:
        """Compose's words mean what they mean there."""
        play = Play(service("orders", restart=Restart(policy=policy))).up()
        play.ends(ONE, code)
        assert play.phase("orders") is phase

    def test_a_launch_that_fails_counts_like_any_failure(self) -> None:
        """Command not found: tried again after a delay, given up after five times."""
        play = Play(service("orders")).quietly(StartWanted())
        for number in range(1, 6):
            play.quietly(LaunchFailed(ref("orders", number), "command not found: srve"))
            play.wait(2)
        assert play.why("orders") == "gave up after 5 failures within 10 s: command not found: srve"


class TestPoint6Probes:
    """6. The last probe is visible; a readiness time-out fails the dependents with that reason."""

    def test_the_last_answer_is_visible(self) -> None:
        """Verdict, output, and how many in a row."""
        play = Play(service("orders", healthcheck=HTTP)).quietly(StartWanted(), Launched(ONE, 1, 1))
        assert play.why("orders") == "not ready yet (probe GET /healthz: no answer yet)"
        play.quietly(*[Probed(ONE, ok=False, detail="connection refused")] * 3)
        assert play.why("orders") == "not ready yet (probe GET /healthz: connection refused, 3 tries)"
        probe = play.one(ONE).last_probe
        assert probe is not None
        assert (probe.ok, probe.detail, probe.tries) == (False, "connection refused", 3)

    def test_a_readiness_time_out_fails_the_dependents_with_that_reason(self) -> None:
        """They don't wait for ever, they say what is wrong, and they go on if it comes after all."""
        check = quick(ready_timeout=3.0)
        play = Play(service("db", healthcheck=check), service("orders", depends_on=(after("db"),)))
        play.quietly(StartWanted(), Launched(ref("db"), 1, 1), Probed(ref("db"), ok=False, detail="refused"))
        assert play.why("orders") == "waiting for db to be healthy (probe GET /healthz: refused, 1 try)"
        play.wait(3) >> [unprobing(ref("db")), term(ref("db"))]
        assert play.phase("orders") is Phase.GAVE_UP
        reason = "not ready after 3 s: GET /healthz: refused, 1 try"
        assert play.why("orders") == f"cannot start because of db: {reason}"
        assert play["db"].unready == reason
        play.ends(ref("db"), 0)
        assert play.phase("db") is Phase.BACKOFF
        play.wait(0.1).quietly(Launched(ref("db", 2), 1, 1))
        assert play.phase("orders") is Phase.GAVE_UP
        play << Probed(ref("db", 2), ok=True) >> [route("db", ref("db", 2)), launch("orders", 1)]

    def test_thresholds(self) -> None:
        """Ready after `successes` in a row, unhealthy after `retries` in a row."""
        play = Play(service("orders", healthcheck=quick(successes=2, retries=2)))
        play.quietly(StartWanted(), Launched(ONE, 1, 1))
        play.quietly(Probed(ONE, ok=True), Probed(ONE, ok=False), Probed(ONE, ok=True))
        assert play.phase("orders") is Phase.STARTING
        play << Probed(ONE, ok=True) >> [route("orders", ONE)]
        play.quietly(Probed(ONE, ok=False))
        assert play.health("orders") is Health.HEALTHY
        play.quietly(Probed(ONE, ok=False, detail="HTTP 500"))
        assert (play.phase("orders"), play.health("orders")) == (Phase.RUNNING, Health.UNHEALTHY)
        assert play.why("orders") == "unhealthy (probe GET /healthz: HTTP 500, 2 tries)"


class TestPoint7Dependencies:
    """7. started, healthy, completed, log; optional ones; the restart cascade."""

    def test_started(self) -> None:
        """Launched is enough."""
        play = Play(
            service("db", healthcheck=HTTP), service("orders", depends_on=(after("db", Condition.STARTED),))
        )
        play << StartWanted() >> [launch("db")]
        assert play.why("orders") == "waiting for db to be started (it is being launched)"
        play << Launched(ref("db"), 1, 1) >> [probing(ref("db")), launch("orders")]

    def test_healthy(self) -> None:
        """The probe must have passed."""
        play = Play(service("db", healthcheck=HTTP), service("orders", depends_on=(after("db"),)))
        play.quietly(StartWanted(), Launched(ref("db"), 1, 1))
        play << Probed(ref("db"), ok=True) >> [route("db", ref("db")), launch("orders")]

    def test_completed(self) -> None:
        """Exit code 0."""
        play = Play(
            service("migrate", one_shot=True),
            service("orders", depends_on=(after("migrate", Condition.COMPLETED),)),
        )
        play.quietly(StartWanted(), Launched(ref("migrate"), 1))
        assert play.why("orders").startswith("waiting for migrate to be completed")
        play.ends(ref("migrate"), 0) >> [launch("orders")]
        assert (play.phase("migrate"), play.why("migrate")) == (Phase.EXITED, "completed")

    def test_completed_with_another_code_fails_the_dependents(self) -> None:
        """When no further try comes."""
        migrate = service("migrate", one_shot=True, restart=Restart(policy=RestartPolicy.NO))
        play = Play(migrate, service("orders", depends_on=(after("migrate", Condition.COMPLETED),)))
        play.quietly(StartWanted(), Launched(ref("migrate"), 1))
        play.ends(ref("migrate"), 3) >> []
        reason = 'exit code 3; not tried again (restart = "no")'
        assert play.why("orders") == f"cannot start because of migrate: {reason}"

    def test_log_line(self) -> None:
        """The line must have been seen."""
        waits = Dependency("db", Condition.LOG, log="ready to accept")
        play = Play(service("db"), service("orders", depends_on=(waits,)))
        play.quietly(StartWanted(), Launched(ref("db"), 1))
        assert play.why("orders") == 'waiting for db to log "ready to accept" (running)'
        play << LogMatched(ref("db"), "ready to accept") >> [launch("orders")]

    def test_an_optional_dependency_is_waited_for_only_while_it_is_on_its_way(self) -> None:
        """Down or failed, it holds up nobody."""
        waits = after("db", required=False)
        play = Play(
            service("db", healthcheck=HTTP, restart=Restart(burst=1)), service("orders", depends_on=(waits,))
        )
        play << StartWanted() >> [launch("db")]
        play << LaunchFailed(ref("db"), "command not found") >> [launch("orders")]
        play = Play(service("db"), service("orders", depends_on=(waits,)))
        play << StartWanted(ORDERS) >> [launch("orders")]

    def test_the_cascade(self) -> None:
        """`restart = true`: restarted with it, after it; a crash does not cascade."""
        play = Play(service("db"), service("orders", depends_on=(after("db", restart=True),))).up()
        play << RestartWanted(frozenset({"db"}))
        assert {route("db"), route("orders"), term(ref("db")), term(ONE)} == set(play.commands)
        play.ends(ONE) >> []
        play.ends(ref("db")) >> [launch("db", 2)]
        play << Launched(ref("db", 2), 1) >> [route("db", ref("db", 2)), launch("orders", 2)]
        play.quietly(Launched(TWO, 1))
        play.ends(ref("db", 2), 1) >> []
        assert play.phase("orders") is Phase.RUNNING

    def test_the_root_cause_is_named_down_a_chain(self) -> None:
        """Whoever waits for somebody who cannot start says who is to blame."""
        play = Play(
            service("db", restart=Restart(burst=1)),
            service("payments", depends_on=(after("db"),)),
            service("orders", depends_on=(after("payments"),)),
        ).quietly(StartWanted(), LaunchFailed(ref("db"), "command not found: pg"))
        reason = "gave up after 1 failures within 10 s: command not found: pg"
        assert play.why("orders") == f"cannot start because of db: {reason} (needed by payments)"
        assert play.core.why("orders") == (
            ("orders", f"cannot start because of db: {reason} (needed by payments)"),
            ("payments", f"cannot start because of db: {reason}"),
            ("db", reason),
        )
        play << RestartWanted(frozenset({"db"})) >> [launch("db", 2)]
        assert play.phase("orders") is Phase.WAITING
        play << Launched(ref("db", 2), 1) >> [route("db", ref("db", 2)), launch("payments", 1)]


class TestPoint10Reload:
    """10. and 11. Reload: new beside old, roll back on failure, suspend a storm."""

    def test_new_beside_old(self) -> None:
        """Launch, ready, switch, drain, stop."""
        play = Play(service("orders", healthcheck=HTTP), drain=5).up()
        play << ReloadWanted("orders", ("a.py",)) >> [launch("orders", 2)]
        assert play.phase("orders") is Phase.RUNNING
        play << Launched(TWO, 2, 2) >> [probing(TWO)]
        play << Probed(TWO, ok=True) >> [route("orders", TWO), Drain(ONE)]
        reload = play["orders"].last_reload
        assert reload is not None
        assert (reload.outcome, reload.files) == ("done", ("a.py",))
        play << Drained(ONE) >> [unprobing(ONE), term(ONE)]
        play << Drained(ONE) >> []
        play.ends(ONE) >> []
        assert [one.ref for one in play["orders"].instances] == [TWO]

    def test_a_reload_that_is_not_ready_leaves_the_old_one_serving(self) -> None:
        """Rolled back, with the error."""
        play = Play(service("orders", healthcheck=HTTP)).up().quietly(ReloadWanted("orders", ("a.py",)))
        play.quietly(Launched(TWO, 2, 2))
        play << Exited(TWO, 1) >> [unprobing(TWO), term(TWO)]
        play << Gone(TWO) >> []
        assert (play.phase("orders"), play.health("orders")) == (Phase.RUNNING, Health.HEALTHY)
        reload = play["orders"].last_reload
        assert reload is not None
        assert (reload.outcome, reload.detail) == ("rolled back", "exit code 1")
        assert play.notice == "reload rolled back, the old one goes on serving: exit code 1"
        play.wait(100) >> []

    def test_ten_reloads_a_minute_suspend_and_say_so(self) -> None:
        """Nothing more is reloaded until the files are quiet; then what was missed is loaded once."""
        play = Play(service("orders", reload=ReloadStrategy.REPLACE)).up()
        for number in range(10):
            play.quietly(ReloadWanted("orders", (f"{number}.py",))).wait(1)
        assert "reloading is suspended until the watched files are quiet for 30 s" in play.notice
        assert "(last: 9.py)" in play.notice
        play.ends(ONE).quietly(Launched(TWO, 2))
        play << ReloadWanted("orders", ("x.py",)) >> []
        play.wait(29).quietly(ReloadWanted("orders", ("y.py",)))
        play.wait(29) >> []
        play.wait(1) >> [route("orders"), term(TWO)]
        reload = play["orders"].last_reload
        assert reload is not None
        assert (reload.files, reload.outcome) == (("x.py", "y.py"), ReloadOutcome.RUNNING)

    def test_a_restart_lifts_the_suspension(self) -> None:
        """The user has looked at it."""
        play = Play(service("orders", reload=ReloadStrategy.REPLACE)).up()
        play.quietly(*[ReloadWanted("orders", ("a.py",))] * 10, RestartWanted(ORDERS))
        assert play.core.next_deadline() == 5  # only the grace of what is being stopped
        play.ends(ONE).quietly(Launched(TWO, 3))
        play << ReloadWanted("orders", ("a.py",)) >> [route("orders"), term(TWO)]


class TestPoint15Apply:
    """15. A changed file applies the difference: only what changed restarts."""

    def test_only_what_changed_restarts(self) -> None:
        """The same service is left alone, a removed one stops, a new one starts."""
        play = Play(service("db"), service("orders"), service("old")).up()
        changed = service("orders", run=Process(("serve", "--fast")))
        play << Applied(system(service("db"), changed, service("new")))
        assert {
            launch("new"),
            term(ONE),
            term(ref("old")),
            route("orders"),
            route("old"),
        } == set(play.commands)
        assert play.notice == "restarts: command changed"
        play.ends(ref("old")) >> []
        assert "old" not in play.core.state.services
        play.ends(ONE) >> [launch("orders", 2)]
