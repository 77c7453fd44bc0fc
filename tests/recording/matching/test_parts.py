"""Requests taken apart: equal for equal meaning, different for all else."""

import pytest

from meshdev.recording.matching.multipart import Part, parts_of
from meshdev.recording.matching.parts import Parts, Place, leaves, read, split, written

FORM = "application/x-www-form-urlencoded"


def parts(target: str = "/", data: bytes = b"", media: str = "", **headers: str) -> Parts:
    """Of a POST."""
    head = {name.replace("_", "-"): value for name, value in headers.items()}
    return split("POST", target, {**head, "content-type": media} if media else head, data)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (parts("/a?x=1&y=2"), parts("/a?y=2&x=1")),
        (parts("/a?x=a%20b"), parts("/a?x=a+b")),
        (parts("/a?"), parts("/a")),
        (parts("/a?x=1&&y=2"), parts("/a?x=1&y=2")),
        (parts("/%61%2Db"), parts("/a-b")),
        (parts("/a%2fb"), parts("/a%2Fb")),
        (parts("http://payments:80/a?x=1"), parts("/a?x=1")),
        (parts("http://payments"), parts("/")),
        (
            parts("/", b'{"a": 1, "b": "\\u00e4"}', "application/json"),
            parts("/", '{"b":"ä","a":1}'.encode(), "application/json"),
        ),
        (parts("/", b'{"a": 1}'), parts("/", b'{"a":1}', "application/json; charset=utf-8")),
        (parts("/", b"a=1&b=2+3", FORM), parts("/", b"b=2%203&a=1", FORM)),
        (
            parts("/", b'{"a":1,"b":2}\n{"a":2}\n', "application/x-ndjson"),
            parts("/", b'{"b": 2, "a": 1}\n{"a": 2}', "application/x-ndjson"),
        ),
    ],
)
def test_the_same(one: Parts, other: Parts) -> None:
    """Order of names, escapes and white space say nothing."""
    assert one.key() == other.key()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (parts("/a?x=1"), parts("/a?x=2")),
        (parts("/a?x=1&x=2"), parts("/a?x=2&x=1")),
        (parts("/a?x=1&x=1"), parts("/a?x=1")),
        (parts("/a?x"), parts("/a?x=&y")),
        (parts("/a"), parts("/a/")),
        (parts("/a%252Fb"), parts("/a%2Fb")),
        (parts("/a%2Fb"), parts("/a/b")),
        (parts("/%ff"), parts("/%fe")),
        (parts("/", b'{"a":1}', "application/json"), parts("/", b'{"a":"1"}', "application/json")),
        (parts("/", b'{"a":[1,2]}', "application/json"), parts("/", b'{"a":[2,1]}', "application/json")),
        (parts("/", b'{"a":null}', "application/json"), parts("/", b"{}", "application/json")),
        (parts("/", b'{"a":1}', "application/json"), parts("/", b'{"a":1}', "application/vnd.x+json")),
        (parts("/", b"a=1", FORM), parts("/", b"a=1", "text/plain")),
        (parts("/", b"x"), parts("/")),
        (parts("/", b"\0a"), parts("/", b"\0b")),
        (parts("/", b"\xff\xfe", "text/plain"), parts("/", b"\xff\xfd", "text/plain")),
        (parts(range="bytes=0-9"), parts(range="bytes=10-19")),
        (parts(if_none_match='"a"'), parts()),
    ],
)
def test_not_the_same(one: Parts, other: Parts) -> None:
    """Values, types, orders of values, ranges and conditions count."""
    assert one.key() != other.key()


def multipart(boundary: str, *, order: int = 1) -> bytes:
    """Two fields and a file."""
    pieces = [
        'Content-Disposition: form-data; name="a"\r\n\r\n1',
        'Content-Disposition: form-data; name="doc"\r\nContent-Type: application/json\r\n\r\n{"x": 1, "y": 2}',
        'Content-Disposition: form-data; name="f"; filename="a.bin"\r\nContent-Type: x/y\r\n\r\n\x00\x01',
    ][::order]
    return (
        "".join(f"--{boundary}\r\n{piece}\r\n" for piece in pieces).encode() + f"--{boundary}--\r\n".encode()
    )


def test_boundaries_say_nothing() -> None:
    """Nor does the order of parts of different names; JSON within a part is JSON."""
    one = parts("/", multipart("abc"), "multipart/form-data; boundary=abc")
    other = parts("/", multipart("x--y", order=-1), 'multipart/form-data; boundary="x--y"')
    assert one.key() == other.key()
    assert (("f", "doc", "y"), 2) in list(leaves(one.tree))


def test_a_broken_multipart_is_taken_as_it_is() -> None:
    """What is not what its type says is compared byte by byte."""
    assert parts_of("multipart/form-data", b"x") is None
    assert parts_of("multipart/form-data; boundary=a", b"--a\r\n") is None
    one = parts("/", b"--a\r\nx", "multipart/form-data; boundary=a")
    assert one.key() != parts("/", b"--a\r\ny", "multipart/form-data; boundary=a").key()


def test_parts_of_multipart() -> None:
    """Names, file names, types and content."""
    found = parts_of("multipart/form-data; boundary=abc", multipart("abc"))
    assert found is not None
    assert Part("f", "a.bin", "x/y", b"\0\1") == found[2]


def test_random_words_are_cut_out_of_text() -> None:
    """Under the word before them, so that the rest can be compared."""
    text = (
        b"<MessageID>7d44d04b-1a3a-4e5c-9bc8-57a1f6c4a4f1</MessageID><At>2026-09-21T14:13:20Z</At><Id>17</Id>"
    )
    tree = parts("/", text, "text/xml").tree["t"]
    assert {name: value for name, value in tree.items() if name} == {
        "MessageID": "7d44d04b-1a3a-4e5c-9bc8-57a1f6c4a4f1",
        "At": "2026-09-21T14:13:20Z",
    }
    assert tree[""] == "<MessageID>\0</MessageID><At>\0</At><Id>17</Id>"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("query.page", ("q", "page")),
        ("form.card", ("f", "card")),
        ("form.doc/x", ("f", "doc", "x")),
        ("header.x-tenant", ("h", "x-tenant")),
        ("text.MessageID", ("t", "MessageID")),
        ("body/items/*/sku", ("b", "items", "*", "sku")),
        ("body/a~1b/~0c", ("b", "a/b", "~c")),
        ("body", ("b",)),
    ],
)
def test_places_are_written_and_read(text: str, place: Place) -> None:
    """In one notation, there and back; redaction's begins with ``request.``."""
    assert (text, place, place) == (written(place), read(text), read(f"request.{text}"))


def test_other_places() -> None:
    """Indices are any index; what is no place of a value is none."""
    assert read("request.body/items/3/sku") == ("b", "items", "*", "sku")
    assert read("request.path") is None
    assert written(("t", "")) == "text"
