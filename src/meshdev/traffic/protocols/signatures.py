"""What the first bytes of a side say about its protocol."""

import re
from collections.abc import Callable
from enum import Enum, auto
from typing import Final


class Verdict(Enum):
    """Whether bytes begin as a protocol does; `OPEN` when there are too few of them."""

    YES = auto()
    NO = auto()
    OPEN = auto()


def begins_with(*words: bytes) -> Callable[[bytes], Verdict]:
    """A judge who recognises any of these beginnings."""

    def judge(said: bytes) -> Verdict:
        if any(said.startswith(word) for word in words):
            return Verdict.YES
        return Verdict.OPEN if any(word.startswith(said) for word in words) else Verdict.NO

    return judge


_POSTGRES_BEGINNINGS: Final = (
    b"\x00\x03\x00\x00",
    b"\x00\x03\x00\x02",
    b"\x04\xd2\x16\x2f",
    b"\x04\xd2\x16\x30",
)


def begins_postgres(said: bytes) -> Verdict:
    """A length, then protocol 3.0 or 3.2, or a request for TLS or GSSAPI."""
    if any(said[:2]):
        return Verdict.NO
    beginning = said[4:8]
    if not any(word.startswith(beginning) for word in _POSTGRES_BEGINNINGS):
        return Verdict.NO
    return Verdict.YES if beginning in _POSTGRES_BEGINNINGS else Verdict.OPEN


_MYSQL_GREETING: Final = re.compile(rb"[\x30-\xff]\0\0\0\x0a[0-9]")


def begins_mysql(said: bytes) -> Verdict:
    """The callee's greeting: a short first packet, protocol 10, a version."""
    if _MYSQL_GREETING.match(said):
        return Verdict.YES
    short = len(said) < len(b"LLLn\x0a5")
    zeros = said[1:4] == b"\0\0\0"[: len(said[1:4])]
    return Verdict.OPEN if short and zeros and said[4:5] in {b"", b"\x0a"} else Verdict.NO
