"""The client's read model as the dashboard's picture."""

from meshdev.client.mirror import Mirror
from meshdev.tui.daemon_backend import picture_of, plan_line
from meshdev.tui.model import Link, Picture
from meshdev.wire.control import EdgeView, PlanStep, PlanView, Snapshot, StreamEvent
from support_dashboard import NOW, shop, system


def test_a_picture_has_what_the_mirror_has() -> None:
    """System, services in order, edges, notices."""
    edge = EdgeView(caller="a", callee="b", kind="calls")
    mirror = Mirror.of(Snapshot(seq=7, system=system(), services=[*shop().values()], edges=[edge]))
    mirror = mirror.apply(
        StreamEvent(seq=8, at=NOW, kind="notice", name="orders", text="hello", level="warning")
    )
    found = picture_of(mirror, Picture(), NOW)
    assert (found.seq, found.link, found.link_since) == (8, Link.CONNECTED, NOW)
    assert [service.name for service in found.services] == [*shop()]
    assert found.edges == (edge,)
    assert (found.happenings[0].service, found.happenings[0].level) == ("orders", "warning")


def test_how_long_the_daemon_is_away_is_counted_from_its_loss() -> None:
    """Not from the last attempt."""
    mirror = Mirror.of(Snapshot(seq=1, system=system(), services=[]))
    first = picture_of(mirror, Picture(), NOW)
    lost = picture_of(mirror.disconnected(), first, NOW + 5)
    still = picture_of(mirror.disconnected(), lost, NOW + 9)
    back = picture_of(mirror, still, NOW + 12)
    assert (lost.link, lost.link_since, still.link_since) == (Link.LOST, NOW + 5, NOW + 5)
    assert (back.link, back.link_since) == (Link.CONNECTED, NOW + 12)


def test_applying_the_file_is_told_on_one_line() -> None:
    """What changed, or that nothing did."""
    steps = [
        PlanStep(service="a", action="restart", reason="command"),
        PlanStep(service="b", action="keep"),
        PlanStep(service="c", action="stop"),
    ]
    assert plan_line(PlanView(steps=steps)) == "applied: restart a, stop c"
    assert plan_line(PlanView(steps=steps[1:2])) == "nothing differs from the topology file"
