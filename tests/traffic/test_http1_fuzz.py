"""Any bytes, cut anywhere: the same events, every byte kept, never an exception; and what llhttp and h11 say of it."""

import contextlib
import os
from collections.abc import Sequence
from dataclasses import dataclass

import h11
import httptools
from hypothesis import example, given, settings
from hypothesis import strategies as st

from meshdev.traffic.http1 import Mark
from meshdev.traffic.http1_head import Framing, RequestHead, ResponseHead
from support_http1 import (
    FOREIGN,
    REFUSED_REQUESTS,
    REFUSED_RESPONSES,
    read_requests,
    read_responses,
    unchanged,
)

TOKEN = st.text("abcXYZ-_.09", min_size=1, max_size=8).map(str.encode)
VALUE = st.text('abc ,;="\t\xe9', max_size=12).map(lambda it: it.strip(" \t").encode("latin-1"))
FIELDS = st.lists(st.tuples(TOKEN.map(lambda it: b"X-" + it), VALUE), max_size=3)
METHODS = st.sampled_from([b"GET", b"POST", b"PUT", b"DELETE", b"OPTIONS", b"PATCH"])
TARGETS = st.sampled_from([b"/", b"/a/b?c=d&e=%20", b"*", b"http://host/path"])
PUT_IN = [b"\r", b"\n", b"\r\n", b" ", b":", b"\x00", b"0", b"\t", b";", b"\xc3\xa9"]
EXAMPLES = int(os.environ.get("MESHDEV_FUZZ", "50"))  # raise it for a longer hunt
CORPUS = [stream for stream, _ in (*REFUSED_REQUESTS, *REFUSED_RESPONSES)] + list(FOREIGN)


@dataclass
class Message:
    """A message as any parser sees it."""

    first: bytes
    body: bytes = b""
    done: bool = False


def lines(first: bytes, fields: Sequence[tuple[bytes, bytes]]) -> bytes:
    """A head."""
    return first + b"\r\n" + b"".join(b"%b: %b\r\n" % it for it in fields) + b"\r\n"


def chunked(pieces: Sequence[bytes], trailers: Sequence[tuple[bytes, bytes]]) -> bytes:
    """A chunked body."""
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(it), it) for it in pieces if it)
    return chunks + b"0\r\n" + b"".join(b"%b: %b\r\n" % it for it in trailers) + b"\r\n"


@st.composite
def bodies(draw: st.DrawFn) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Framing fields and the bytes of a body."""
    pieces = draw(st.lists(st.binary(max_size=20), max_size=3))
    if draw(st.booleans()):
        return [(b"Transfer-Encoding", b"chunked")], chunked(pieces, draw(FIELDS))
    body = b"".join(pieces)
    return [(b"Content-Length", str(len(body)).encode())], body


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    """One valid request."""
    framing, body = draw(st.one_of(bodies(), st.just(([], b""))))
    first = draw(METHODS) + b" " + draw(TARGETS) + b" HTTP/1.1"
    return lines(first, [(b"Host", b"a"), *draw(FIELDS), *framing]) + body


@st.composite
def responses(draw: st.DrawFn) -> bytes:
    """One valid response that says how long it is."""
    framing, body = draw(bodies())
    status = draw(st.sampled_from([b"200 OK", b"404 Not Found", b"500 ", b"302 Found"]))
    interim = draw(st.sampled_from([b"", b"HTTP/1.1 100 Continue\r\n\r\n"]))
    return interim + lines(b"HTTP/1.1 " + status, [*draw(FIELDS), *framing]) + body


@st.composite
def damaged(draw: st.DrawFn, streams: st.SearchStrategy[bytes]) -> bytes:
    """A stream in which something was cut out, put in or replaced."""
    stream = draw(streams)
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(stream)))
        upto = min(len(stream), at + draw(st.integers(0, 4)))
        put = draw(st.one_of(st.sampled_from(PUT_IN), st.binary(max_size=3)))
        stream = stream[:at] + put + stream[upto:]
    return stream


STREAMS = st.lists(st.one_of(requests(), st.sampled_from([b"\r\n", *CORPUS])), max_size=3).map(b"".join)
ANSWERS = st.lists(st.one_of(responses(), st.sampled_from(CORPUS)), max_size=3).map(b"".join)


def cut(stream: bytes, draw: st.DataObject) -> list[bytes]:
    """The stream in pieces."""
    pieces: list[bytes] = []
    while stream:
        size = draw.draw(st.integers(1, len(stream)))
        pieces.append(stream[:size])
        stream = stream[size:]
    return pieces


def one_by_one(stream: bytes) -> list[bytes]:
    """The stream byte by byte."""
    return [stream[at : at + 1] for at in range(len(stream))]


def by_heads(stream: bytes) -> list[bytes]:
    """The stream cut behind every empty line, as clients send that write head and body apart."""
    *heads, last = stream.split(b"\r\n\r\n")
    return [*(head + b"\r\n\r\n" for head in heads), last]


def by_messages(stream: bytes) -> list[bytes]:
    """The stream cut before every status line, as servers send that write a response at once."""
    first, *others = stream.split(b"HTTP/1.1 ")
    return [first, *(b"HTTP/1.1 " + other for other in others)]


@given(stream=damaged(STREAMS), data=st.data())
@settings(max_examples=EXAMPLES)
def test_cutting_never_changes_what_a_client_said(stream: bytes, data: st.DataObject) -> None:
    """Requests, whole, in pieces and byte by byte; every byte given out is the stream's."""
    whole = read_requests([stream])
    assert read_requests(cut(stream, data)) == whole
    assert read_requests(one_by_one(stream)) == whole
    assert read_requests([stream], shortcut=True) == whole
    assert read_requests(by_heads(stream), shortcut=True) == whole
    without_line_ends = stream.translate(None, b"\r\n")
    assert without_line_ends.startswith(unchanged(whole).translate(None, b"\r\n"))


@given(
    stream=damaged(ANSWERS), word=st.sampled_from([b"GET", b"HEAD", b"CONNECT", b"UPGRADE"]), data=st.data()
)
@settings(max_examples=EXAMPLES)
def test_cutting_never_changes_what_a_server_said(stream: bytes, word: bytes, data: st.DataObject) -> None:
    """Responses, whole, in pieces and byte by byte; what is given out is the stream's beginning."""
    whole = read_responses([stream], word)
    assert read_responses(cut(stream, data), word) == whole
    assert read_responses(one_by_one(stream), word) == whole
    assert read_responses([stream], word, shortcut=True) == whole
    assert read_responses(by_messages(stream), word, shortcut=True) == whole
    assert stream.startswith(unchanged(whole))


@given(stream=st.binary(max_size=200))
def test_no_bytes_raise(stream: bytes) -> None:
    """Noise gives events, never an exception."""
    read_requests([stream])
    read_responses([b"HTTP/1.1 " + stream])


# --- oracles ------------------------------------------------------------------------------------------


def body_of(framing: Framing, raw: bytes) -> bytes:
    """The content of a body that the scanner has found in order."""
    if framing is not Framing.CHUNKED:
        return raw
    content, at = b"", 0
    while True:
        end = raw.index(b"\r\n", at)
        size = int(raw[at:end].partition(b";")[0], 16)
        if not size:
            return content
        content += raw[end + 2 : end + 2 + size]
        at = end + size + 4


def ours(events: Sequence[object]) -> list[Message]:
    """Whole messages as our scanner sees them."""
    messages: list[Message] = []
    head: RequestHead | ResponseHead | None = None
    raw = b""
    for event in events:
        if isinstance(event, RequestHead | ResponseHead):
            head, raw = event, b""
        elif isinstance(event, bytes):
            raw += event
        elif event is Mark.END:
            assert head is not None
            first = head.target if isinstance(head, RequestHead) else str(head.status).encode()
            messages.append(Message(first, body_of(head.framing, raw), done=True))
    return messages


class Heard:
    """llhttp's callbacks."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.parser: httptools.HttpResponseParser | None = None

    def on_message_begin(self) -> None:
        """A message begins."""
        self.messages.append(Message(b""))

    def on_url(self, url: bytes) -> None:
        """A piece of the target."""
        self.messages[-1].first += url

    def on_headers_complete(self) -> None:
        """The head is complete."""
        if self.parser is not None:
            self.messages[-1].first = str(self.parser.get_status_code()).encode()

    def on_body(self, body: bytes) -> None:
        """A piece of the body's content."""
        self.messages[-1].body += body

    def on_message_complete(self) -> None:
        """The message is over."""
        self.messages[-1].done = True


def llhttp_requests(stream: bytes) -> list[Message]:
    """Whole requests as llhttp sees them."""
    heard = Heard()
    with contextlib.suppress(httptools.HttpParserError, httptools.HttpParserUpgrade):
        httptools.HttpRequestParser(heard).feed_data(stream)
    return [message for message in heard.messages if message.done]


def llhttp_responses(stream: bytes) -> list[Message]:
    """Whole final responses as llhttp sees them."""
    heard = Heard()
    heard.parser = httptools.HttpResponseParser(heard)
    with contextlib.suppress(httptools.HttpParserError, httptools.HttpParserUpgrade):
        heard.parser.feed_data(stream)
    return [message for message in heard.messages if message.done and not message.first.startswith(b"1")]


def h11_requests(stream: bytes) -> list[Message]:
    """Whole requests as h11 sees them."""
    connection = h11.Connection(h11.SERVER)
    messages: list[Message] = []
    with contextlib.suppress(h11.RemoteProtocolError, h11.LocalProtocolError):
        connection.receive_data(stream)
        while True:
            match event := connection.next_event():
                case h11.Request():
                    messages.append(Message(event.target))
                case h11.Data():
                    messages[-1].body += bytes(event.data)
                case h11.EndOfMessage():
                    messages[-1].done = True
                    connection.send(h11.Response(status_code=200, headers=[("content-length", "0")]))
                    connection.send(h11.EndOfMessage())
                    connection.start_next_cycle()
                case _:
                    break
    return [message for message in messages if message.done]


def agree(first: Sequence[Message], second: Sequence[Message]) -> bool:
    """Whether two parsers saw the same messages as far as both went."""
    return all(a == b for a, b in zip(first, second, strict=False))


@given(stream=st.lists(requests(), min_size=1, max_size=4).map(b"".join))
@settings(max_examples=EXAMPLES)
def test_valid_requests_are_read_as_llhttp_and_h11_read_them(stream: bytes) -> None:
    """Same messages, same targets, same bodies, all of them."""
    mine = ours(read_requests([stream]))
    assert mine == llhttp_requests(stream)
    assert mine == h11_requests(stream)


@given(stream=st.lists(responses(), min_size=1, max_size=4).map(b"".join))
@settings(max_examples=EXAMPLES)
def test_valid_responses_are_read_as_llhttp_reads_them(stream: bytes) -> None:
    """Same messages, same bodies, all of them; interim ones aside."""
    assert ours(read_responses([stream])) == llhttp_responses(stream)


@given(stream=damaged(st.lists(requests(), min_size=1, max_size=3).map(b"".join)))
@settings(max_examples=2 * EXAMPLES)
@example(stream=b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nxGET / HTTP/1.1\r\n\r\n")
def test_damaged_requests_never_end_elsewhere_than_their_peers_think(stream: bytes) -> None:
    """Nothing is smuggled: whatever we take for a whole message, llhttp and h11 take for the same, or for none."""
    mine = ours(read_requests([stream]))
    assert agree(mine, llhttp_requests(stream))
    assert agree(mine, h11_requests(stream))


@given(stream=damaged(st.lists(responses(), min_size=1, max_size=3).map(b"".join)))
@settings(max_examples=2 * EXAMPLES)
def test_damaged_responses_never_end_elsewhere_than_llhttp_thinks(stream: bytes) -> None:
    """The same on the way back."""
    assert agree(ours(read_responses([stream])), llhttp_responses(stream))


def test_the_smuggling_corpus_gives_no_second_message() -> None:
    """Not one of the known tricks yields a message that a peer would not see."""
    for stream, _ in REFUSED_REQUESTS:
        smuggled = stream + b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
        assert ours(read_requests([smuggled])) == []
