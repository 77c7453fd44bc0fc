"""Noise by its shape."""

import pytest
from msgspec.structs import replace

from meshdev.recording.formats.json_tree import Json
from meshdev.recording.formats.noise import looks_volatile, volatile_by_shape
from support_exchanges import call

UUID = "7d8a5f6e-0c1b-4f7e-9a39-1f2e3d4c5b6a"
FORM = {"content-type": "application/x-www-form-urlencoded", "x-request-id": "1"}


@pytest.mark.parametrize(
    ("value", "key", "volatile"),
    [
        (UUID, "", True),
        ("2026-01-01T10:00:00.123456+00:00", "", True),
        ("2026-01-01", "birthday", False),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dBjftJeZ4CVP", "", True),
        ("9f8e7d6c5b4a39281706", "", True),
        ("internationalization", "", False),
        ("a-rather-long-name-2026", "", False),
        (1_764_300_000, "created_at", True),
        (1_764_300_000_123, "timestamp", True),
        (1_764_300_000, "population", False),
        (3, "created_at", False),
        (True, "updatedAt", False),
        (None, "", False),
        ([], "", False),
    ],
)
def test_values(value: Json, key: str, *, volatile: bool) -> None:
    """Ids, times where the key or the shape says so, tokens; not words, not small numbers."""
    assert looks_volatile(value, key) is volatile


def test_places() -> None:
    """Of either side: header, query, form, JSON; what is not there is no noise."""
    exchange = call("POST", f"/a?n={UUID}&q=tea", b"nonce=" + UUID.encode(), headers=FORM, status=201,
                    answer={"id": 7, "at": "2026-01-01T10:00:00Z", "count": 7, "in": [UUID]},
                    answered={"date": "now"})  # fmt: skip

    def volatile(*places: str) -> list[bool]:
        return [volatile_by_shape(exchange, place) for place in places]

    assert volatile("request.header.x-request-id", "request.query.n", "request.form.nonce") == [
        True,
        True,
        True,
    ]
    assert volatile("response.header.date", "response.body/at", "response.body/in/0") == [True, True, True]
    assert volatile("response.body/id") == [True]
    assert (
        volatile("request.query.q", "response.body/count", "response.body", "response.form.x", "message.3")
        == [False] * 5
    )
    assert volatile("response.body/no/such", "request.form.none") == [False, False]
    assert not volatile_by_shape(replace(exchange, response=None), "response.body/at")
