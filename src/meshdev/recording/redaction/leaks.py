"""Looks for secrets in bytes that should have none: for tests, over journals, exports, logs.

A secret is looked for as it is, in the spellings of URLs, JSON, base64 (at all three alignments, both alphabets), hex
and UTF-16.
"""

import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus


def _base64(raw: bytes) -> Iterator[bytes]:
    """The part of the base64 that depends on the secret alone, whatever stands before and behind it."""
    for lead in range(3):
        encoded = b64encode(b"\0" * lead + raw)
        first = (0, 2, 3)[lead]
        last = (len(raw) + lead) * 8 // 6
        yield encoded[first:last]
        yield urlsafe_b64encode(b"\0" * lead + raw)[first:last]


def _spellings(secret: str) -> Iterator[tuple[str, bytes]]:
    raw = secret.encode("utf-8", "surrogatepass")
    yield "plain", raw
    for spelled in (quote(raw, safe=""), quote(raw), quote_plus(raw)):
        yield "url-encoded", spelled.encode()
        yield "url-encoded", spelled.lower().encode()
    yield "JSON", json.dumps(secret)[1:-1].encode()
    yield "JSON in JSON", json.dumps(json.dumps(secret)[1:-1])[1:-1].encode()
    yield "JSON", json.dumps(secret, ensure_ascii=False)[1:-1].encode("utf-8", "surrogatepass")
    yield "JSON", json.dumps(secret)[1:-1].replace("/", "\\/").encode()
    yield "hex", raw.hex().encode()
    yield "UTF-16", secret.encode("utf-16-le", "surrogatepass")
    for encoded in _base64(raw):
        if len(encoded) >= 5:  # noqa: PLR2004 - shorter ones are found by chance
            yield "base64", encoded


def leaks(data: bytes, secrets: Iterable[str]) -> list[str]:
    """A sentence for each secret that is in there, with its first spelling; empty when all is well."""
    found: list[str] = []
    for secret in secrets:
        if not secret:
            continue
        for spelling, needle in _spellings(secret):
            at = data.find(needle)
            if at >= 0:
                found.append(f"{secret} ({spelling}) at byte {at}")
                break
    return found
