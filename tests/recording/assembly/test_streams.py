"""Kept streams made into exchanges: calls with messages, requests like any other, and everything that is missing."""

import gzip
import zlib
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshdev.recording.assembly.exchange import Raw, assemble
from meshdev.recording.assembly.grpc_messages import CallMessages
from meshdev.recording.calls import said
from meshdev.recording.model import Cut, Exchange, Message, MessageKind
from meshdev.traffic.protocols.http2.hpack_blocks import Fields, Sensitive
from meshdev.traffic.protocols.http2.kept import Part, PartKind, fields_of, is_kept_stream, part, parts_of
from meshdev.wire.capture import Facts
from meshdev.wire.mesh import EdgeKey

ASKED: Fields = (
    (b":method", b"POST"),
    (b":scheme", b"http"),
    (b":path", b"/shop.Till/Charge"),
    (b":authority", b"till:50051"),
    (b"content-type", b"application/grpc+proto"),
    (b"authorization", Sensitive(b"Bearer x")),
)
HEARD: Fields = ((b":status", b"200"), (b"content-type", b"application/grpc"))
TRAILERS: Fields = ((b"grpc-status", b"0"),)
HEAD, DATA, END = PartKind.HEAD, PartKind.DATA, PartKind.END

Row = Sequence[tuple[int, PartKind, "bytes | Fields"]]


def framed(data: bytes, *, compressed: bool = False) -> bytes:
    """A message behind its prefix."""
    return bytes((compressed,)) + len(data).to_bytes(4, "big") + data


def made(asked: Row, heard: Row, *, lost: int = 0, error: str = "", broken: bool = False) -> Exchange | None:
    """The exchange of these rows."""
    ways = [[(at, part(kind, content)) for at, kind, content in row] for row in (asked, heard)]
    sizes = [sum(len(data) for _, data in way) for way in ways]
    raw = Raw(
        EdgeKey("orders", "till", "grpc"),
        1000.0,
        5000,
        ways[0],
        ways[1],
        Facts("till-0@1", b"", 200, error),
        heard_bytes=sizes[1] + lost,
        broken=broken,
    )
    return assemble(raw, "7")


def call(asked: Row, heard: Row, **more: object) -> Exchange:
    """The same, which must be one."""
    found = made([(0, HEAD, ASKED), *asked], heard, **more)  # type: ignore[arg-type]
    assert found is not None
    return found


def test_a_call_with_all_that_there_is() -> None:
    """Messages in their order with their times, the end of what is asked between them, trailers apart."""
    one = call(
        [(10, DATA, framed(b"one")), (30, DATA, framed(b"two") + framed(b"three")), (50, END, b"")],
        [
            (5, HEAD, HEARD),
            (20, DATA, framed(b"hm")),
            (60, DATA, framed(b"ok")),
            (70, HEAD, TRAILERS),
            (70, END, b""),
        ],
    )
    assert [(it.at, it.outgoing, it.kind, it.data) for it in one.messages] == [
        (10, True, MessageKind.BINARY, b"one"),
        (20, False, MessageKind.BINARY, b"hm"),
        (30, True, MessageKind.BINARY, b"two"),
        (30, True, MessageKind.BINARY, b"three"),
        (50, True, MessageKind.CLOSE, b""),
        (60, False, MessageKind.BINARY, b"ok"),
    ]
    assert one.request.headers == (
        ("host", "till:50051"),
        ("content-type", "application/grpc+proto"),
        ("authorization", "Bearer x"),
    )
    assert one.response is not None
    assert (one.response.headers, one.response.trailers) == (
        (("content-type", "application/grpc"),),
        (("grpc-status", "0"),),
    )
    assert (one.protocol, one.route, one.id, one.edge) == (
        "grpc",
        "shop.Till/Charge",
        "7",
        "orders -> till:grpc",
    )


def test_an_end_that_came_with_the_last_message_stands_behind_it() -> None:
    """Also when the callee answered in the same moment."""
    one = call([(10, DATA, framed(b"a")), (10, END, b"")], [(10, DATA, framed(b"b"))])
    assert [(it.outgoing, it.kind) for it in one.messages] == [
        (True, MessageKind.BINARY),
        (True, MessageKind.CLOSE),
        (False, MessageKind.BINARY),
    ]


def test_a_head_before_the_final_one_is_passed_over() -> None:
    """Informational answers say nothing of the call."""
    early: Fields = ((b":status", b"103"), (b"link", b"x"))
    one = call([(1, END, b"")], [(2, HEAD, early), (3, HEAD, HEARD), (4, HEAD, TRAILERS)])
    assert one.response is not None
    assert (one.response.status, one.response.trailers) == (200, (("grpc-status", "0"),))


@pytest.mark.parametrize(
    ("coding", "data"),
    [
        ("gzip", gzip.compress(b"plain", mtime=0)),
        ("deflate", zlib.compress(b"plain")),
        ("identity", b"plain"),
    ],
    ids=["gzip", "deflate", "identity"],
)
def test_compressed_messages_become_plain(coding: str, data: bytes) -> None:
    """Those that say so; others in the same call are as they are."""
    heard: Fields = (*HEARD, (b"grpc-encoding", coding.encode()))
    both = framed(data, compressed=True) + framed(b"bare")
    one = call([], [(1, HEAD, heard), (2, DATA, both)])
    assert [(it.data, it.cut) for it in said(one, outgoing=False)] == [(b"plain", None), (b"bare", None)]


@pytest.mark.parametrize(
    "data",
    [b"\x1f\x8bnonsense", gzip.compress(b"x" * 100, mtime=0)[:-9], b""],
    ids=["nonsense", "cut", "nothing"],
)
def test_what_cannot_be_undone_is_left_out(data: bytes) -> None:
    """Nothing of it is kept, and it says why; what follows is there."""
    heard: Fields = (*HEARD, (b"grpc-encoding", b"gzip"))
    one = call([], [(1, HEAD, heard), (2, DATA, framed(data, compressed=True) + framed(b"next"))])
    assert [(it.data, it.cut) for it in said(one, outgoing=False)] == [(b"", Cut.OPAQUE), (b"next", None)]
    snappy: Fields = (*HEARD, (b"grpc-encoding", b"snappy"))
    one = call([], [(1, HEAD, snappy), (2, DATA, framed(b"sNaPpY", compressed=True))])
    assert [it.cut for it in said(one, outgoing=False)] == [Cut.OPAQUE]


def test_what_is_missing_is_told() -> None:
    """Beyond the cap: how much, and that the last message is not whole; broken off: the same without a number."""
    half = framed(b"whole") + framed(b"cut off")[:7]
    one = call([], [(1, HEAD, HEARD), (2, DATA, half), (9, HEAD, TRAILERS)], lost=1000)
    assert one.response is not None
    assert (one.response.body.cut, one.response.body.size) == (Cut.CAP, len(half) + 1000)
    assert [(it.data, it.cut) for it in one.messages] == [(b"whole", None), (b"", Cut.CAP)]
    one = call([], [(1, HEAD, HEARD), (2, DATA, half)], error="callee-reset")
    assert [(it.data, it.cut) for it in one.messages] == [(b"whole", None), (b"", Cut.BROKEN)]


def test_what_is_no_request_is_no_exchange() -> None:
    """Without a head, a method, a path; nonsense of any kind."""
    assert made([(0, HEAD, ((b":method", b"GET"),))], []) is None
    assert made([(0, HEAD, ((b":path", b"/"),))], []) is None
    assert call([], []).response is None


def test_a_plain_request_has_its_body_and_its_pieces() -> None:
    """Over HTTP/2, as over HTTP/1."""
    asked: Fields = ((b":method", b"PUT"), (b":path", b"/orders/17"), (b":authority", b"shop"))
    heard: Fields = ((b":status", b"200"), (b"content-encoding", b"gzip"))
    zipped = gzip.compress(b"hello there")
    one = made(
        [(0, HEAD, asked), (1, DATA, b"bo"), (2, DATA, b"dy"), (2, END, b"")],
        [(3, HEAD, heard), (4, DATA, zipped[:9]), (8, DATA, zipped[9:])],
    )
    assert one is not None
    assert (one.protocol, one.route, one.messages) == ("http2", "PUT /orders/{id}", ())
    assert one.request.body.data == b"body"
    assert one.response is not None
    assert (one.response.body.data, one.response.body.coding) == (b"hello there", "gzip")


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_nothing_raises_whatever_was_kept(asked: bytes, heard: bytes) -> None:
    """Also what no worker would tell."""
    begins = part(HEAD, ASKED)
    for row in ([(0, begins + asked)], [(0, begins), (1, asked)], [(0, b"\x01" + asked)]):
        raw = Raw(EdgeKey("a", "b", "c"), 0.0, 1, row, [(1, heard)], Facts())
        assemble(raw, "1")
    assert fields_of(Part(0, HEAD, asked)) is not None


@given(st.lists(st.binary(max_size=30), max_size=6), st.data())
def test_messages_are_the_same_however_they_were_cut(messages: list[bytes], data: st.DataObject) -> None:
    """Frames of HTTP/2 do not care where a message ends."""
    stream = b"".join(map(framed, messages))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=5)))
    reader = CallMessages("", outgoing=True)
    found: list[Message] = []
    for begin, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        found += reader.feed(stream[begin:end], end)
    assert [one.data for one in found] == messages
    assert list(reader.rest(Cut.BROKEN)) == []


def test_rows_are_told_from_http1() -> None:
    """By their first byte; parts that make no sense end a row."""
    assert is_kept_stream(part(HEAD, ASKED))
    assert not is_kept_stream(b"GET / HTTP/1.1\r\n")
    row = part(DATA, b"x") + b"\x09\0\0\0\0" + part(DATA, b"y")
    assert [one.content for one in parts_of([(0, row)])] == [b"x"]
