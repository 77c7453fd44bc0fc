"""The topic book: operations of brokers' edges put together by topic."""

import asyncio
from pathlib import Path

import pytest

from meshdev.daemon import topic_book
from meshdev.daemon.journal import Journal
from meshdev.daemon.topic_book import MESSAGES_KEPT, TopicBook
from meshdev.mesh.signals import EdgeSignals
from meshdev.telemetry.histogram import bucket
from meshdev.topology.model import System
from meshdev.wire.mesh import EdgeCounters, EdgeKey, Exchange, RouteCounters
from meshdev.wire.topic_views import TopicPartyView, TopicView
from support_topology import loaded

ORDERS = EdgeKey("orders", "brokers.events", "nats")
MAIL = EdgeKey("mail", "brokers.events", "nats")
FILE = """
[services.orders]
command = "x"
uses = ["brokers.events"]
publishes = ["order.placed", "order.lost"]
[services.mail]
command = "x"
uses = ["brokers.events"]
subscribes = ["order.placed"]
[brokers.events]
command = "x"
protocol = "nats"
"""


def frame(*routes: RouteCounters) -> EdgeCounters:
    """A telemetry frame of an edge to a broker."""
    return EdgeCounters(1, opened=1, active=1, spoken="nats", routes=routes)


def published(subject: str, messages: int, name: str = "PUB", *, failed: int = 0) -> RouteCounters:
    """So many messages, each taken in 2 ms."""
    statuses = (0, 0, messages - failed, 0, 0, failed)
    return RouteCounters(f"{name} {subject}", statuses, {bucket(2000): messages}, 0, "publish", messages)


def delivered(subject: str, messages: int, lag: int | None = None) -> RouteCounters:
    """So many messages."""
    return RouteCounters(f"MSG {subject}", (0, 0, messages, 0, 0, 0), {}, 0, "deliver", messages, lag)


@pytest.fixture(name="system")
def _system(tmp_path: Path) -> System:
    return loaded(tmp_path, FILE)


def book(system: System, signals: dict[EdgeKey, EdgeSignals], journal: Journal | None = None) -> TopicBook:
    """A book over these sums."""
    return TopicBook(signals=lambda: signals, system=lambda: system, journal=journal or Journal())


def by_name(views: list[TopicView]) -> dict[str, TopicView]:
    """The views by their topics."""
    return {view.name: view for view in views}


def test_both_ends_of_a_topic(system: System) -> None:
    """Who publishes and who gets it, with rates, latency, errors and lag; operations of one topic are summed."""
    signals = {ORDERS: EdgeSignals(), MAIL: EdgeSignals()}
    subject = book(system, signals)
    subject.read(100.0)
    signals[ORDERS].add(frame(published("order.placed", 20), published("order.placed", 10, "HPUB", failed=3)))
    signals[MAIL].add(frame(delivered("order.placed", 25, lag=5)))
    view = by_name(subject.views(103.0))["order.placed"]
    [publisher], [subscriber] = view.publishers, view.subscribers
    assert (view.broker, view.protocol) == ("brokers.events", "nats")
    assert (publisher.service, publisher.messages, publisher.errors) == ("orders", 30, 3)
    assert publisher.mps > 0
    assert publisher.p99_ms == pytest.approx(2.0, rel=0.02)
    assert (subscriber.service, subscriber.messages, subscriber.lag) == ("mail", 25, 5)
    assert subscriber.p99_ms is None
    assert publisher.declared
    assert subscriber.declared


def test_what_is_declared_is_there_before_it_is_used_and_what_is_not_is_marked(system: System) -> None:
    """In the topology's order, then what was seen."""
    signals = {MAIL: EdgeSignals()}
    subject = book(system, signals)
    signals[MAIL].add(frame(published("mail.sent", 1)))
    views = subject.views(1.0)
    assert [view.name for view in views] == ["order.placed", "order.lost", "mail.sent"]
    assert views[1].publishers == [TopicPartyView(service="orders", declared=True)]
    assert views[1].broker == ""
    assert [one.declared for one in views[2].publishers] == [False]


def test_a_subscription_alone_makes_a_subscriber(system: System) -> None:
    """Nothing was delivered yet."""
    signals = {MAIL: EdgeSignals()}
    signals[MAIL].add(frame(RouteCounters("SUB order.*", (0, 0, 1, 0, 0, 0), {}, 0, "subscribe", 1)))
    views = by_name(book(system, signals).views(1.0))
    assert "order.*" not in views
    assert [(one.service, one.messages) for one in views["order.lost"].subscribers] == [("mail", 0)]


def test_the_last_messages_are_kept(system: System) -> None:
    """As many as that, of those that were published."""
    subject = book(system, {})
    for number in range(MESSAGES_KEPT + 3):
        exchange = Exchange(
            1, 0.0, 5, "PUB", "order.placed", 200, 40, 0, "", kind="publish", payload=b"n%d" % number, trace="t"
        )  # fmt: skip
        subject.exchanged(ORDERS, exchange, 1.5)
    subject.exchanged(MAIL, Exchange(1, 0.0, 5, "MSG", "order.placed", 200, 0, 40, "", kind="deliver"), 1.5)
    last = by_name(subject.views(2.0))["order.placed"].last
    assert [one.payload for one in last] == [f"n{number}" for number in range(3, MESSAGES_KEPT + 3)]
    assert (last[0].service, last[0].size, last[0].trace, last[0].at) == ("orders", 40, "t", 1.5)


def test_there_is_no_end_of_topics_but_of_those_that_are_kept(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names that are made up for each message don't fill the memory."""
    monkeypatch.setattr(topic_book, "MOST_TOPICS", 3)
    signals = {ORDERS: EdgeSignals()}
    signals[ORDERS].add(frame(*(published(f"t{number}", 1) for number in range(10))))
    assert len(book(system, signals).views(1.0)) == 3 + 2


async def test_followers_hear_when_something_moves(system: System) -> None:
    """All topics at once."""
    signals = {ORDERS: EdgeSignals()}
    journal = Journal()
    subject = book(system, signals, journal)
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        group.create_task(subject.run())
        signals[ORDERS].add(frame(published("order.placed", 1)))
        [(_, event)] = await anext(aiter(journal.follow(0)))
        subject.close()
    assert b'"kind":"topics"' in event
    assert b'"order.placed"' in event


@pytest.mark.parametrize(("payload", "whole"), [(b"{}", True), (b"\xff", False), (b"x" * 1024, False)])
def test_a_message_that_is_not_known_in_full_says_so(system: System, payload: bytes, whole: object) -> None:
    """It must not be published again as if it were."""
    subject = book(system, {})
    exchange = Exchange(1, 0.0, 5, "PUB", "order.placed", 200, 9, 0, "", kind="publish", payload=payload)
    subject.exchanged(ORDERS, exchange, 1.5)
    [message] = by_name(subject.views(2.0))["order.placed"].last
    assert message.whole is whole


def test_a_pattern_means_every_topic_that_fits(system: System, tmp_path: Path) -> None:
    """It stands for itself only while there is none."""
    del system
    declared = loaded(
        tmp_path, FILE.replace('subscribes = ["order.placed"]', 'subscribes = ["order.*", "mail.>"]')
    )
    views = by_name(book(declared, {}).views(1.0))
    assert list(views) == ["order.placed", "order.lost", "mail.>"]
    assert [one.service for one in views["order.lost"].subscribers] == ["mail"]
    signals = {MAIL: EdgeSignals()}
    signals[MAIL].add(frame(delivered("order.placed", 1)))
    [subscriber] = by_name(book(declared, signals).views(1.0))["order.placed"].subscribers
    assert (subscriber.declared, subscriber.messages) == (True, 1)


def test_a_topic_that_several_edges_of_a_service_carry_is_summed(system: System) -> None:
    """A subject of one broker and a channel of another by the same name: not now the one's figures, now the other's."""
    cache = EdgeKey("orders", "databases.cache", "redis")
    signals = {ORDERS: EdgeSignals(), cache: EdgeSignals()}
    subject = book(system, signals)
    subject.read(100.0)
    signals[ORDERS].add(frame(published("order.placed", 20)))
    signals[cache].add(frame(published("order.placed", 4, "PUBLISH")))
    [publisher] = by_name(subject.views(101.0))["order.placed"].publishers
    assert publisher.messages == 24
    assert subject.read(102.0) is False
