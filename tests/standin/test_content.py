"""Requests as recordings have them: without chunks and codings."""

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshdev.standin.content import headers_in, inflated, request_of, without_chunks
from meshdev.traffic.http1_head import RequestHead

HEAD = b"POST /a?b=1 HTTP/1.1\r\nHost: x\r\nX-Two:  a b \r\nX-Two: \r\n%b\r\n"


@given(st.lists(st.binary(min_size=1, max_size=300), max_size=5))
def test_chunks_are_undone(pieces: list[bytes]) -> None:
    """With extensions and trailers, too."""
    raw = b"".join(b"%X;a=b\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\nX: y\r\n\r\n"
    assert without_chunks(raw) == b"".join(pieces)


def test_headers_are_pairs_in_their_order() -> None:
    """Names as written, values trimmed, repeated ones kept."""
    assert headers_in(HEAD % b"") == (("Host", "x"), ("X-Two", "a b"), ("X-Two", ""))


@pytest.mark.parametrize(
    ("coding", "data", "plain"),
    [
        ("gzip", gzip.compress(b"abc", mtime=0), b"abc"),
        ("deflate", zlib.compress(b"abc"), b"abc"),
        ("deflate", zlib.compress(b"abc", wbits=-15), b"abc"),
        ("identity", b"abc", b"abc"),
        ("gzip", b"abc", None),
        ("gzip", gzip.compress(b"abc", mtime=0)[:-4], None),
        ("br", b"abc", None),
    ],
)
def test_codings(coding: str, data: bytes, plain: bytes | None) -> None:
    """Undone where that can be; otherwise nothing is guessed."""
    assert inflated(data, coding) == plain
    fields = b"Content-Encoding: %b\r\nContent-Length: %d\r\n" % (coding.encode(), len(data))
    head = RequestHead(HEAD % fields)
    request = request_of(head, data)
    assert (request.method, request.target) == ("POST", "/a?b=1")
    assert request.body.data == (data if plain is None else plain)
    assert request.body.coding == ("" if plain is None else coding)
