"""The event stream's bytes: refusals and nonsense."""

import msgspec
import pytest

from meshdev.client.feed import EventFeed
from meshdev.errors import DaemonError, UsageError
from meshdev.wire.control import ErrorView

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def test_events_come_out_of_chunks() -> None:
    """Whatever the chunking, an event comes out when its message is whole."""
    feed = EventFeed(7)
    assert feed.outgoing.startswith(b"GET /v1/events?after=7 HTTP/1.1\r\n")
    assert feed.receive(HEAD + _chunk(b': hello\n\ndata: {"seq": 8, "at": 1.0,')) == []
    (event,) = feed.receive(_chunk(b' "kind": "notice", "text": "x"}\n\n'))
    assert (event.seq, event.text, feed.ended) == (8, "x", False)
    assert feed.receive(b"0\r\n\r\n") == []
    assert feed.ended


def test_refusal_is_raised() -> None:
    """A daemon that will not stream says why."""
    view = ErrorView(title="no", status=400, detail="after=x: a whole number", exit_code=2)
    body = msgspec.json.encode(view)
    feed = EventFeed(0)
    assert feed.receive(b"HTTP/1.1 400 Bad\r\nContent-Length: %d\r\n\r\n" % len(body)) == []
    with pytest.raises(UsageError, match="whole number"):
        feed.receive(body)


def test_nonsense_is_told() -> None:
    """An event of another shape is another version, or another program."""
    with pytest.raises(DaemonError, match="makes no sense"):
        EventFeed(0).receive(HEAD + _chunk(b"data: []\n\n"))


def test_cut_off_stream_is_a_loss() -> None:
    """A peer that vanishes in the middle has not ended in order."""
    feed = EventFeed(0)
    feed.receive(HEAD)
    with pytest.raises(DaemonError, match="went away"):
        feed.receive(b"")
