"""Changes as sentences."""

from meshdev.cli import narrate
from meshdev.client.mirror import Mirror
from meshdev.wire.control import ServiceView, Snapshot, StreamEvent
from support_control import service, system


def _mirror(*views: ServiceView) -> Mirror:
    return Mirror.of(Snapshot(seq=1, system=system(), services=list(views)))


def test_a_change_of_state_is_a_sentence() -> None:
    """The word, and the reason unless all is well."""
    before = _mirror(service("a", phase="starting", health="unknown"), service("b"))
    after = _mirror(service("a"), service("b", health="unhealthy", why="probe fails"))
    assert list(map(str, narrate.changes(before, after))) == ["a is healthy", "b is unhealthy: probe fails"]


def test_nothing_changed_nothing_said() -> None:
    """Figures and phases that the notices tell already are no news."""
    before = _mirror(service("a"))
    assert narrate.changes(before, before) == []
    assert narrate.changes(before, _mirror(service("a", phase="stopping", desired="down"))) == []


def test_new_reason_for_a_wait_is_told() -> None:
    """Waiting for another one than before is news."""
    before = _mirror(service("a", phase="waiting", why="waiting for b"))
    after = _mirror(service("a", phase="waiting", why="waiting for c"))
    assert list(map(str, narrate.changes(before, after))) == ["a is waiting for c"]


def test_another_try_of_the_same_wait_is_no_news() -> None:
    """What a probe says changes with every try; the sentence leaves it out."""
    before = _mirror(service("a", phase="waiting", why="waiting for b to be healthy (probe GET /: 2 tries)"))
    after = _mirror(service("a", phase="waiting", why="waiting for b to be healthy (probe GET /: 3 tries)"))
    assert narrate.changes(before, after) == []
    assert list(map(str, narrate.changes(_mirror(), after))) == ["a is waiting for b to be healthy"]


def test_notice_and_state_are_not_both_told() -> None:
    """The daemon's notice of giving up says what the state says."""
    before, after = (
        _mirror(service("a")),
        _mirror(service("a", phase="gave-up", why="gave up after 5 failures")),
    )
    event = StreamEvent(seq=1, at=0.0, kind="notice", name="a", text="gave up after 5 failures")
    assert list(map(str, narrate.news([event], before, after))) == ["a gave up after 5 failures"]


def test_leaving_the_topology_is_told() -> None:
    """A service that the file names no longer."""
    assert list(map(str, narrate.changes(_mirror(service("a")), _mirror()))) == ["a left the topology"]


def test_notice_names_its_service_once() -> None:
    """The daemon's sentence may begin with the name already."""
    texts = [
        narrate.notice(StreamEvent(seq=1, at=0.0, kind="notice", name="a", text=text))
        for text in ("a-0 died", "died")
    ]
    assert list(map(str, texts)) == ["a-0 died", "a died"]
