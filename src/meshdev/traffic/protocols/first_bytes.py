"""What the first bytes say about protocols that do not begin with a word of their own."""

import re
from struct import unpack_from
from typing import Final

from meshdev.traffic.protocols.signatures import Verdict

_KAFKA_BEGINS: Final = frozenset(
    (3, 17, 18)
)  # Metadata, SaslHandshake, ApiVersions: with which clients begin
_KAFKA_HEAD: Final = 14
_KAFKA_MOST_BYTES: Final = 4096  # of a first request
_KAFKA_MOST_VERSION: Final = 20
_MONGODB_HEAD: Final = 16
_MONGODB_MOST_BYTES: Final = 1 << 16  # of a first message
_MONGODB_OPERATIONS: Final = frozenset((2004, 2013))
_RESP: Final = re.compile(rb"\*[1-9][0-9]{0,3}\r\n\$[1-9][0-9]?\r\n[A-Za-z]")
_RESP_SO_FAR: Final = re.compile(
    rb"(?:\*(?:[1-9][0-9]{0,3}(?:\r(?:\n(?:\$(?:[1-9][0-9]?(?:\r\n?)?)?)?)?)?)?)?\Z"
)


def redis_caller(said: bytes) -> Verdict:
    """A command as an array of strings, the first of which is a word."""
    if _RESP.match(said):
        return Verdict.YES
    return Verdict.OPEN if _RESP_SO_FAR.match(said) else Verdict.NO


def kafka_caller(said: bytes) -> Verdict:
    """A short request of those that begin a connection, with the length of the client's name."""
    if len(said) < _KAFKA_HEAD:
        return Verdict.OPEN if said[:2] == b"\0\0"[: len(said)] else Verdict.NO
    size, key, version, _, name = unpack_from(">ihhih", said)
    fits = _KAFKA_HEAD - 4 <= size <= _KAFKA_MOST_BYTES and 0 <= version <= _KAFKA_MOST_VERSION
    fits = fits and key in _KAFKA_BEGINS and -1 <= name <= size
    return Verdict.YES if fits else Verdict.NO


def mongodb_caller(said: bytes) -> Verdict:
    """A short message that answers none, and that is a command."""
    if len(said) < _MONGODB_HEAD:
        return Verdict.OPEN if said[2:4] in {b"", b"\0", b"\0\0"} else Verdict.NO
    length, _, answers, operation = unpack_from("<iiii", said)
    fits = _MONGODB_HEAD < length < _MONGODB_MOST_BYTES and not answers and operation in _MONGODB_OPERATIONS
    return Verdict.YES if fits else Verdict.NO
