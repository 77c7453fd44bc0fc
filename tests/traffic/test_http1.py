"""The HTTP/1 scanners by tables: framing, what is refused, what is foreign, where a message ends."""

import pytest

from meshdev.traffic.http1 import MOST_HEAD_BYTES, Mark, Refusal, RequestScanner, ResponseScanner, State
from meshdev.traffic.http1_head import Framing, RequestHead, ResponseHead
from meshdev.traffic.http1_memory import KNOWN_REQUESTS, request_head
from support_http1 import FOREIGN, REFUSED_REQUESTS, REFUSED_RESPONSES, read_requests, read_responses, settled

GET = request_head(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")


def heads_and_marks(events: list[object]) -> list[object]:
    """Events with each head shortened to its method or status."""
    short: list[object] = []
    for event in events:
        match event:
            case RequestHead():
                short.append(event.method)
            case ResponseHead():
                short.append(event.status)
            case _:
                short.append(event)
    return short


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", ["GET", Mark.END]),
        (b"GET / HTTP/1.0\r\n\r\n", ["GET", Mark.END]),
        (b"\r\n\r\nGET / HTTP/1.1\r\n\r\n", ["GET", Mark.END]),
        (b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", ["POST", b"abc", Mark.END]),
        (b"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n", ["POST", Mark.END]),
        (b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nab", ["POST", b"ab"]),
        (
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n",
            ["POST", b"3;x=y\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n", Mark.END],
        ),
        (b"GET /1 HTTP/1.1\r\n\r\nHEAD /2 HTTP/1.1\r\n\r\n", ["GET", Mark.END, "HEAD", Mark.END]),
        (
            b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n0\r\n\r\n",
            ["POST", b"0\r\n\r\n", Mark.END],
        ),
    ],
)
def test_requests(stream: bytes, expected: list[object]) -> None:
    """What a client says, and how it is taken apart."""
    assert heads_and_marks(read_requests([stream])) == expected


@pytest.mark.parametrize(
    ("request_line", "stream", "expected"),
    [
        (b"GET", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", [200, b"ok", Mark.END]),
        (b"GET", b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", [200, Mark.END]),
        (b"HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", [200, Mark.END]),
        (b"GET", b"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n", [204, Mark.END]),
        (b"GET", b"HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n", [304, Mark.END]),
        (
            b"GET",
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
            [100, 103, 200, b"x", Mark.END],
        ),
        (b"GET", b"HTTP/1.1 200 OK\r\n\r\nas long as it lasts", [200, b"as long as it lasts"]),
        (
            b"GET",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n0\r\n\r\n",
            [200, b"a\r\n0123456789\r\n0\r\n\r\n", Mark.END],
        ),
        (
            b"GET",
            b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
            [200, b"x", Mark.END],
        ),
        (b"UPGRADE", b"HTTP/1.1 101 Switching Protocols\r\n\r\n\x81\x00", [101, Mark.TUNNEL, b"\x81\x00"]),
        (b"UPGRADE", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", [200, Mark.END]),
        (b"CONNECT", b"HTTP/1.1 200 OK\r\n\r\nanything", [200, Mark.TUNNEL, b"anything"]),
        (b"CONNECT", b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", [403, Mark.END]),
    ],
)
def test_responses(request_line: bytes, stream: bytes, expected: list[object]) -> None:
    """What a server says, and how the request's method decides where it ends."""
    assert heads_and_marks(read_responses([stream], request_line)) == expected


@pytest.mark.parametrize(("stream", "reason"), REFUSED_REQUESTS)
def test_ambiguous_requests_are_refused(stream: bytes, reason: str) -> None:
    """What two parsers could read in two ways is not passed on."""
    last = read_requests([stream])[-1]
    assert isinstance(last, Refusal)
    assert reason in last.reason


@pytest.mark.parametrize(("stream", "reason"), REFUSED_RESPONSES)
def test_ambiguous_responses_are_refused(stream: bytes, reason: str) -> None:
    """A response that cannot be delimited is said so, with the bytes kept for whoever passes them on raw."""
    scanner = ResponseScanner()
    scanner.expect(GET)
    events = scanner.feed(stream)
    assert isinstance(events[-1], Refusal)
    assert reason in events[-1].reason
    given = b"".join(it if isinstance(it, bytes) else getattr(it, "raw", b"") for it in events)
    assert given + scanner.rest == stream


@pytest.mark.parametrize("stream", FOREIGN)
def test_what_is_not_http_is_foreign(stream: bytes) -> None:
    """Another protocol's first bytes are given out whole, to be passed on as plain TCP."""
    assert settled(RequestScanner().feed(stream)) == [Mark.FOREIGN, stream]


def test_a_second_message_that_is_not_http_is_refused() -> None:
    """Only the beginning of a connection can be foreign."""
    events = read_requests([b"GET / HTTP/1.1\r\n\r\n\x16\x03\x01"])
    assert events[-1] == Refusal(400, "not a request line")


def test_a_head_may_not_grow_without_end() -> None:
    """64 KiB without its end are refused with 431, in one piece or in many."""
    head = b"GET / HTTP/1.1\r\nX: " + b"x" * MOST_HEAD_BYTES
    assert read_requests([head]) == [Refusal(431, "the head is too large")]
    pieces = [head[at : at + 1000] for at in range(0, len(head), 1000)]
    assert read_requests(pieces) == [Refusal(431, "the head is too large")]


def test_a_response_that_nobody_asked_for_is_refused() -> None:
    """Bytes of a server before any request are not a response to anything."""
    assert ResponseScanner().feed(b"HTTP/1.1 200 OK\r\n\r\n") == [
        Refusal(502, "a response that nobody asked for")
    ]


def test_the_end_of_the_connection_ends_an_endless_body_only() -> None:
    """Without a length the end of the connection is the end of the body; with one it is a loss."""
    for head, ends in (
        (b"HTTP/1.1 200 OK\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", False),
    ):
        scanner = ResponseScanner()
        scanner.expect(GET)
        scanner.feed(head + b"some")
        assert scanner.ends_with_connection() is ends


def test_a_scanner_stops_at_the_end_of_a_message() -> None:
    """What follows an upgrade request is not read as a request until the owner says so."""
    scanner = RequestScanner()
    upgrade = b"GET /chat HTTP/1.1\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n"
    head, end = scanner.feed(upgrade + b"\x81\x05hello")
    assert isinstance(head, RequestHead)
    assert head.upgrades
    assert end is Mark.END
    assert scanner.rest == b"\x81\x05hello"
    assert scanner.state is State.HEAD


def test_what_a_head_tells() -> None:
    """The fields that the mesh needs, whatever their case."""
    head = request_head(
        b"PUT /a?b=c HTTP/1.1\r\nHOST: x\r\nExpect: 100-continue\r\nTraceParent: 00-AB\r\n"
        b"X-Request-Id:  r1 \r\nConnection: Close\r\nContent-Length: 12\r\n\r\n"
    )
    assert (head.method, head.target, head.minor, head.line) == (
        "PUT",
        b"/a?b=c",
        1,
        b"PUT /a?b=c HTTP/1.1\r\n",
    )
    assert (head.framing, head.length, head.keep_alive, head.upgrades) == (Framing.LENGTH, 12, False, False)
    assert (head.traced, head.parent_at, head.has_request_id) == (True, 0, True)


@pytest.mark.parametrize(
    ("head", "keep_alive"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", False),
        (b"HTTP/1.0 200 OK\r\n\r\n", False),
        (b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n\r\n", True),
    ],
)
def test_who_keeps_a_connection(head: bytes, *, keep_alive: bool) -> None:
    """RFC 9112 §9.3."""
    assert ResponseHead(head).keep_alive is keep_alive


def test_heads_that_repeat_are_remembered_bounded() -> None:
    """From the second time on, the same object; and never more than a few hundred."""
    raw = b"GET /again HTTP/1.1\r\nHost: remembered\r\n\r\n"
    first, second, third = request_head(raw), request_head(raw), request_head(raw)
    assert first == second == third
    assert second is third
    for number in range(10_000):
        once = b"GET /%d HTTP/1.1\r\n\r\n" % number
        request_head(once)
        request_head(once)
    assert len(KNOWN_REQUESTS) <= 512


def test_a_response_head_may_not_grow_without_end() -> None:
    """64 KiB without its end are refused."""
    scanner = ResponseScanner()
    scanner.expect(GET)
    assert scanner.feed(b"HTTP/1.1 200 OK\r\nX: " + b"x" * MOST_HEAD_BYTES) == [
        Refusal(502, "the head is too large")
    ]


def test_heads_and_scanners_say_what_they_are() -> None:
    """What a person sees in a debugger."""
    assert repr(request_head(b"GET /a HTTP/1.1\r\n\r\n")) == "<RequestHead GET /a none>"
    assert repr(ResponseHead(b"HTTP/1.1 204 No\r\n\r\n")) == "<ResponseHead 204 until_close>"
    assert len({request_head(b"GET /b HTTP/1.1\r\n\r\n"), RequestHead(b"GET /b HTTP/1.1\r\n\r\n")}) == 1


def test_a_plain_answer_to_connect_is_a_tunnel_all_the_same() -> None:
    """The shortcut for plain responses leaves what depends on the request to the whole reading."""
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    for line in (b"CONNECT a:1 HTTP/1.1\r\n\r\n", b"HEAD / HTTP/1.1\r\n\r\n"):
        scanner = ResponseScanner()
        scanner.expect(request_head(line))
        assert not scanner.whole(answer)
    scanner = ResponseScanner()
    scanner.expect(GET)
    assert scanner.whole(answer)
