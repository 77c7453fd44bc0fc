"""Heads made out to somebody else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshdev.traffic.http1_memory import request_head
from meshdev.traffic.readdress import Absolute, absolute, below, host_and_port, readdressed, without

HEAD = b"GET /x HTTP/1.1\r\nAccept: */*\r\nhOSt:  here \r\nX-Host: here\r\n\r\n"


def test_target_and_host_are_replaced_and_nothing_else() -> None:
    """Order, case and spacing of all other fields stay."""
    assert readdressed(HEAD, b"/base/x", b"far.example:8080") == (
        b"GET /base/x HTTP/1.1\r\nAccept: */*\r\nHost: far.example:8080\r\nX-Host: here\r\n\r\n"
    )


def test_a_head_without_host_gets_one() -> None:
    """HTTP/1.0 may do without, a callee with many names may not."""
    assert readdressed(b"GET / HTTP/1.0\r\n\r\n", b"/", b"far") == b"GET / HTTP/1.0\r\nHost: far\r\n\r\n"


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (b"/x?y=1", b"/v1/x?y=1"),
        (b"/", b"/v1/"),
        (b"http://127.0.0.1:9000/x?y=http://z", b"/v1/x?y=http://z"),
        (b"http://127.0.0.1:9000", b"/v1/"),
        (b"http://127.0.0.1:9000?q", b"/v1/?q"),
        (b"*", b"*"),
    ],
)
def test_below_a_base(target: bytes, expected: bytes) -> None:
    """Origin form and absolute form become origin form below the base; ``*`` is nobody's path."""
    assert below(target, b"/v1") == expected


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (b"http://payments/charges?dry=1", Absolute("http", b"payments", b"/charges?dry=1")),
        (b"HTTP://Payments:80", Absolute("http", b"Payments:80", b"/")),
        (b"http://u:p@payments/#part", None),
        (b"/charges", None),
        (b"payments:443", None),
        (b"*", None),
    ],
)
def test_absolute_form(target: bytes, expected: Absolute | None) -> None:
    """What a client sends to a proxy."""
    assert absolute(target) == expected


@pytest.mark.parametrize(
    ("authority", "expected"),
    [
        (b"Payments", ("payments", 80)),
        (b"payments:8080", ("payments", 8080)),
        (b"u:p@payments:", ("payments", 80)),
        (b"[::1]:9", ("::1", 9)),
        (b"payments:0", None),
        (b"payments:99999", None),
        (b"a:b", None),
        (b"::1", None),
        (b"", None),
    ],
)
def test_authorities(authority: bytes, expected: tuple[str, int] | None) -> None:
    """Host and port, or nothing that could be dialled."""
    assert host_and_port(authority, 80) == expected


def test_fields_are_taken_out() -> None:
    """Every one of the name, however it is spelled; names that only contain it stay."""
    head = b"GET / HTTP/1.1\r\nProxy-Connection: keep-alive\r\nX-Proxy-Connection: a\r\nPROXY-connection:\r\n\r\n"
    assert without(head, (b"proxy-connection",)) == b"GET / HTTP/1.1\r\nX-Proxy-Connection: a\r\n\r\n"
    assert without(HEAD, (b"proxy-connection",)) is HEAD


TOKENS = st.text("abcXYZ-019", min_size=1, max_size=8).map(str.encode)
VALUES = st.text("abc :,=/\t\xe4", max_size=12).map(lambda text: text.encode("latin-1"))


@given(st.lists(st.tuples(TOKENS, VALUES), max_size=6), TOKENS)
def test_the_head_stays_a_head(fields: list[tuple[bytes, bytes]], host: bytes) -> None:
    """Whatever fields there are, the result parses, with the new target and one Host."""
    fields = [(name, value) for name, value in fields if name.lower() != b"host"]
    lines = b"".join(b"%b: %b\r\n" % field for field in fields)
    made = request_head(readdressed(b"GET /x HTTP/1.1\r\n" + lines + b"\r\n", b"/base/x", host))
    assert made.target == b"/base/x"
    assert made.raw.count(b"\r\nHost: ") == 1
    assert lines in made.raw
