"""The book of faults: what there is, what is on, for whom, and until when."""

from typing import Any

import pytest

from meshdev.daemon.faults.book import FaultBook, Origin
from meshdev.errors import UsageError
from meshdev.traffic.faults.reading import read_toggle
from meshdev.wire.fault_views import FaultRequest, FaultSwitch, LeaseRequest
from meshdev.wire.mesh import EdgeKey

PAY = EdgeKey("orders", "payments", "http")
STOCK = EdgeKey("orders", "inventory", "http")
FRONT = EdgeKey("outside", "orders", "http")
TEAMS = {"orders": "sales", "payments": "money", "inventory": "sales"}
SLOW = {"edge": "orders -> payments", "latency": "300ms"}


class Subject(FaultBook):
    """A book over three edges; hits are what a test says."""

    def __init__(self) -> None:
        self.seen: dict[str, int] = {}
        self.boxed: list[str] = []
        super().__init__(
            edges=lambda: [PAY, STOCK, FRONT],
            teams=lambda: TEAMS,
            hits=lambda: self.seen,
            proxied=lambda: ["orders"],
            boxed=lambda: self.boxed,
        )
        self.adopt({"slow": read_toggle("slow", {**SLOW, "duration": "30s"})})

    def kinds_on(self, key: EdgeKey) -> list[str]:
        """What is on, on an edge."""
        return [spec.key for spec in self.on_edges()(key)]


def request(fault: dict[str, Any] | None = None, **fields: Any) -> FaultRequest:
    """A request to add a fault."""
    return FaultRequest(fault=fault or SLOW, **fields)


def test_a_toggle_of_the_topology_is_off_until_it_is_switched_on() -> None:
    """On, it reaches exactly the edges that it means, with the time at which it began."""
    book = Subject()
    assert book.kinds_on(PAY) == []
    book.switch_on("slow", FaultSwitch(), 100.0)
    assert book.kinds_on(PAY) == ["slow/latency"]
    assert book.kinds_on(STOCK) == book.kinds_on(FRONT) == []
    assert book.on_edges()(PAY)[0].since == 100.0
    book.switch_off("slow")
    assert book.kinds_on(PAY) == []


def test_it_is_over_by_itself_and_stays_in_the_list() -> None:
    """What the topology names can be switched on again."""
    book = Subject()
    book.switch_on("slow", FaultSwitch(), 100.0)
    assert book.next_change(100.0) == 130.0
    assert book.expire(129.9) == []
    assert book.expire(130.0) == ["slow"]
    assert book.entry("slow").since is None


def test_a_switch_can_say_for_how_long_and_by_which_seed() -> None:
    """Instead of what the topology says, for this time."""
    book = Subject()
    book.switch_on("slow", FaultSwitch(duration=5.0, seed=7), 100.0)
    assert book.on_edges()(PAY)[0].seed == 7
    assert book.entry("slow").remaining(101.0) == 4.0
    book.switch_on("slow", FaultSwitch(), 200.0)
    assert book.entry("slow").remaining(200.0) == 30.0


def test_an_added_fault_is_gone_after_its_end() -> None:
    """Whichever way it ends."""
    book = Subject()
    book.add(request({**SLOW, "duration": "1s"}), 0.0)
    assert book.kinds_on(PAY) == ["latency-1/latency"]
    assert book.expire(1.0) == ["latency-1"]
    assert list(book.entries) == ["slow"]

    book.add(request(name="mine"), 0.0)
    book.remove("mine")
    assert list(book.entries) == ["slow"]


def test_names_are_made_and_kept_apart() -> None:
    """A taken name is refused unless its own fault is to be replaced; the topology's never is."""
    book = Subject()
    assert [book.add(request(), 0.0).toggle.name for _ in range(2)] == ["latency-1", "latency-2"]
    with pytest.raises(UsageError, match="is there already"):
        book.add(request(name="latency-1"), 0.0)
    book.add(request({"service": "payments", "refuse": True}, name="latency-1", replace=True), 0.0)
    assert sorted(book.kinds_on(PAY)) == ["latency-1/refuse", "latency-2/latency"]
    with pytest.raises(UsageError, match="topology's"):
        book.add(request(name="slow", replace=True), 0.0)


def test_a_fault_that_meets_nobody_is_refused_with_what_was_meant() -> None:
    """A misspelt edge would be a fault that never acts, and a test that proves nothing."""
    book = Subject()
    with pytest.raises(UsageError) as caught:
        book.add(request({"edge": "orders -> paymnets", "latency": "1s"}), 0.0)
    assert "orders -> payments" in caught.value.hint


def test_a_database_that_may_be_a_file_is_told_to_have_no_edge() -> None:
    """Another edge of the caller is not what was meant."""
    with pytest.raises(UsageError) as caught:
        Subject().add(request({"edge": "orders -> databases.orders", "latency": "1s"}), 0.0)
    assert "databases that are files" in caught.value.hint


def test_faults_end_with_their_lease() -> None:
    """Added ones are gone, the topology's are off."""
    book = Subject()
    lease = book.leases.take(LeaseRequest(seconds=10.0), 0.0).id
    added = book.add(request(lease=lease), 0.0)
    book.switch_on("slow", FaultSwitch(lease=lease), 0.0)
    assert added.origin is Origin.LEASE
    assert book.next_change(0.0) == 10.0
    assert sorted(book.expire(10.0)) == ["latency-1", "slow"]
    assert book.kinds_on(PAY) == []
    assert list(book.entries) == ["slow"]
    with pytest.raises(UsageError, match="has ended"):
        book.add(request(lease=lease), 11.0)


def test_a_lease_given_back_takes_its_faults_along() -> None:
    """And only its own."""
    book = Subject()
    mine, other = (book.leases.take(LeaseRequest(), 0.0).id for _ in range(2))
    book.add(request(lease=mine, name="mine"), 0.0)
    book.add(request(lease=other, name="other"), 0.0)
    assert book.end_lease(mine) == ["mine"]
    assert book.kinds_on(PAY) == ["other/latency"]


def test_a_new_topology_keeps_what_is_the_same() -> None:
    """What has changed is off, what has left is gone, what was added stays."""
    book = Subject()
    book.switch_on("slow", FaultSwitch(), 0.0)
    book.add(request(name="mine"), 0.0)
    book.adopt({"slow": read_toggle("slow", {**SLOW, "duration": "30s"})})
    assert book.entry("slow").since == 0.0
    book.adopt({"slow": read_toggle("slow", SLOW)})
    assert book.entry("slow").since is None
    book.adopt({})
    assert list(book.entries) == ["mine"]


def test_faults_of_instances_are_for_services_and_their_time() -> None:
    """They act while their schedule says so."""
    book = Subject()
    book.add(request({"team": "sales", "pause": True, "start_after": "5s", "duration": "2s"}), 0.0)
    assert book.on_services(4.0) == {}
    assert sorted(book.on_services(5.0)) == ["inventory", "orders"]
    assert book.kinds_on(PAY) == []


def test_a_partition_separates_groups_both_ways() -> None:
    """And nobody else."""
    book = Subject()
    book.add(request({"partition": [["orders"], ["payments"]]}), 0.0)
    assert book.kinds_on(PAY) == ["fault-1/refuse"]
    assert book.kinds_on(STOCK) == book.kinds_on(FRONT) == []


def test_clear_ends_everything() -> None:
    """Names of those that were on come back."""
    book = Subject()
    book.switch_on("slow", FaultSwitch(), 0.0)
    book.add(request(name="off", on=False), 0.0)
    assert book.clear() == ["slow"]
    assert list(book.entries) == ["slow"]


def test_an_unknown_name_is_corrected() -> None:
    """A typing error costs one look."""
    with pytest.raises(UsageError) as caught:
        Subject().switch_on("slwo", FaultSwitch(), 0.0)
    assert "slow" in caught.value.hint


def test_what_is_put_again_is_changed_in_its_place() -> None:
    """It keeps when it was switched on, and so its place and its draws; other faults stand behind it."""
    book = Subject()
    book.put(read_toggle("one", SLOW), 100.0)
    book.put(read_toggle("two", {**SLOW, "latency": "2s"}), 101.0)
    before = book.entry("one")
    book.put(read_toggle("one", {**SLOW, "latency": "5s", "percentage": 50}), 102.0)
    assert book.kinds_on(PAY) == ["one/latency", "two/latency"]
    (changed, _) = book.on_edges()(PAY)
    assert (changed.values["latency"], changed.percentage, changed.since) == (5.0, 50.0, 100.0)
    assert (book.entry("one"), before.origin) == (before, Origin.AD_HOC)
    book.remove("one")
    book.put(read_toggle("one", SLOW), 103.0)
    assert book.kinds_on(PAY) == ["two/latency", "one/latency"]


def test_nothing_is_put_in_the_place_of_the_topologys() -> None:
    """Its names are its own."""
    with pytest.raises(UsageError, match="is the topology's"):
        Subject().put(read_toggle("slow", SLOW), 0.0)


def test_whom_a_fault_meets() -> None:
    """Both ends of its edges, as far as they are services, and the services of its instances."""
    book = Subject()
    assert book.met(book.add(request(), 0.0)) == ["orders", "payments"]
    assert book.met(book.add(request({"edge": "outside -> orders", "status": 503}), 0.0)) == ["orders"]
    assert book.met(book.add(request({"service": "inventory", "pause": True}), 0.0)) == ["inventory"]


def test_hits_count_from_when_it_was_switched_on() -> None:
    """Those of a fault that is off are nobody's question."""
    book = Subject()
    book.seen = {"slow/latency": 5}
    assert book.hits() == {}
    book.switch_on("slow", FaultSwitch(), 0.0)
    book.seen = {"slow/latency": 7}
    assert book.hits() == {"slow": 2}


def test_hosts_outside_are_met_by_callers_with_a_name_proxy() -> None:
    """Each caller has those that mean it, in the order in which they were switched on; nobody else can have any."""
    book = Subject()
    entry = book.add(request({"edge": "orders -> api.example:8080", "dns": True}, name="gone"), 0.0)
    book.add(request({"edge": "* -> *.example", "latency": "1s"}, name="late"), 1.0)
    assert [(it.host, it.endpoint, [spec.key for spec in it.faults]) for it in book.on_hosts()("orders")] == [
        ("api.example", "8080", ["gone/dns"]),
        ("*.example", "", ["late/latency"]),
    ]
    assert [it.host for it in book.on_hosts()("payments")] == ["*.example"]
    assert [str(host) for host in book.hosts_of(entry)] == ["orders -> api.example:8080"]
    assert book.met(entry) == ["orders"]
    with pytest.raises(UsageError, match=r"payments has no name proxy that leads to api\.example") as refused:
        book.add(request({"edge": "payments -> api.example", "dns": True}), 0.0)
    assert "proxy_env = true" in str(refused.value.hint)


@pytest.mark.parametrize("name", ["a/b", "a b", " ", "\n", "-x", "naïve", "x" * 101])
def test_a_name_can_be_typed_and_stands_in_an_address(name: str) -> None:
    """What could not be ended by its name is refused."""
    with pytest.raises(UsageError, match="is no name for a fault"):
        Subject().add(request(name=name), 0.0)


@pytest.mark.parametrize("name", ["slow-2", "storm_1", "orders.slow", "9", "x" * 100])
def test_other_names_are_fine(name: str) -> None:
    """Letters, digits, and what stands between them."""
    assert Subject().add(request(name=name), 0.0).toggle.name == name


@pytest.mark.parametrize(
    "fault",
    [
        {"cpu": {"load": "50%"}},
        {"memory": {"size": "1MB"}},
        {"slow-start": {"delay": "1s"}},
    ],
)
def test_what_cannot_act_on_containers_is_refused(fault: dict[str, Any]) -> None:
    """When it is added, and when one of the file is switched on; a process may have it, a container a pause."""
    book = Subject()
    book.boxed = ["payments"]
    book.adopt({"all": read_toggle("all", {"service": "*", **fault})})
    refused = r"cannot act on containers \(payments\)"
    with pytest.raises(UsageError, match=refused):
        book.add(request({"service": "payments", **fault}), 1.0)
    with pytest.raises(UsageError, match=refused):
        book.switch_on("all", FaultSwitch(), 1.0)
    book.add(request({"service": "orders", **fault}), 1.0)
    book.add(request({"service": "payments", "pause": True}), 1.0)
