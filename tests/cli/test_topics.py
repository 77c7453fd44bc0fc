"""`meshdev topics`, against a stand-in."""

import json

import click

from meshdev.cli.topics import detail, render
from meshdev.wire.topic_views import MessageView, TopicPartyView, TopicView
from support_cli import Cli, stand_in


def topics() -> list[TopicView]:
    """One that lives, one that is only declared, one that nobody declared."""
    return [
        TopicView(
            name="order.placed",
            broker="brokers.events",
            protocol="nats",
            publishers=[TopicPartyView(service="orders", messages=1200, mps=12.0, declared=True, p99_ms=1.2)],
            subscribers=[
                TopicPartyView(service="mail", messages=1190, mps=12.0, declared=True, lag=10),
                TopicPartyView(service="history", declared=True),
            ],
            last=[MessageView(at=0.0, service="orders", payload='{"id":\n7}', size=2048, trace="t")],
        ),
        TopicView(name="order.lost", publishers=[TopicPartyView(service="orders", declared=True)]),
        TopicView(
            name="audit",
            broker="brokers.events",
            publishers=[TopicPartyView(service="x", messages=1, errors=1)],
        ),
    ]


def test_a_row_a_topic() -> None:
    """Who publishes, who gets it, how much; what is special stands behind."""
    lines = [click.unstyle(line) for line in render(topics())]
    assert lines == [
        "TOPIC         RATE  MESSAGES  PUBLISHED BY  DELIVERED TO   NOTE",
        "order.placed  12/s      1200  orders        mail, history  events, 10 behind",
        "order.lost            unused  orders",
        "audit            0         1  x                            events, 1 failed, undeclared",
    ]


def test_one_topic_with_its_ends_and_messages() -> None:
    """Control characters of a payload don't reach the terminal."""
    lines = [click.unstyle(line) for line in detail(topics()[0], unicode=True)]
    assert lines[:4] == [
        "SERVICE              RATE  MESSAGES  ERRORS    P99  LAG  NOTE",
        "orders   publishes   12/s      1200       0  1.2ms",
        "mail     subscribes  12/s      1190       0          10",
        "history  subscribes     0         0       0",
    ]
    assert lines[-1].endswith('orders  2KiB  {"id": 7}')


def test_nothing_is_said_as_such() -> None:
    """No table without rows."""
    assert render([])[0].startswith("no topics")


def test_as_json(cli: Cli) -> None:
    """A list, or the one that was named."""
    with stand_in(cli) as daemon:
        daemon.stand_in.told_topics = topics()
        listed, one, wrong = cli("topics", "--json"), cli("topics", "audit", "--json"), cli("topics", "audti")
    assert [topic["name"] for topic in json.loads(listed.out)] == ["order.placed", "order.lost", "audit"]
    assert json.loads(one.out)["name"] == "audit"
    assert wrong.code == 2
    assert 'did you mean "audit"' in wrong.err
