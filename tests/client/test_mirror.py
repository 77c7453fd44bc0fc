"""The read model."""

from hypothesis import given
from hypothesis import strategies as st

from meshdev.client.mirror import NOTICES_KEPT, Mirror
from meshdev.wire.control import EdgeSignalsView, EdgeView, ServiceView, Snapshot, StreamEvent
from support_control import instance, service, system

EDGE = EdgeView(caller="orders", callee="payments", kind="calls")


def _mirror(*views: ServiceView, seq: int = 10) -> Mirror:
    return Mirror.of(Snapshot(seq=seq, system=system(), services=list(views), edges=[EDGE]))


def _event(seq: int, kind: str, **fields: object) -> StreamEvent:
    return StreamEvent(seq=seq, at=0.0, kind=kind, **fields)  # type: ignore[arg-type]


def test_snapshot_begins_it() -> None:
    """All of the snapshot is there."""
    mirror = _mirror(service("orders"), service("payments"))
    assert (
        mirror.seq,
        list(mirror.services),
        mirror.edges,
        mirror.connected,
    ) == (10, ["orders", "payments"], (EDGE,), True)


def test_service_event_replaces_and_adds() -> None:
    """A new view takes the old one's place; an unknown service is added; the old picture stays as it was."""
    before = _mirror(service("orders"))
    after = before.apply(_event(11, "service", service=service("orders", phase="stopping")))
    after = after.apply(_event(12, "service", service=service("carts")))
    assert (
        after.services["orders"].phase,
        list(after.services),
        after.seq,
    ) == ("stopping", ["orders", "carts"], 12)
    assert before.services["orders"].phase == "running"


def test_removed_service_goes() -> None:
    """What left the topology leaves the picture."""
    assert _mirror(service("orders")).apply(_event(11, "removed", name="orders")).services == {}


def test_known_event_changes_nothing() -> None:
    """A replayed event is recognised by its number."""
    mirror = _mirror(service("orders"))
    assert mirror is mirror.apply(_event(10, "removed", name="orders"))


def test_usage_is_merged_and_survives() -> None:
    """Figures land in the serving instance and stay when a service event brings none."""
    mirror = _mirror(service("orders")).apply(_event(11, "usage", usage={"orders-0": (12.5, 4096)}))
    mirror = mirror.apply(_event(12, "service", service=service("orders", why="asked for")))
    (one,) = mirror.services["orders"].instances
    assert (one.cpu_percent, one.rss_bytes) == (12.5, 4096)


def test_usage_does_not_pass_to_the_next_generation() -> None:
    """A new run begins without the figures of the old one."""
    mirror = _mirror(service("orders")).apply(_event(11, "usage", usage={"orders-0": (12.5, 4096)}))
    renewed = service("orders", instances=[instance("orders", generation=2)])
    mirror = mirror.apply(_event(12, "service", service=renewed))
    assert mirror.services["orders"].instances[0].rss_bytes is None


def test_usage_of_one_incarnation() -> None:
    """During a reload, old and new bear the same id: figures may name the incarnation."""
    both = [instance("orders"), instance("orders", generation=2, role="candidate")]
    mirror = _mirror(service("orders", instances=both))
    mirror = mirror.apply(_event(11, "usage", usage={"orders-0": (1.0, 1), "orders-0@2": (2.0, 2)}))
    assert [one.rss_bytes for one in mirror.services["orders"].instances] == [1, 2]


def test_notices_are_bounded() -> None:
    """The latest are kept, oldest first."""
    mirror = _mirror()
    for seq in range(11, 11 + NOTICES_KEPT + 5):
        mirror = mirror.apply(_event(seq, "notice", text=str(seq)))
    assert ("16", str(10 + NOTICES_KEPT + 5), NOTICES_KEPT) == (
        mirror.notices[0].text,
        mirror.notices[-1].text,
        len(mirror.notices),
    )


def test_system_event_and_unknown_kind() -> None:
    """The system's view is replaced; what a newer daemon sends is passed over."""
    mirror = _mirror().apply(_event(11, "system", system=system(shutting_down=1))).apply(_event(12, "later"))
    assert (mirror.system.shutting_down, mirror.seq) == (1, 12)


def test_renewed_keeps_the_notices() -> None:
    """A reset costs no notice that was seen."""
    mirror = _mirror().apply(_event(11, "notice", text="seen")).disconnected()
    renewed = mirror.renewed(Snapshot(seq=99, system=system(), services=[]))
    assert (
        renewed.seq,
        [notice.text for notice in renewed.notices],
        renewed.connected,
    ) == (99, ["seen"], True)
    assert not mirror.connected
    assert mirror.reconnected().connected


@given(
    st.lists(st.tuples(st.sampled_from(["service", "removed"]), st.sampled_from("abc")), max_size=20),
    st.data(),
)
def test_replay_from_anywhere_gives_the_same(changes: list[tuple[str, str]], data: st.DataObject) -> None:
    """Applying a tail of the stream again changes nothing."""
    events = [
        _event(
            11 + index, kind, name=name, service=service(name, restarts=index) if kind == "service" else None
        )
        for index, (kind, name) in enumerate(changes)
    ]
    mirror = _mirror()
    for event in events:
        mirror = mirror.apply(event)
    again = mirror
    for event in events[data.draw(st.integers(0, len(events))) :]:
        again = again.apply(event)
    assert again is mirror


def _signals(rps: float, callee: str = "payments") -> EdgeSignalsView:
    return EdgeSignalsView(
        caller="orders",
        callee=callee,
        protocol="http",
        declared=True,
        observed=True,
        requests=1,
        errors=0,
        in_flight=0,
        rps=rps,
        p50_ms=None,
        p90_ms=None,
        p99_ms=None,
        bytes_in=0,
        bytes_out=0,
    )


def test_signals_of_moved_edges_replace_the_old_ones() -> None:
    """The others stay as they were told last."""
    snapshot = Snapshot(seq=1, system=system(), services=[], signals=[_signals(1.0), _signals(2.0, "stock")])
    mirror = Mirror.of(snapshot).apply(_event(2, "edges", edges=[_signals(5.0)]))
    assert {name[1]: view.rps for name, view in mirror.signals.items()} == {"payments": 5.0, "stock": 2.0}


def test_a_changed_topology_brings_its_edges() -> None:
    """The declared edges are those of the file as it was applied last."""
    other = EdgeView(caller="orders", callee="stock", kind="calls")
    assert _mirror().apply(_event(11, "topology", declared=[other])).edges == (other,)
