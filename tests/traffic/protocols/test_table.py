"""The table of protocols: every scanner can be made, and first bytes are recognised or given up."""

import pytest

from meshdev.traffic.protocols.table import MOST_LOOKED_AT, PROTOCOLS, guess, is_read, scanner_of


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_protocol_has_a_scanner(protocol: str) -> None:
    """One for each connection, which has read nothing yet."""
    first, second = scanner_of(protocol), scanner_of(protocol)
    assert first is not second
    assert (first.gave_up, first.waiting(), list(first.lost(0.0))) == ("", 0, [])
    assert is_read(protocol)


@pytest.mark.parametrize(
    ("asked", "answered", "protocol"),
    [
        (b"AMQP\0\0\x09\x01", b"", "amqp"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"", "http2"),
        (b"", b'INFO {"server_id":"x"}\r\n', "nats"),
        (b"*1\r\n$4\r\nPING\r\n", b"", "redis"),
        (b"\0\0\0\x08\x04\xd2\x16\x2f", b"", "postgres"),
        (b"GET / HTTP/1.1\r\n\r\n" + b"x" * MOST_LOOKED_AT, b"", ""),
        (b"", b"220 mail ESMTP\r\n" + b"x" * MOST_LOOKED_AT, ""),
    ],
)
def test_first_bytes(asked: bytes, answered: bytes, protocol: str) -> None:
    """Of whoever speaks first."""
    assert guess(asked, answered) == protocol


def test_nobody_waits_for_ever_for_a_side_that_is_silent() -> None:
    """What was said until then would have to be kept."""
    assert guess(b"x", b"") is None
    assert guess(b"x" * MOST_LOOKED_AT, b"") == ""
