"""What the details say about a topic."""

from msgspec import structs

from meshdev.tui.cells import width_of
from meshdev.tui.topics.facts import topic_facts
from meshdev.wire.topic_views import MessageView, TopicPartyView, TopicView
from support_dashboard import NOW
from support_graph import topics


def lines(topic: TopicView, width: int = 60) -> list[str]:
    """The lines as text."""
    return ["".join(span.text for span in line) for line in topic_facts(topic, width)]


def test_both_ends_and_the_last_messages() -> None:
    """The newest message first."""
    said = lines(topics()[0])
    assert said[:2] == ["order.placed", "brokers.events  nats"]
    [publisher] = [line for line in said if line.startswith("orders ")]
    assert publisher.split() == ["orders", "3.0", "700", "1.4ms"]
    [late] = [line for line in said if line.startswith("order-history")]
    assert late.split() == ["order-history", "3.0", "700", "12"]
    messages = said[said.index("Last messages") :]
    assert '"total_cents": 1902' in " ".join(messages[1:4])


def test_nobody_and_strangers_are_said() -> None:
    """In words."""
    wild = TopicView(name="x", publishers=[TopicPartyView(service="orders", messages=2, errors=1)])
    said = "\n".join(lines(wild))
    assert "Delivered to  nobody" in said
    assert "✕ 1 failed  ? not declared" in said
    assert "no message of it was seen" in said


def test_nothing_is_wider_than_the_pane_and_payloads_are_harmless() -> None:
    """Long names, control characters, wide characters."""
    wild = TopicView(
        name="x" * 90,
        broker="brokers.events",
        publishers=[TopicPartyView(service="o" * 70, messages=1)],
        last=[MessageView(at=0.0, service="o" * 70, payload="\x1b[31m" + "界" * 700, size=2100)],
    )
    for width in (20, 40, 64):
        found = lines(wild, width)
        assert max(map(width_of, found)) <= width
        assert "\x1b" not in "".join(found)
        assert found[-1] == "  …"


def test_tight_json_is_broken_between_fields() -> None:
    """What stands within texts stays as it is; what is no JSON, too."""
    tight = '{"id":"a,b","lines":[{"n":1},{"n":2}],"url":"http://x:80/","paid":true}'
    message = MessageView(at=NOW, service="orders", payload=tight, size=70, trace="", whole=True)
    said = lines(TopicView(name="x", last=[message, structs.replace(message, payload='say "a":"b"')]), 30)
    assert [line.strip() for line in said[-4:]] == [
        '{"id": "a,b", "lines":',
        '[{"n": 1}, {"n": 2}], "url":',
        '"http://x:80/", "paid":',
        "true}",
    ]
    assert '  say "a":"b"' in said
