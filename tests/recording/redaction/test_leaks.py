"""The scanner that all other tests of secrets rely on: it finds each spelling, and nothing where nothing is."""

import base64
import json
from urllib.parse import quote_plus

import pytest

from meshdev.recording.redaction import leaks

PHRASE = 'w0nder/land "grüße"'


@pytest.mark.parametrize("lead", [b"", b"a", b"ab", b"abc"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_base64_at_any_alignment(lead: bytes, encode: object) -> None:
    """As within ``user:password``."""
    assert callable(encode)
    data = b"Basic " + encode(lead + PHRASE.encode() + b"tail")
    assert leaks(data, [PHRASE]) == [
        f"{PHRASE} (base64) at byte {data.index(b' ') + 1 + (len(lead) * 8 + 5) // 6}"
    ]


@pytest.mark.parametrize(
    ("spelling", "data"),
    [
        ("plain", PHRASE.encode()),
        ("url-encoded", quote_plus(PHRASE).encode()),
        ("url-encoded", quote_plus(PHRASE).lower().encode()),
        ("JSON", json.dumps(PHRASE).encode()),
        ("JSON", json.dumps(PHRASE, ensure_ascii=False).encode()),
        ("JSON in JSON", json.dumps(json.dumps(PHRASE)).encode()),
        ("hex", PHRASE.encode().hex().encode()),
        ("UTF-16", PHRASE.encode("utf-16")),
    ],
)
def test_spellings(spelling: str, data: bytes) -> None:
    """Each is told by its name and place."""
    [found] = leaks(b"...." + data + b"....", ["nothing", PHRASE, ""])
    assert found.startswith(f"{PHRASE} ({spelling}) at byte ")


def test_nothing() -> None:
    """Clean bytes have no findings."""
    assert leaks(bytes(range(256)) * 100, ["secret", "wonderland"]) == []
