"""Bodies: texts, codings, parts."""

import zlib

import pytest

from meshdev.recording.formats.content import Part, body_of, charset_of, parts_of, text_of
from meshdev.recording.model import Body, Headers

DEFLATED = zlib.compress(b"tea")


@pytest.mark.parametrize(
    ("kind", "charset"),
    [
        ("text/html; charset=iso-8859-1", "iso-8859-1"),
        ('text/html; Charset="utf-8"', "utf-8"),
        ("text/html; charset=klingon", "utf-8"),
        ("text/html", "utf-8"),
    ],
)
def test_charsets(kind: str, charset: str) -> None:
    """As declared, if Python knows it."""
    assert charset_of(kind) == charset


def test_a_text_comes_back_byte_for_byte() -> None:
    """Control characters and what is not the charset's are binary."""
    assert text_of("caf\xe9\t\r\n".encode()) == "caf\xe9\t\r\n"
    assert text_of(b"caf\xe9", "latin-1") == "caf\xe9"
    assert [text_of(data) for data in (b"\x00", b"\xff", b"a\x7f")] == [None, None, None]


@pytest.mark.parametrize(
    ("data", "coding", "body"),
    [
        (DEFLATED, "deflate", Body(b"tea", 3, "deflate")),
        (b"tea", "gzip", Body(b"tea", 3, "gzip")),
        (DEFLATED[:-2], "deflate", Body(DEFLATED[:-2], len(DEFLATED) - 2, "deflate")),
        (b"tea", "br", Body(b"tea", 3)),
    ],
    ids=["undone", "decoded already", "torn", "unknown"],
)
def test_codings_are_undone_where_they_are_real(data: bytes, coding: str, body: Body) -> None:
    """Many tools keep the header of what they have decoded."""
    assert body_of(data, (("Content-Encoding", coding),)) == body


MULTIPART: Headers = (("content-type", 'multipart/form-data; boundary="x y"'),)
HEAD = b"--x y\r\ncontent-disposition: form-data"


@pytest.mark.parametrize(
    ("headers", "data", "parts"),
    [
        (MULTIPART, HEAD + b'; name="a\\"b"\r\n\r\n1\r\n2\r\n--x y--', (Part('a"b', b"1\r\n2"),)),
        (MULTIPART, HEAD + b'; name="f"; filename="a.png"\r\ncontent-type: image/png\r\n\r\n\x00\r\n--x y--\r\n',
         (Part("f", b"\x00", "a.png", "image/png"),)),
        (MULTIPART, b"--x y--", ()),
        (MULTIPART, HEAD + b'; name="a"\r\n\r\n1', None),
        (MULTIPART, HEAD + b"\r\n\r\n1\r\n--x y--", None),
        (MULTIPART, HEAD + b"\r\n--x y--", None),
        ((("content-type", "multipart/form-data"),), b"", None),
        ((("content-type", "multipart/mixed; boundary=x"),), b"", None),
    ],
    ids=["field", "file", "none", "no end", "no name", "no gap", "no boundary", "no form"],
)  # fmt: skip
def test_parts_of_a_form(headers: Headers, data: bytes, parts: tuple[Part, ...] | None) -> None:
    """All of them, or none of a body that is not well-formed."""
    assert parts_of(Body(data, len(data)), headers) == parts
