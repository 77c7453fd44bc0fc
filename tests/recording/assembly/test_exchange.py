"""Raw bytes become exchanges: heads, bodies, messages, whatever the cut."""

import gzip
import zlib

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from meshdev.recording.assembly.exchange import Raw, assemble
from meshdev.recording.model import EMPTY, Cut, MessageKind
from meshdev.wire.capture import Facts
from support_raw import KEY, exchange, frame, raw

GET = b"GET /charges/7?full=1 HTTP/1.1\r\nHost: payments\r\nX-Empty:\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"


def test_a_plain_exchange() -> None:
    """Request line, headers as written, body, times, who and where."""
    found = exchange(GET, OK, sent=0, first=1000)
    assert (found.caller, found.callee, found.endpoint, found.edge) == (
        "orders",
        "payments",
        "http",
        "orders -> payments",
    )
    assert (found.request.method, found.request.target) == ("GET", "/charges/7?full=1")
    assert found.request.headers == (("Host", "payments"), ("X-Empty", ""))
    assert found.request.body == EMPTY
    assert found.route == "GET /charges/{id}"
    assert found.response is not None
    assert (found.response.status, found.response.reason) == (200, "OK")
    assert found.response.body.data == b"hello"
    assert found.response.body.cut is None
    assert (found.timing.send, found.timing.wait, found.timing.receive) == (0, 1000, 4000)
    assert (found.trace, found.span) == ("a" * 32, "b" * 16)


def test_an_interim_answer_is_passed_over() -> None:
    """100 Continue is not what came of it."""
    found = exchange(GET, b"HTTP/1.1 100 Continue\r\n\r\n" + OK)
    assert found.response is not None
    assert found.response.status == 200
    assert found.response.body.data == b"hello"


def test_no_answer() -> None:
    """The error says why there is none."""
    found = exchange(GET, facts=Facts(error="callee-reset"))
    assert found.response is None
    assert found.error == "callee-reset"


def test_pieces_keep_their_times() -> None:
    """Where each piece of a chunked answer began in the content, and when."""
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    found = exchange(
        GET, [(1000, head), (2000, b"3\r\nabc\r\n"), (3000, b"2;x=y\r\nde\r\n"), (4000, b"0\r\n\r\n")]
    )
    assert found.response is not None
    assert found.response.body.data == b"abcde"
    assert found.response.body.pieces == ((0, 2000), (3, 3000))
    assert found.response.body.cut is None


@pytest.mark.parametrize(
    ("coding", "packed"),
    [
        ("gzip", gzip.compress(b"text" * 50, mtime=0)),
        ("deflate", zlib.compress(b"text" * 50)),
        ("deflate", zlib.compress(b"text" * 50)[2:-4]),
        ("zstd", zstandard.compress(b"text" * 50)),
    ],
    ids=["gzip", "deflate", "raw deflate", "zstd"],
)
def test_content_coding_is_undone(coding: str, packed: bytes) -> None:
    """What is kept is the content, and the coding by name, so that it can be done again."""
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {len(packed)}\r\n\r\n".encode()
    found = exchange(GET, [(0, head + packed[:9]), (5, packed[9:])]).response
    assert found is not None
    assert found.body.data == b"text" * 50
    assert found.body.coding == coding
    assert found.body.cut is None


def test_what_cannot_be_decoded_is_not_kept() -> None:
    """Secrets may be in it."""
    for coding, body in (("br", b"secret"), ("gzip", b"no gzip at all")):
        head = (
            f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        )
        found = exchange(GET, head + body).response
        assert found is not None
        assert found.body.data == b""
        assert found.body.cut is Cut.OPAQUE


def test_what_is_missing_is_told() -> None:
    """The cap, a connection that broke, a recorder that stopped in the middle."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
    capped = exchange(GET, head + b"x" * 100, heard_bytes=len(head) + 1000).response
    broken = exchange(GET, head + b"x" * 100, facts=Facts(error="callee-reset")).response
    assert capped is not None
    assert broken is not None
    assert (capped.body.cut, capped.body.size, len(capped.body.data)) == (Cut.CAP, 1000, 100)
    assert broken.body.cut is Cut.BROKEN
    chunked = exchange(GET, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel").response
    assert chunked is not None
    assert (chunked.body.data, chunked.body.cut) == (b"hel", Cut.BROKEN)


UPGRADE = b"GET /talk HTTP/1.1\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n"
SWITCHED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
MASK = b"\x01\x02\x03\x04"


def test_messages_of_a_websocket() -> None:
    """Both directions by time, unmasked, fragments joined, control frames between them."""
    long = b"x" * 70_000
    found = exchange(
        [(0, UPGRADE), (10, frame(b"hi", mask=MASK)), (40, frame(b"", opcode=9, mask=MASK))],
        [
            (5, SWITCHED),
            (20, frame(b"one ", fin=False) + frame(b"!", opcode=9)),
            (30, frame(b"two", opcode=0)),
            (50, frame(long, opcode=2)),
            (60, frame(b"\x03\xe8bye", opcode=8)),
        ],
    )
    assert [(one.at, one.outgoing, one.kind, one.data) for one in found.messages] == [
        (10, True, MessageKind.TEXT, b"hi"),
        (20, False, MessageKind.PING, b"!"),
        (30, False, MessageKind.TEXT, b"one two"),
        (40, True, MessageKind.PING, b""),
        (50, False, MessageKind.BINARY, long),
        (60, False, MessageKind.CLOSE, b"\x03\xe8bye"),
    ]


def test_compressed_messages_are_inflated() -> None:
    """permessage-deflate, with the window kept from message to message."""
    deflater = zlib.compressobj(wbits=-15)
    packed = [
        (deflater.compress(text) + deflater.flush(zlib.Z_SYNC_FLUSH))[:-4]
        for text in (b"again and again", b"again and again")
    ]
    switched = SWITCHED[:-2] + b"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
    found = exchange(
        UPGRADE, [(1, switched), *((at, frame(data, rsv=0x40)) for at, data in enumerate(packed, 2))]
    )
    assert [one.data for one in found.messages] == [b"again and again"] * 2
    assert len(packed[1]) < len(packed[0])


def test_what_is_no_http_is_no_exchange() -> None:
    """A head that never ended, or never was one."""
    for bytes_ in (b"", b"GET / HTTP/1.1\r\nHost: x\r\n", b"\x16\x03\x01", b"two words\r\n\r\n"):
        assert assemble(raw(bytes_), "1") is None


@given(
    st.lists(st.tuples(st.integers(0, 9), st.binary(max_size=40))),
    st.lists(st.binary(max_size=60)),
    st.booleans(),
)
def test_no_bytes_raise(asked: list[tuple[int, bytes]], heard: list[bytes], upgraded: bool) -> None:  # noqa: FBT001
    """Whatever a worker tells, an exchange comes of it, or none."""
    start = UPGRADE if upgraded else GET
    answer = (
        SWITCHED
        if upgraded
        else b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n"
    )
    told = Raw(KEY, 0.0, 1, [(0, start), *asked], [(0, answer), *((1, data) for data in heard)], Facts())
    assert assemble(told, "1") is not None
    assemble(Raw(KEY, 0.0, 1, asked, [(1, data) for data in heard], Facts()), "1")
