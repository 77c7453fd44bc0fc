"""`meshdev publish`, against a stand-in."""

from io import BytesIO, TextIOWrapper

import pytest

from meshdev.wire.topic_views import MessageView, PublishRequest, TopicView
from support_cli import Cli, stand_in

TOPICS = [
    TopicView(
        name="order.placed",
        broker="brokers.events",
        last=[MessageView(at=0.0, service="orders", payload='{"id": 7}', size=40, whole=True)],
    ),
    TopicView(name="long", last=[MessageView(at=0.0, service="orders", payload="x", size=4000)]),
]


def test_a_message_goes_to_the_daemon(cli: Cli) -> None:
    """With its headers and its key."""
    with stand_in(cli) as daemon:
        ran = cli("publish", "t", "hello", "-H", "a=b", "--broker", "events", "--key", "k")
    assert daemon.stand_in.asked == [
        (
            "publish",
            PublishRequest(topic="t", payload="hello", broker="events", headers={"a": "b"}, key="k"),
        )
    ]
    assert (ran.code, ran.out) == (0, "t: published on brokers.events\n")


def test_the_last_one_again(cli: Cli) -> None:
    """If it is known in full."""
    with stand_in(cli) as daemon:
        daemon.stand_in.told_topics = TOPICS
        assert cli("publish", "order.placed", "--again").code == 0
        short, none = cli("publish", "long", "--again"), cli("publish", "never", "--again")
    assert daemon.stand_in.asked == [("publish", PublishRequest(topic="order.placed", payload='{"id": 7}'))]
    assert "not known in full" in short.err
    assert "no message was seen" in none.err
    assert (short.code, none.code) == (2, 2)


def test_what_shall_be_published_must_be_said(cli: Cli) -> None:
    """And how a header is written."""
    with stand_in(cli):
        nothing, header = cli("publish", "t"), cli("publish", "t", "x", "-H", "a")
    assert (nothing.code, header.code) == (2, 2)
    assert "--again" in nothing.err
    assert "NAME=VALUE" in header.err


@pytest.mark.parametrize("words", [("t", "\udcff"), ("\udcff", "x"), ("t", "-")])
def test_bytes_that_are_no_text(cli: Cli, monkeypatch: pytest.MonkeyPatch, words: tuple[str, str]) -> None:
    """Are told, wherever they are said."""
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(b"\xff\xfe")))
    with stand_in(cli) as daemon:
        ran = cli("publish", *words)
    assert (ran.code, daemon.stand_in.asked) == (2, [])
    assert "UTF-8" in ran.err


def test_standard_input_is_published_as_it_is(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ends of lines, too, and whatever the locale."""
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO("é\r\n".encode()), "ascii"))
    with stand_in(cli) as daemon:
        cli("publish", "t", "-")
    assert daemon.stand_in.asked == [("publish", PublishRequest(topic="t", payload="é\r\n"))]
