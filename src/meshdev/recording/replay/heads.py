"""The head of an answer that is given again: what belonged to the recorded connection is dropped, lengths are right.

RFC 9110 §7.6.1 (hop by hop), §8.6 (Content-Length), §6.6.1 (Date), §8.4 (content codings).
"""

import gzip
import zlib
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from typing import Final

from meshdev.recording.model import Headers

_HOP: Final = frozenset(
    "connection keep-alive proxy-connection proxy-authenticate transfer-encoding te trailer upgrade".split()  # noqa: SIM905
)
_MADE: Final = frozenset({"date", "content-length", "content-encoding"})
_BODILESS: Final = frozenset({204, 304})
_LEVEL: Final = 6


def kept(headers: Headers) -> list[tuple[str, str]]:
    """The headers that say something of the content, in their order."""
    dropped = _HOP | _MADE
    for name, value in headers:
        if name.lower() == "connection":
            dropped |= {word.strip().lower() for word in value.split(",")}
    return [(name, value) for name, value in headers if name.lower() not in dropped]


def has_body(method: str, status: int) -> bool:
    """Whether such an answer carries content at all."""
    return method != "HEAD" and status not in _BODILESS and status >= 200  # noqa: PLR2004


def accepts(header: str, coding: str) -> bool:
    """Whether an Accept-Encoding allows a coding."""
    for item in header.lower().split(","):
        name, _, weight = item.partition(";")
        if name.strip() in {coding, "*"} or (coding == "gzip" and name.strip() == "x-gzip"):
            return weight.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False


def coded(data: bytes, coding: str) -> bytes | None:
    """The data in a content coding, None for one that cannot be made here."""
    if coding in {"gzip", "x-gzip"}:
        return gzip.compress(data, _LEVEL, mtime=0)
    if coding == "deflate":
        return zlib.compress(data, _LEVEL)
    return None


@lru_cache(4)
def date(second: int) -> str:
    """A Date header's value (RFC 9110 §5.6.7)."""
    return format_datetime(datetime.fromtimestamp(second, UTC), usegmt=True)
