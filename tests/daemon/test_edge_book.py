"""The edge book: sums of the mesh made into rates, percentiles and the last exchanges."""

import asyncio
from typing import Any

import pytest

from meshdev.daemon.edge_book import EdgeBook
from meshdev.daemon.edges import Edge
from meshdev.daemon.journal import Journal
from meshdev.mesh.signals import EdgeSignals
from meshdev.telemetry.histogram import bucket
from meshdev.topology.model import Endpoint
from meshdev.wire.mesh import EdgeCounters, EdgeKey, Exchange, RouteCounters

KEY = EdgeKey("orders", "payments", "http")
OTHER = EdgeKey("outside", "orders", "http")
EDGES = {
    KEY: (Edge(KEY, Endpoint("http")), 4001),
    OTHER: (Edge(OTHER, Endpoint("http"), 8080), 8080),
}


def counters(requests: int, failures: int = 0) -> EdgeCounters:
    """A telemetry frame: so many calls of 2 ms, so many of them answered with 500."""
    statuses = (0, 0, requests - failures, 0, 0, failures)
    route = RouteCounters("GET /charges/{id}", statuses, {bucket(2000): requests})
    return EdgeCounters(
        1, opened=1, active=1, bytes_in=10 * requests, bytes_out=20 * requests, routes=(route,)
    )


def book(signals: dict[EdgeKey, EdgeSignals], journal: Journal | None = None) -> EdgeBook:
    """A book over these sums."""
    return EdgeBook(signals=lambda: signals, edges=lambda: EDGES, journal=journal or Journal())


async def first_batch(journal: Journal) -> list[tuple[int, bytes]]:
    """What a follower hears first."""
    return await anext(aiter(journal.follow(0)))


async def test_an_edge_is_shown_with_rates_and_percentiles() -> None:
    """Thirty calls in three seconds, three of them failed."""
    signals = {KEY: EdgeSignals()}
    subject = book(signals)
    for second in range(1, 4):
        signals[KEY].add(counters(10, failures=1))
        subject.read(100.0 + second)

    view = subject.views(103.0)[0]

    assert (view.caller, view.callee, view.requests, view.errors, view.rps) == (
        "orders",
        "payments",
        30,
        3,
        10.0,
    )
    assert view.p50_ms is not None
    assert abs(view.p50_ms - 2.0) < 0.04
    assert (view.bytes_in, view.bytes_out, view.declared, view.observed) == (300, 600, True, True)
    assert [(route.route, route.requests, route.errors) for route in view.routes] == [
        ("GET /charges/{id}", 30, 3)
    ]


async def test_an_edge_that_nobody_used_is_there_all_the_same() -> None:
    """Declared edges are listed from the beginning, without figures that nobody measured."""
    view = book({}).views(1.0)[1]

    assert (view.caller, view.port, view.observed, view.requests, view.p99_ms) == (
        "outside",
        8080,
        False,
        0,
        None,
    )


async def test_percentiles_of_long_ago_are_kept_but_the_rate_is_not() -> None:
    """When an edge is quiet, its rate is zero and its latency is what it was."""
    signals = {KEY: EdgeSignals()}
    subject = book(signals)
    signals[KEY].add(counters(10))
    subject.read(1.0)

    view = subject.views(500.0)[0]

    assert view.rps == 0.0
    assert view.p50_ms is not None


async def test_connections_count_where_nothing_is_read_as_http() -> None:
    """A plain TCP edge counts connections and transport errors."""
    signals = {KEY: EdgeSignals()}
    signals[KEY].add(EdgeCounters(1, opened=5, closed=4, active=1, errors={"refused": 2}))

    plain = {KEY: (Edge(KEY, Endpoint("db", "postgres")), 4001)}
    (view,) = EdgeBook(signals=lambda: signals, edges=lambda: plain, journal=Journal()).views(1.0)

    assert (view.requests, view.errors, view.connections, view.errors_by_kind) == (5, 2, 1, {"refused": 2})


async def test_exchanges_are_kept_and_followed() -> None:
    """The last calls can be asked for, and followed as they end."""
    subject = book({})
    for number in range(3):
        exchange = Exchange(1, 0.0, 1500, "GET", f"/x/{number}", 200, 10, 20, "payments-0@1")
        subject.exchanged(KEY, exchange, 1000.0 + number)

    batch = await anext(aiter(subject.exchanges.follow(1)))

    assert [(view.target, view.ms, view.status) for view in subject.last(2)] == [
        ("/x/1", 1.5, 200),
        ("/x/2", 1.5, 200),
    ]
    assert [seq for seq, _ in batch] == [2, 3]
    assert subject.last(0) == []


def test_what_the_mesh_did_to_a_call_is_told() -> None:
    """Its own answers, repeated calls, and the span that the callee saw."""
    subject = book({})
    marks: dict[str, Any] = {"span": "00f067aa0ba902b7", "retries": 2, "hedged": True, "by": "meshdev"}
    marks |= {"messages_in": 3, "messages_out": 0, "events": None}
    marks["parent"] = "b7ad6b7169203331"
    subject.exchanged(KEY, Exchange(1, 0.0, 1500, "GET", "/", 504, 10, 20, "", error="timeout", **marks), 1.0)

    [view] = subject.last(1)

    assert {name: getattr(view, name) for name in marks} == marks


async def test_followers_hear_of_edges_that_moved() -> None:
    """Once a second those who follow get the edges on which something happened, and only those."""
    signals = {KEY: EdgeSignals(), OTHER: EdgeSignals()}
    signals[KEY].add(counters(1))
    journal = Journal()
    subject = book(signals, journal)

    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(first_batch(journal))
        await asyncio.sleep(0)
        running = group.create_task(subject.run())
        batch = await waiting
        subject.close()
        await running

    assert b'"caller":"orders"' in batch[0][1]
    assert b'"caller":"outside"' not in batch[0][1]


async def test_a_first_call_that_is_under_way_is_none_yet() -> None:
    """An HTTP edge counts calls that are over; connections only where nothing else can be counted, when they end."""
    signals = {KEY: EdgeSignals(opened=16), OTHER: EdgeSignals(opened=3, closed=3)}
    subject = book(signals)
    assert [view.requests for view in subject.views(100.0)] == [0, 3]

    signals[KEY].add(counters(10))

    assert [view.requests for view in subject.views(101.0)] == [10, 3]
    assert [view.series[-1] for view in subject.views(101.0)] == [10, 0]


@pytest.mark.parametrize(
    ("quiet", "changes"), [(0.5, True), (9.9, True), (11.0, True), (20.0, False), (61.0, True), (70.0, False)]
)
def test_figures_that_fade_are_told_until_they_are_nothing(quiet: float, *, changes: bool) -> None:
    """A rate falls to nothing ten seconds after the last call, percentiles change a minute after it."""
    signals = {KEY: EdgeSignals()}
    signals[KEY].add(counters(1))
    subject = book(signals)
    subject.read(100.0)

    assert bool(subject._moving(100.0 + quiet)) is changes


def test_an_edge_on_which_a_call_waits_is_told() -> None:
    """Although nothing has come to an end on it."""
    signals = {KEY: EdgeSignals(in_flight=1)}
    subject = book(signals)
    subject.read(100.0)

    assert [view.in_flight for view in subject._moving(500.0)] == [1]
