"""The table of topics."""

from meshdev.tui.topics.cells import matches, row_of, rows_of
from meshdev.wire.topic_views import TopicPartyView, TopicView
from support_graph import topics

WILD = TopicView(
    name="audit",
    broker="brokers.events",
    publishers=[TopicPartyView(service="orders", messages=4, errors=1)],
    subscribers=[TopicPartyView(service="mail", messages=3, lag=1_200, declared=True)],
)


def texts(topic: TopicView) -> list[str]:
    """The cells' texts."""
    return [cell.text for cell in row_of(topic).cells]


def test_a_topic_that_lives() -> None:
    """Rate, what was sent and got, how far somebody is behind, who is at its ends."""
    assert texts(topics()[0]) == [
        "", "order.placed", "3.0", "700", "1,400", "12", "", "events", "orders", "notifications order-history"
    ]  # fmt: skip


def test_what_is_only_declared_has_no_figures() -> None:
    """Nothing was seen of it."""
    assert texts(topics(live=False)[0])[2:8] == ["", "", "", "", "", ""]


def test_strangers_and_failures_are_marked() -> None:
    """By more than a colour."""
    assert texts(WILD)[:1] + texts(WILD)[5:7] == ["?", "1,200", "1"]


def test_a_filter_knows_topic_broker_and_services() -> None:
    """Words, and words that must not be."""
    assert matches(WILD, "audit mail")
    assert not matches(WILD, "!orders")
    assert [row.key for row in rows_of(topics(), "shipment !delivered")] == ["shipment.dispatched"]
