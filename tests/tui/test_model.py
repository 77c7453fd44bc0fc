"""Rows and totals from a picture."""

import pytest

from meshdev.tui.model import (
    COLUMNS,
    Order,
    address_of,
    arrange,
    blockers,
    matches,
    row_of,
    rows_of,
    totals_of,
    why_of,
)
from meshdev.tui.tone import Tone
from meshdev.wire.control import ReloadView, ServiceView
from support_dashboard import NOW, broken, healthy, instance, picture, service, shop, starting


def cell(view: ServiceView, column: str) -> str:
    """The text of one cell."""
    index = [each.key for each in COLUMNS].index(column)
    return row_of(view, NOW).cells[index].text


@pytest.mark.parametrize(
    ("column", "changes", "expected"),
    [
        ("state", {}, "● healthy"),
        ("name", {"name": "a\nb"}, "a b"),
        ("instances", {}, ""),
        ("instances", {"replicas": 2}, "1/2"),
        ("instances", {"instances": [], "replicas": 3}, "0/3"),
        ("instances", {"instances": []}, ""),
        ("cpu", {"instances": []}, ""),
        ("cpu", {"instances": [instance("a", cpu_percent=1.5), instance("a", 1, cpu_percent=2.0)]}, "3.5%"),
        ("memory", {"instances": [instance("a", rss_bytes=3 * 2**20)]}, "3.0M"),
        ("since", {"since": NOW - 125}, "2m"),
        ("since", {"since": 0.0}, ""),
        ("restarts", {"restarts": 0}, ""),
        ("restarts", {"restarts": 7}, "7"),
        ("address", {"url": "http://127.0.0.1:8080"}, ":8080"),
        ("address", {"url": "nats://127.0.0.1:4222"}, "nats://:4222"),
        ("address", {"ports": ["127.0.0.1:5432"]}, ":5432"),
        ("why", {"why": "waiting for x", "phase": "waiting"}, "waiting for x"),
        ("why", {"description": "about it"}, "about it"),
        ("why", {"stand_in": "recording:r", "description": "about it"}, "◫ recording:r  about it"),
    ],
)
def test_a_cell_says_what_it_is_for(column: str, changes: dict[str, object], expected: str) -> None:
    """Each column from the service's view."""
    assert cell(service("orders", **changes), column) == expected


@pytest.mark.parametrize(
    ("outcome", "age", "text", "tone"),
    [
        ("rolled back", 900, "saga.py changed, rolled back: SyntaxError", Tone.WARN),
        ("running", 1, "saga.py changed, reloading", Tone.BUSY),
        ("done", 10, "saga.py changed, reloaded", Tone.MUTED),
        ("done", 60, "the orders", Tone.FAINT),
    ],
)
def test_the_why_column_tells_of_the_last_reload(outcome: str, age: float, text: str, tone: Tone) -> None:
    """Which file caused it, and what came of it; a good one is told for a while, a bad one until the next."""
    reload = ReloadView(at=NOW - age, files=["saga.py"], outcome=outcome, detail="SyntaxError")
    found = why_of(service("orders", last_reload=reload, description="the orders"), NOW)
    assert (found.text, found.tone) == (text, tone)


def test_many_changed_files_are_counted() -> None:
    """Two are named."""
    reload = ReloadView(at=NOW, files=["a", "b", "c", "d"], outcome="done")
    assert why_of(service("orders", last_reload=reload), NOW).text == "a, b +2 changed, reloaded"


def test_the_totals_count_what_is_wanted() -> None:
    """Stopped on purpose is not missing; broken and busy are told apart."""
    totals = totals_of(broken().services)
    assert (totals.good, totals.wanted, totals.broken, totals.busy, totals.stopped) == (7, 10, 2, 1, 1)
    everything = totals_of(healthy().services)
    assert everything.good == everything.wanted == 11
    assert totals_of(()).wanted == 0


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("", True),
        ("ord", True),
        ("ORD healthy", True),
        ("sales", True),
        ("!healthy", False),
        ("orders !broken", True),
        ("pay", False),
        ("!", False),
    ],
)
def test_a_filter_is_words_that_must_or_must_not_occur(wanted: str, expected: bool) -> None:  # noqa: FBT001 -- a table
    """In name, state, team or kind."""
    assert matches(service("orders", team="sales"), wanted) is expected


def test_the_order_is_as_asked_for() -> None:
    """Trouble first puts what needs attention on top; equal ones keep the topology's order."""
    services = broken().services
    assert arrange(services, Order.TOPOLOGY) == services
    assert [each.name for each in arrange(services, Order.TROUBLE)][:3] == [
        "payments",
        "inventory",
        "shipping",
    ]
    assert arrange(services, Order.NAME)[0].name == "brokers.events"
    assert arrange(services, Order.MEMORY)[0].name == "orders"
    cpus = [sum(i.cpu_percent or 0 for i in each.instances) for each in arrange(services, Order.CPU)]
    assert cpus == sorted(cpus, reverse=True)


def test_equal_services_make_equal_rows() -> None:
    """So that an unchanged row is not drawn again."""
    assert rows_of(starting().services, NOW) == rows_of(starting().services, NOW)


def test_a_filtered_table_has_only_what_matches() -> None:
    """In the topology's order."""
    rows = rows_of(healthy().services, NOW, wanted="order")
    assert [row.key for row in rows] == ["orders", "order-history"]


def test_who_blocks_a_stop_stands_longest_first() -> None:
    """Only those that still have a process, or are being ended."""
    gone = service("gone", phase="stopped", instances=[])
    late = service("late", phase="stopping", since=NOW - 1)
    early = service("early", phase="stopping", since=NOW - 9, instances=[])
    assert [each.name for each, _ in blockers((gone, late, early))] == ["early", "late"]


def test_a_picture_finds_its_services() -> None:
    """By name; None for none."""
    shown = picture(shop().values())
    assert shown.service("orders") is not None
    assert shown.service("nobody") is None
    assert shown.service(None) is None
    assert address_of(service("x")) == ""
