"""Streams for the HTTP/1 scanner's tests, and how to read them: the smuggling corpus lives here."""

from collections.abc import Iterable, Sequence

from meshdev.traffic.http1 import Mark, Refusal, RequestScanner, ResponseScanner
from meshdev.traffic.http1_head import RequestHead, ResponseHead
from meshdev.traffic.http1_memory import request_head

_POST = b"POST / HTTP/1.1\r\nHost: a\r\n"

REFUSED_REQUESTS: Sequence[tuple[bytes, str]] = [
    # two ways to say how long the body is (CL.TE, TE.CL)
    (_POST + b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG", "both Content-Length"),
    (_POST + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n1\r\nZ\r\nQ", "both Content-Length"),
    (_POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n", "more than one Content-Length"),
    (_POST + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\n", "more than one Content-Length"),
    (_POST + b"Content-Length: 5, 5\r\n\r\n", "not a number"),
    (_POST + b"Content-Length: +5\r\n\r\n", "not a number"),
    (_POST + b"Content-Length: -5\r\n\r\n", "not a number"),
    (_POST + b"Content-Length: 0x5\r\n\r\n", "not a number"),
    (_POST + b"Content-Length: 5 5\r\n\r\n", "not a number"),
    (_POST + b"Content-Length: 1_0\r\n\r\n", "not a number"),
    (_POST + b"Content-Length: \xb2\r\n\r\n", "not a number"),
    (_POST + b"Content-Length:\r\n\r\n", "not a number"),
    (_POST + b"Content-Length: 9999999999999999999\r\n\r\n", "not a number"),
    # ways to hide a Transfer-Encoding (TE.TE)
    (_POST + b"Transfer-Encoding: xchunked\r\n\r\n", "does not end with chunked"),
    (_POST + b"Transfer-Encoding: chunked, identity\r\n\r\n", "does not end with chunked"),
    (_POST + b"Transfer-Encoding: identity, chunked\r\n\r\n", "does not end with chunked"),
    (_POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n", "does not end with chunked"),
    (_POST + b'Transfer-Encoding: "chunked"\r\n\r\n', "does not end with chunked"),
    (_POST + b"Transfer-Encoding: chunked;q=1\r\n\r\n", "does not end with chunked"),
    (
        _POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: cow\r\n\r\n",
        "more than one Transfer-Encoding",
    ),
    (_POST + b"Transfer-Encoding : chunked\r\n\r\n", "malformed header line"),
    (_POST + b" Transfer-Encoding: chunked\r\n\r\n", "malformed header line"),
    (_POST + b"X: y\r\n Transfer-Encoding: chunked\r\n\r\n", "malformed header line"),
    (_POST + b"X: y\rTransfer-Encoding: chunked\r\n\r\n", "malformed header line"),
    (_POST + b"X: y\nTransfer-Encoding: chunked\r\n\r\n", "does not end with CR LF"),
    (_POST + b"Transfer-Encoding\r\n : chunked\r\n\r\n", "malformed header line"),
    (_POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n", "malformed header line"),
    (_POST + b"Transfer-Encoding: chunked\x00\r\n\r\n", "malformed header line"),
    (_POST + b"Transfer\x00-Encoding: chunked\r\n\r\n", "malformed header line"),
    (b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", "in HTTP/1.0"),
    # more hosts than one
    (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "more than one Host"),
    # header lines that are none
    (b"GET / HTTP/1.1\r\n: empty\r\n\r\n", "malformed header line"),
    (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", "malformed header line"),
    (b"GET / HTTP/1.1\r\nX: \x7f\r\n\r\n", "malformed header line"),
    # chunks
    *(
        (_POST + b"Transfer-Encoding: chunked\r\n\r\n" + body, reason)
        for body, reason in [
            (b"5 \r\nhello\r\n0\r\n\r\n", "malformed chunk size"),
            (b" 5\r\nhello\r\n0\r\n\r\n", "malformed chunk size"),
            (b"0x5\r\nhello\r\n0\r\n\r\n", "malformed chunk size"),
            (b"+5\r\nhello\r\n0\r\n\r\n", "malformed chunk size"),
            (b"-1\r\nhello\r\n0\r\n\r\n", "malformed chunk size"),
            (b"\r\nhello\r\n0\r\n\r\n", "malformed chunk size"),
            (b"5\nhello\r\n0\r\n\r\n", "malformed chunk size"),
            (b"5;a\nb\r\nhello\r\n0\r\n\r\n", "malformed chunk size"),
            (b"5\rX\nhello\r\n0\r\n\r\n", "malformed chunk size"),
            (b"fffffffffffffffff\r\n", "malformed chunk size"),
            (b"5\r\nhelloX\r\n0\r\n\r\n", "longer than it says"),
            (b"5\r\nhello\n0\r\n\r\n", "longer than it says"),
            (b"5\r\nhello\rX0\r\n\r\n", "longer than it says"),
            (b"5\r\nhello0\r\n\r\n", "longer than it says"),
            (b"0\r\nbad trailer\r\n\r\n", "malformed trailer"),
            (b"0\r\nX: y\n\r\n\r\n", "malformed trailer"),
            (b"0\r\n X: y\r\n\r\n", "malformed trailer"),
            (b"0;" + b"x" * 9000 + b"\r\n\r\n", "malformed chunk size"),
        ]
    ),
]

_OK = b"HTTP/1.1 200 OK\r\n"

REFUSED_RESPONSES: Sequence[tuple[bytes, str]] = [
    (b"garbage", "not a status line"),
    (b"HTTP/2 200 OK\r\n\r\n", "not a status line"),
    (b"HTTP/1.1 2000 OK\r\n\r\n", "not a status line"),
    (b"HTTP/1.1 099 No\r\n\r\n", "not a status line"),
    (b"HTTP/1.1  200 OK\r\n\r\n", "not a status line"),
    (b"HTTP/1.1 200 OK\nContent-Length: 0\n\n", "does not end with CR LF"),
    (_OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", "that differ"),
    (_OK + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "both Content-Length"),
    (_OK + b"Content-Length: one\r\n\r\n", "not a number"),
    (_OK + b"Transfer-Encoding: chunked, gzip\r\n\r\n", "does not end with chunked"),
    (b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "in HTTP/1.0"),
    (_OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhelloX", "longer than it says"),
    (b"HTTP/1.1 101 Switching\r\n\r\nraw", "asked for no upgrade"),
]

FOREIGN: Sequence[bytes] = [
    b"\x16\x03\x01\x02\x00\x01\x00",  # TLS
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",  # HTTP/2 by prior knowledge
    b"\x00\x00\x00\x08\x04\xd2\x16/",  # PostgreSQL
    b"*1\r\n$4\r\nPING\r\n",  # Redis
    b"SSH-2.0-OpenSSH_9.6\r\n",
    b"\r\n\r\n\x00\r\nQUIT\n",  # PROXY protocol, version 2
    b"GET /\r\n",  # HTTP/0.9
    b"GET / HTTP/1.1\nHost: a\n\n",
    b'CONNECT {"verbose":false}\r\n',  # NATS
]


def settled(events: Iterable[object]) -> list[object]:
    """Events with neighbouring body pieces joined: what must not depend on how bytes were cut."""
    joined: list[object] = []
    for event in events:
        last = joined[-1] if joined else None
        if isinstance(event, bytes) and isinstance(last, bytes):
            joined[-1] = last + event
        else:
            joined.append(event)
    return joined


def _requests_of(
    scanner: RequestScanner, piece: bytes, *, shortcut: bool
) -> list[RequestHead | bytes | Mark | Refusal]:
    head = scanner.whole(piece) if shortcut else None
    if head is None:
        return scanner.feed(piece)
    return [head, Mark.END] if head.bodiless else [head]


def read_requests(pieces: Iterable[bytes], *, shortcut: bool = False) -> list[object]:
    """All events of a client's stream, as an owner sees them that goes on after each message.

    With ``shortcut`` the owner asks first whether a piece is just a head.
    """
    scanner = RequestScanner()
    events: list[object] = []
    for piece in pieces:
        got = _requests_of(scanner, piece, shortcut=shortcut)
        events += got
        while got and got[-1] is Mark.END and scanner.rest:
            got = scanner.feed()
            events += got
    return settled(events)


def request_for(word: bytes) -> RequestHead:
    """A request whose method, or wish to upgrade, decides how its response is read."""
    if word == b"UPGRADE":
        return request_head(b"GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
    return request_head(word + b" / HTTP/1.1\r\n\r\n")


def _responses_of(
    scanner: ResponseScanner, piece: bytes, *, shortcut: bool
) -> list[ResponseHead | bytes | Mark | Refusal]:
    if not shortcut or not scanner.whole(piece):
        return scanner.feed(piece)
    head = scanner.head
    assert head is not None
    body = piece[len(head.raw) :]
    return [head, body, Mark.END] if body else [head, Mark.END]


def read_responses(pieces: Iterable[bytes], word: bytes = b"GET", *, shortcut: bool = False) -> list[object]:
    """All events of a server's stream, every response answering the same kind of request."""
    scanner = ResponseScanner()
    scanner.expect(request_for(word))
    events: list[object] = []
    for piece in pieces:
        got = _responses_of(scanner, piece, shortcut=shortcut)
        events += got
        while got and got[-1] is Mark.END:
            scanner.expect(request_for(word))
            if not scanner.rest:
                break
            got = scanner.feed()
            events += got
    return settled(events)


def unchanged(events: Iterable[object]) -> bytes:
    """The bytes that the events hold."""
    return b"".join(it if isinstance(it, bytes) else getattr(it, "raw", b"") for it in events)
