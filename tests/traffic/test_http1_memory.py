"""A head that is known by its shape says what a parse of all of it says; what a shape cannot tell is looked at."""

from collections.abc import Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from meshdev.traffic.http1_head import BadMessageError, RequestHead, ResponseHead
from meshdev.traffic.http1_memory import KNOWN_REQUESTS, known_request, request_head, response_head

TRACE = b"traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
CLIENT = b"Host: shop:8080\r\nAccept: */*"


def told(head: RequestHead | ResponseHead) -> dict[str, object]:
    """Everything that a head says; its route as telemetry would have it."""
    if isinstance(head, RequestHead) and not head.route:
        head.guess_route()
    return {name: getattr(head, name) for name in head.__slots__}


def parsed(raw: bytes) -> dict[str, object] | str:
    """What a parse of all of it says."""
    kind = ResponseHead if raw.startswith(b"HTTP/") else RequestHead
    try:
        return told(kind(raw))
    except BadMessageError as error:
        return error.reason


def known(raw: bytes) -> dict[str, object] | str:
    """What it is taken for, whatever is remembered."""
    read = response_head if raw.startswith(b"HTTP/") else request_head
    try:
        return told(read(raw))
    except BadMessageError as error:
        return error.reason


def head_of(line: bytes, *fields: bytes) -> bytes:
    """A whole head."""
    return b"\r\n".join([line, *fields, b"", b""])


def remember(*heads: bytes) -> None:
    """Have them met often enough to be known."""
    for raw in heads * 2:
        known(raw)


@pytest.mark.parametrize(
    ("first", "other"),
    [
        (b"GET /orders/17 HTTP/1.1", b"GET /orders/18 HTTP/1.1"),
        (b"GET /v1/orders/17 HTTP/1.1", b"GET /v2/orders/18 HTTP/1.1"),
        (b"POST /a?b=1 HTTP/1.1", b"POST /a?b=2 HTTP/1.1"),
        (b"GET / HTTP/1.1", b"GET / HTTP/1.0"),
        (b"GET / HTTP/1.1", b"GET / HTTP/2.1"),
        (b"M1 / HTTP/1.1", b"M2 / HTTP/1.1"),
        (b"CONNECT a:443 HTTP/1.1", b"CONNECT b:442 HTTP/1.1"),
    ],
)
def test_request_lines_of_one_shape_are_told_apart(first: bytes, other: bytes) -> None:
    """Target, route, version and method are those of each."""
    remember(head_of(first, CLIENT), head_of(other, CLIENT))
    for line in (first, other):
        raw = head_of(line, CLIENT)
        assert known(raw) == parsed(raw)


SAME_SHAPE: Sequence[tuple[bytes, bytes]] = [
    (TRACE, TRACE.replace(b"4bf92", b"5bf92")),
    (TRACE, TRACE.replace(b"4bf92", b"Xbf92")),
    (TRACE, TRACE.replace(b"00-4", b"01-4")),
    (TRACE, TRACE.replace(b"00-4", b"99-4")),
    (TRACE, b"traceparent: 00-" + b"0" * 32 + b"-00f067aa0ba902b7-01"),
    (TRACE, TRACE.partition(b"-")[0] + b"-"),
    (TRACE, TRACE + b"-more"),
    (TRACE, TRACE + b"\r\n" + TRACE),
    (TRACE, b"X-" + TRACE),
    (b"T" + TRACE[1:], b"T" + TRACE[1:].replace(b"4bf92", b"5bf92")),
    (b"Content-Length: 10", b"Content-Length: 00"),
    (b"Content-Length: 10", b"Content-Length: 10, 10"),
    (b"Content-Length: 10", b"Content-Length: 10\r\nContent-Length: 11"),
    (b"CONTENT-LENGTH:7 ", b"CONTENT-LENGTH:0 "),
    (b"X-Content-Length: 7\r\nContent-Length: 3", b"X-Content-Length: 0\r\nContent-Length: 4"),
    (b"Content-Length: 4\r\n" + TRACE, b"Content-Length: 5\r\n" + TRACE.replace(b"4bf92", b"5bf92")),
    (TRACE + b"\r\nContent-Length: 4", TRACE.replace(b"4bf92", b"5bf92") + b"\r\nContent-Length: 0"),
    (b"x-request-id: 1", b"x-request-id: 2"),
    (b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked\r\nContent-Length: 1"),
]


@pytest.mark.parametrize(("first", "other"), [*SAME_SHAPE, *((b, a) for a, b in SAME_SHAPE)])
def test_fields_of_nearly_one_shape_are_told_apart(first: bytes, other: bytes) -> None:
    """Each is what a parse of it says, with the other known before."""
    remember(head_of(b"PUT /a HTTP/1.1", CLIENT, first), head_of(b"PUT /b HTTP/1.0", CLIENT, first))
    for line in (b"PUT /a HTTP/1.1", b"PUT /b HTTP/1.0", b"PUT /c HTTP/1.1"):
        raw = head_of(line, CLIENT, other)
        assert known(raw) == parsed(raw)
        assert known(raw) == parsed(raw)


@pytest.mark.parametrize(
    "other",
    [
        b"HTTP/1.1 404 OK\r\nContent-Length: 71\r\n\r\n",
        b"HTTP/1.1 204 OK\r\nContent-Length: 71\r\n\r\n",
        b"HTTP/1.1 101 OK\r\nContent-Length: 71\r\n\r\n",
        b"HTTP/1.1 000 OK\r\nContent-Length: 71\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nContent-Length: 71\r\n\r\n",
        b"HTTP/2.1 200 OK\r\nContent-Length: 71\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 71\r\nContent-Length: 71\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 71\r\nContent-Length: 72\r\n\r\n",
    ],
)
def test_responses_of_nearly_one_shape_are_told_apart(other: bytes) -> None:
    """Version, status and length are those of each."""
    remember(b"HTTP/1.1 200 OK\r\nContent-Length: 66\r\n\r\n", other)
    assert known(other) == parsed(other)
    again = other.replace(b"71", b"99")
    assert known(again) == parsed(again)


PIECES = st.lists(
    st.sampled_from(
        [
            *(piece for pair in SAME_SHAPE for piece in pair),
            *(b"Connection: close", b"Connection: Upgrade", b"Upgrade: websocket", b"X: 1", b"X : 1", b"n\n"),
        ]
    ),
    max_size=3,
)
LINES = st.sampled_from(
    [
        *(
            b"GET /o/1 HTTP/1.1",
            b"GET /o/2 HTTP/1.1",
            b"GET /o/2 HTTP/1.0",
            b"GET /v1 HTTP/1.1",
            b"HEAD / HTTP/1.1",
        ),
        *(
            b"HTTP/1.1 200 OK",
            b"HTTP/1.1 304 OK",
            b"HTTP/1.0 200 OK",
            b"HTTP/1.1 099 OK",
            b"CONNECT a HTTP/1.1",
        ),
    ]
)


@given(heads=st.lists(st.builds(lambda line, fields: head_of(line, *fields), LINES, PIECES), max_size=8))
@settings(max_examples=200, deadline=None)
@example(heads=[head_of(b"GET /o/1 HTTP/1.1", TRACE)] * 3)
def test_whatever_is_known_a_head_is_what_it_is(heads: list[bytes]) -> None:
    """In any order, whatever was met before (by other tests, too)."""
    for raw in heads * 2:
        assert known(raw) == parsed(raw)


def test_heads_that_differ_are_known_by_their_shapes() -> None:
    """From the third one on they need no parse."""
    for number in range(3):
        raw = head_of(b"GET /shaped/%d HTTP/1.1" % number, CLIENT, TRACE.replace(b"4bf92", b"%05x" % number))
        head = known_request(raw)
        assert (head is not None) == (number == 2)
        request_head(raw)
        assert raw not in KNOWN_REQUESTS  # it has a trace of its own
