"""The core as a whole: pictures, changes, words."""

import signal

import pytest

from meshdev.lifecycle import reasons
from meshdev.lifecycle.model import (
    Desired,
    Exit,
    Exited,
    Gone,
    Health,
    Launched,
    LaunchFailed,
    Phase,
    Probed,
    ProbeOutcome,
    ScaleWanted,
    ShutdownWanted,
    StartWanted,
    StopWanted,
    Urgency,
)
from meshdev.topology.model import Condition, Healthcheck, ProbeKind
from support_lifecycle import HTTP, NEVER, Play, after, launch, quick, ref, service

ORDERS = frozenset({"orders"})
ONE = ref("orders", 1)


class TestPictures:
    """Immutable states."""

    def test_only_what_changed_is_made_anew(self) -> None:
        """The rest is the very same object."""
        play = Play(service("db"), service("orders"))
        before = play.core.state
        play.quietly(StartWanted(ORDERS))
        after_ = play.core.state
        assert before.services["db"] is after_.services["db"]
        assert before.services["orders"].desired is Desired.DOWN
        assert after_ is play.core.state

    def test_changes_are_told_once(self) -> None:
        """Those since it was last asked."""
        play = Play(service("db"), service("orders"))
        assert play.core.changed() == frozenset()
        play.quietly(StartWanted(ORDERS))
        assert play.core.changed() == ORDERS
        assert play.core.changed() == frozenset()

    def test_since_is_when_phase_or_desired_changed(self) -> None:
        """A probe that fails does not move it."""
        play = Play(service("orders", healthcheck=HTTP))
        play.wait(1).quietly(StartWanted())
        play.wait(1).quietly(Launched(ONE, 1, 1), Probed(ONE, ok=False))
        assert play["orders"].since == 1
        play.wait(1).quietly(Probed(ONE, ok=True))
        assert play["orders"].since == 3

    def test_a_process_that_is_over_has_no_pid_any_more(self) -> None:
        """It may be somebody else's by now."""
        play = Play(service("orders")).up()
        assert (play.one(ONE).pid, play.one(ONE).port) == (101, 101)
        play.ends(ONE, 1)
        assert (play.one(ONE).pid, play.one(ONE).port) == (0, 0)

    def test_a_shutdown_is_in_the_picture(self) -> None:
        """Even if no service changes."""
        play = Play(service("orders"))
        assert play.core.state.shutting_down is None
        play.quietly(ShutdownWanted())
        assert play.core.state.shutting_down is Urgency.GRACEFUL

    def test_the_slot_that_is_furthest_from_running_speaks(self) -> None:
        """`running` means all of them; health is that of the worst."""
        play = Play(service("orders", replicas=2, healthcheck=quick(retries=1))).up()
        assert (play.phase("orders"), play.health("orders")) == (Phase.RUNNING, Health.HEALTHY)
        play.quietly(Probed(ONE, ok=False))
        assert play.health("orders") is Health.UNHEALTHY
        play.ends(ONE, 1)
        assert (play.phase("orders"), play.health("orders")) == (Phase.BACKOFF, Health.UNKNOWN)
        assert play.why("orders").startswith("orders-0: exit code 1")

    def test_all_gone_means_that_nothing_lives(self) -> None:
        """From launch to gone."""
        play = Play(service("orders")).quietly(StartWanted())
        assert not play.core.all_gone
        play.quietly(Launched(ONE, 1), StopWanted(ORDERS), Exited(ONE, 0))
        assert not play.core.all_gone
        play.quietly(Gone(ONE))
        assert play.core.all_gone


class TestWhy:
    """Chains of reasons."""

    def test_all_is_well(self) -> None:
        """Then the state itself is the answer."""
        play = Play(service("orders")).up()
        assert play.core.why("orders") == (("orders", "running, healthy"),)
        assert Play(service("orders")).core.why("orders") == (("orders", "stopped"),)

    def test_a_service_that_stops_last(self) -> None:
        """Names whom it waits for, and that one's reason."""
        play = (
            Play(service("db"), service("orders", depends_on=(after("db"),))).up().quietly(ShutdownWanted())
        )
        assert play.core.why("db") == (
            ("db", "stops when orders is down"),
            ("orders", "SIGTERM sent, SIGKILL after 5 s"),
        )

    def test_a_service_that_waits_for_one_that_waits(self) -> None:
        """Each names the next; the brackets say what that one does."""
        play = Play(
            service("db", healthcheck=HTTP),
            service("payments", depends_on=(after("db"),)),
            service("orders", depends_on=(after("payments"),)),
        ).quietly(StartWanted(), Launched(ref("db"), 1, 1))
        assert play.core.why("orders") == (
            ("orders", "waiting for payments to be healthy (it waits for db to be healthy)"),
            ("payments", "waiting for db to be healthy (probe GET /healthz: no answer yet)"),
            ("db", "not ready yet (probe GET /healthz: no answer yet)"),
        )

    def test_what_the_target_does_is_in_brackets(self) -> None:
        """Backoff, stopping, not ready last time."""
        play = Play(
            service("db", healthcheck=quick(ready_timeout=2.0)), service("orders", depends_on=(after("db"),))
        )
        db = ref("db")
        play.quietly(StartWanted(), LaunchFailed(db, "no port"))
        assert play.why("orders") == "waiting for db to be healthy (no port; try 2 follows 0.1 s after that)"
        play.wait(0.1).quietly(Launched(ref("db", 2), 1, 1), Exited(ref("db", 2), 1))
        got = "what is left of its processes got SIGTERM, SIGKILL after 5 s"
        assert play.why("orders") == f"waiting for db to be healthy (exit code 1; {got})"

    def test_an_unhealthy_target(self) -> None:
        """Its probe says why."""
        play = Play(service("db", healthcheck=quick(retries=1)), service("orders", depends_on=(after("db"),)))
        play.up("db").quietly(Probed(ref("db"), ok=False, detail="HTTP 500"), StartWanted())
        assert play.why("orders") == "waiting for db to be healthy (probe GET /healthz: HTTP 500, 1 try)"

    def test_a_dependency_that_does_not_exist(self) -> None:
        """The loader refuses it; the core does not fall over it. An optional one holds up nobody."""
        optional = service("web", depends_on=(after("x", required=False),))
        play = Play(service("orders", depends_on=(after("nobody"),)), optional)
        play << StartWanted() >> [launch("web")]
        assert play.core.why("orders") == (
            ("orders", "cannot start because of nobody: there is no such service"),
            ("nobody", "is not part of the system"),
        )

    def test_services_that_wait_in_a_circle(self) -> None:
        """The loader refuses them; the core does not turn with them."""
        play = Play(service("a", depends_on=(after("b"),)), service("b", depends_on=(after("a"),)))
        play << StartWanted() >> []
        assert [name for name, _ in play.core.why("a")] == ["a", "b"]

    def test_a_circle_in_which_one_has_failed(self) -> None:
        """The blame goes round once."""
        play = Play(
            service("c", restart=NEVER),
            service("a", depends_on=(after("b"), after("c"))),
            service("b", depends_on=(after("a"),)),
        ).quietly(StartWanted(), LaunchFailed(ref("c"), "no"))
        assert play.why("a") == "cannot start because of a: it waits in a circle (needed by b)"

    def test_several_slots_of_a_target(self) -> None:
        """One that serves is enough; all must have failed for a failure; `completed` asks all of them."""
        play = Play(service("db", replicas=2, restart=NEVER), service("orders", depends_on=(after("db"),)))
        play.quietly(StartWanted(), LaunchFailed(ref("db"), "no"))
        assert play.phase("orders") is Phase.WAITING
        play << Launched(ref("db", 2, slot=1), 1)
        assert launch("orders") in play.commands
        done = after("db", Condition.COMPLETED)
        play = Play(service("db", replicas=2, restart=NEVER), service("orders", depends_on=(done,)))
        play.quietly(StartWanted(), Launched(ref("db"), 1), Launched(ref("db", 2, slot=1), 1))
        play.ends(ref("db"), 0) >> []
        play.ends(ref("db", 2, slot=1), 0) >> [launch("orders")]

    def test_an_ended_target_is_not_healthy(self) -> None:
        """Unless it is one-shot: then it has done what it is for."""
        play = Play(service("db"), service("orders", depends_on=(after("db"),)))
        play.quietly(StartWanted(frozenset({"db"})), Launched(ref("db"), 1)).ends(ref("db"), 0)
        play << StartWanted() >> []
        assert play.why("orders") == "cannot start because of db: ended with exit code 0"
        play = Play(service("db", one_shot=True), service("orders", depends_on=(after("db"),)))
        play.quietly(StartWanted(frozenset({"db"})), Launched(ref("db"), 1)).ends(ref("db"), 0)
        play << StartWanted() >> [launch("orders")]

    def test_an_optional_target_scaled_to_nothing(self) -> None:
        """Holds up nobody."""
        play = Play(service("db", replicas=0), service("orders", depends_on=(after("db", required=False),)))
        play << StartWanted() >> [launch("orders")]
        play << ScaleWanted("db", 0) >> []


class TestWords:
    """Single texts."""

    @pytest.mark.parametrize(
        ("end", "text"),
        [
            (None, "vanished"),
            (Exit(0.0), "vanished"),
            (Exit(0.0, code=3), "exit code 3"),
            (Exit(0.0, signal=signal.SIGSEGV), "ended by SIGSEGV"),
            (Exit(0.0, signal=77), "ended by signal 77"),
        ],
    )
    def test_ends(self, end: Exit | None, text: str) -> None:
        """By code, by signal, or unknown."""
        assert reasons.exit_text(end) == text

    @pytest.mark.parametrize(
        ("check", "text"),
        [
            (Healthcheck(ProbeKind.HTTP, "/up"), "GET /up: ok, 1 try"),
            (Healthcheck(ProbeKind.TCP, "http"), "tcp http: ok, 1 try"),
            (Healthcheck(ProbeKind.TCP, ""), "tcp: ok, 1 try"),
            (Healthcheck(ProbeKind.EXEC, ("pg_isready", "-q")), "exec pg_isready -q: ok, 1 try"),
            (Healthcheck(ProbeKind.LOG, "up"), 'log line "up": ok, 1 try'),
        ],
    )
    def test_probes(self, check: Healthcheck, text: str) -> None:
        """What is asked, and what was said."""
        assert reasons.probe_text(check, ProbeOutcome(0.0, ok=True)) == text

    @pytest.mark.parametrize(
        ("value", "text"),
        [
            (5.0, "5 s"),
            (0.1677, "0.17 s"),
            (0.0984, "0.1 s"),
            (120.0, "120 s"),
            (0.004, "0.004 s"),
            (0.0, "0 s"),
        ],
    )
    def test_seconds(self, value: float, text: str) -> None:
        """As short as people say them."""
        assert reasons.seconds(value) == text

    def test_incarnations(self) -> None:
        """A name that is stable, and one that is not."""
        assert (ref("orders", 3).id, str(ref("orders", 3))) == ("orders-0", "orders-0@3")
