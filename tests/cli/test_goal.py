"""What commands wait for."""

import pytest

from meshdev.cli import goal
from meshdev.client.mirror import Mirror
from meshdev.wire.control import ExitView, ProbeView, ReloadView, ServiceView, Snapshot
from support_control import instance, service, system


def _mirror(*views: ServiceView) -> Mirror:
    return Mirror.of(Snapshot(seq=1, system=system(), services=list(views)))


NOW = 2_000_000.0
DONE = service("seed", phase="exited", instances=[instance("seed", exit=ExitView(at=1.0, code=0))])


def test_all_that_are_wanted_must_serve() -> None:
    """Healthy ones and completed one-offs count; who is down on purpose is not waited for."""
    outcome = goal.ready(
        _mirror(service("a"), DONE, service("off", desired="down", phase="stopped")), frozenset(), now=NOW
    )
    assert (outcome.reached, outcome.pending, outcome.failed) == (("a", "seed"), {}, {})


@pytest.mark.parametrize(
    "changes",
    [
        {"phase": "starting", "health": "unknown", "why": "because"},
        {"health": "unhealthy", "why": "because"},
        {"phase": "backoff", "why": "because"},
        {"replicas": 2},
    ],
)
def test_pending_says_why(changes: dict[str, object]) -> None:
    """Whoever may still come is waited for, with the reason."""
    outcome = goal.ready(_mirror(service("a", **changes)), frozenset(), now=NOW)
    assert (changes.get("why", "1 of 2 instances run"), {}) == (outcome.pending["a"], outcome.failed)


@pytest.mark.parametrize(
    "view",
    [
        service("a", phase="gave-up", why="gave up after 5 failures"),
        service("a", phase="exited", instances=[instance("a", exit=ExitView(at=1.0, code=3))]),
        service("a", desired="down", phase="stopped"),
    ],
)
def test_what_will_never_come_fails_at_once(view: ServiceView) -> None:
    """Giving up, ending badly and being stopped need no timeout."""
    assert {"a"} == set(goal.ready(_mirror(view), frozenset({"a"}), now=NOW).failed)


def test_vanished_service_fails() -> None:
    """A service that left the topology will not come."""
    assert {"a"} == set(goal.ready(_mirror(), frozenset({"a"}), now=NOW).failed)


def test_restart_waits_for_the_next_generation() -> None:
    """The incarnation of before doesn't count, healthy as it is."""
    before = _mirror(service("a", instances=[instance("a", generation=3)]))
    newer = goal.generations(before, ["a", "unknown"])
    assert newer == {"a": 3}
    assert {"a"} == set(goal.ready(before, frozenset({"a"}), now=NOW, newer_than=newer).pending)
    after = _mirror(service("a", instances=[instance("a", generation=4)]))
    assert goal.ready(after, frozenset({"a"}), now=NOW, newer_than=newer).reached == ("a",)


def test_without_a_probe_it_has_to_stay_up_for_a_moment() -> None:
    """A service that crashes at once is not ready because it was seen alive; one with a probe need not wait."""
    fresh = _mirror(service("a", instances=[instance("a", since=NOW - 0.2, last_probe=None)]))
    assert set(goal.ready(fresh, frozenset({"a"}), now=NOW).pending) == {"a"}
    assert goal.ready(fresh, frozenset({"a"}), now=NOW + 1.0).reached == ("a",)
    probed = instance("a", since=NOW - 0.2, last_probe=ProbeView(at=NOW, ok=True))
    assert goal.ready(_mirror(service("a", instances=[probed])), frozenset({"a"}), now=NOW).reached == ("a",)


def test_candidate_beside_the_old_one_does_not_count_yet() -> None:
    """During a rolling restart the old one serves on."""
    both = [instance("a", generation=3), instance("a", generation=4, role="candidate")]
    outcome = goal.ready(
        _mirror(service("a", instances=both)), frozenset({"a"}), now=NOW, newer_than={"a": 3}
    )
    assert {"a"} == set(outcome.pending)


def test_down_waits_for_every_process() -> None:
    """Down is when no instance has a process any more."""
    stopping = service("a", desired="down", phase="stopping", why="SIGTERM sent")
    stopped = service("b", desired="down", phase="stopped", instances=[instance("b", pid=None)])
    outcome = goal.down(_mirror(stopping, stopped), frozenset())
    assert (outcome.pending, outcome.reached) == ({"a": "SIGTERM sent"}, ("b",))


def test_down_fails_when_somebody_wants_it_up_again() -> None:
    """The last wish wins, and the one who waits is told."""
    assert {"a"} == set(goal.down(_mirror(service("a")), frozenset({"a"})).failed)


@pytest.mark.parametrize(
    ("at", "outcome", "expected"),
    [
        (NOW - 9, "done", goal.Outcome(pending={"a": "asked for"})),
        (NOW, "running", goal.Outcome(pending={"a": "the new one starts, the old one goes on"})),
        (NOW, "done", goal.Outcome(("a",))),
        (NOW, "rolled back", goal.Outcome(failed={"a": "whoever played before goes on: it broke"})),
        (NOW, "cancelled", goal.Outcome(failed={"a": "cancelled: it broke"})),
    ],
)
def test_a_swap_is_done_when_its_reload_is(at: float, outcome: str, expected: goal.Outcome) -> None:
    """One that was there before says nothing."""
    reload = ReloadView(at=at, files=[], outcome=outcome, detail="it broke")
    assert goal.swapped(_mirror(service("a", last_reload=reload)), "a", since=NOW - 1) == expected


def test_a_swap_of_who_has_gone() -> None:
    """Nothing will come of it; before its first reload there is something to wait for."""
    assert goal.swapped(_mirror(), "a", since=0.0).failed == {"a": "it has left the topology"}
    assert goal.swapped(_mirror(service("a")), "a", since=0.0).pending == {"a": "asked for"}
