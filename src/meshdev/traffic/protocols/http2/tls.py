"""TLS as far as it can be seen from outside: that it begins, and for which name (RFC 8446 §4.1.2, RFC 6066 §3)."""

from typing import Final

_HANDSHAKE, _MAJOR, _CLIENT_HELLO = 0x16, 0x03, 0x01
_BEFORE_SESSION: Final = 5 + 4 + 2 + 32  # record, handshake, version, random
_SERVER_NAME = b"\x00\x00"
_NAME_AT: Final = 9  # in the extension: type, length, list's length, kind, name's length


def begins_tls(said: bytes) -> bool:
    """Whether these first bytes begin a ClientHello; three are enough to tell."""
    return said[:2] == bytes((_HANDSHAKE, _MAJOR)) and said[5:6] in (b"", bytes((_CLIENT_HELLO,)))


def server_name(said: bytes) -> str:
    """The name that a ClientHello is for; empty when it has none, or not all of it is here."""
    at = _BEFORE_SESSION
    for size in (1, 2, 1):  # session, cipher suites, compression: each behind its length
        at += size + int.from_bytes(said[at : at + size], "big")
    at += 2  # the length of all extensions
    while at + 4 <= len(said):
        length = int.from_bytes(said[at + 2 : at + 4], "big")
        if said[at : at + 2] == _SERVER_NAME:
            return said[at + _NAME_AT : at + 4 + length].decode("ascii", "replace")
        at += 4 + length
    return ""
