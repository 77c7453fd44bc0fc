"""Server-sent events: counted as a browser would dispatch them, however the bytes and the chunks are cut."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshdev.traffic.event_stream import EventCounter, brings_events, readable_events
from meshdev.traffic.http1_head import ResponseHead


def count(pieces: list[bytes], *, chunked: bool = False) -> int:
    """How many events there are."""
    counter = EventCounter(chunked=chunked)
    for piece in pieces:
        counter.feed(piece)
    return counter.events


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """``data`` in pieces."""
    at = sorted({place % (len(data) + 1) for place in places} | {0, len(data)})
    return [data[a:b] for a, b in pairwise(at)]


def chunks(pieces: list[bytes]) -> bytes:
    """A chunked body with extensions and a trailer."""
    body = b"".join(b"%x;a=b\r\n%b\r\n" % (len(piece), piece) for piece in pieces if piece)
    return body + b"0\r\nX-Trailer: data: no\r\n\r\n"


def dispatched(text: bytes) -> int:
    """The specification's own words, on a whole stream."""
    lines = text.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    events, buffer = 0, b""
    for line in lines[:-1]:  # what has no end of line is not read
        if not line:
            events += bool(buffer)
            buffer = b""
        elif line.partition(b":")[0] == b"data":
            buffer += line.partition(b":")[2] + b"\n"
    return events


@pytest.mark.parametrize(
    ("text", "events"),
    [
        (b"data: one\n\ndata: two\n\n", 2),
        (b"data: a\ndata: b\r\n\r\n", 1),
        (b": keep-alive\n\n: keep-alive\n\n", 0),
        (b"event: done\nid: 7\n\n", 0),
        (b"data\n\n", 1),
        (b"data:\n\n", 1),
        (b"database: x\n\n", 0),
        (b" data: x\n\n", 0),
        (b"\xef\xbb\xbfdata: x\n\n", 1),
        (b"data: not over", 0),
        (b"data: x\r\rdata: y\r\r", 2),
    ],
)
def test_what_is_an_event(text: bytes, events: int) -> None:
    """Data, ended by a blank line."""
    assert count([text]) == dispatched(text) == events


_LINES = st.lists(
    st.sampled_from(
        [b"data: x", b"data", b"data:" + b"y" * 40, b": c", b"id: 1", b"datax: 1", b"", b"", b"dat"]
    )
    | st.binary(max_size=8),
    max_size=20,
)
_PLACES = st.lists(st.integers(0, 10**4), max_size=15)


@given(_LINES, st.lists(st.sampled_from([b"\n", b"\r\n", b"\r"]), min_size=1), _PLACES, _PLACES)
def test_any_split_gives_the_same(
    lines: list[bytes], ends: list[bytes], first: list[int], second: list[int]
) -> None:
    """As bytes, in chunks, and with the chunks' own lines cut."""
    text = b"".join(line + ends[number % len(ends)] for number, line in enumerate(lines))
    events = dispatched(text)
    assert count(cut(text, first)) == events
    assert count([bytes([byte]) for byte in text]) == events
    assert count(cut(chunks(cut(text, first)), second), chunked=True) == events


@given(st.binary(max_size=300), _PLACES, st.booleans())
def test_any_bytes_are_survived(data: bytes, places: list[int], chunked: bool) -> None:  # noqa: FBT001
    """Also those that no scanner would have let through."""
    assert count(cut(data, places), chunked=chunked) == count([data], chunked=chunked)


@pytest.mark.parametrize(
    ("fields", "brings", "readable"),
    [
        (b"Content-Type: text/event-stream", True, True),
        (b"content-type:TEXT/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked", True, True),
        (b"Content-Type: text/event-stream\r\nContent-Encoding: gzip", True, False),
        (b"Content-Type: text/event-stream\r\nContent-Encoding: identity", True, True),
        (b"Content-Type: text/html\r\nX-Other: event-stream", False, True),
        (b"Content-Type: text/event-streams", False, True),
    ],
)
def test_which_answers_bring_events(fields: bytes, brings: bool, readable: bool) -> None:  # noqa: FBT001
    """By their type; compressed ones cannot be counted."""
    head = ResponseHead(b"HTTP/1.1 200 OK\r\n" + fields + b"\r\n\r\n")
    assert brings_events(head) is brings
    assert (readable_events(head) is not None) is readable
