"""What must stay as it is: everything that only looks like a secret."""

import json

import pytest

from meshdev.recording.redaction import Redactor, Rules
from support_secrets import exchange

PLAIN = {
    "uuid": "550e8400-e29b-41d4-a716-446655440000",
    "uuid of digits": "41111111-1111-1111-1111-111111111111",
    "order id": "ord_01HZX3J9K2M4N6P8Q0R2S4T6V8",
    "order number": "ORD-4111111111111111",
    "number in a longer run": "94111111111111111114",
    "time in milliseconds": "1764298446123",
    "time in microseconds": "1764298446123456",
    "time in nanoseconds": "1764298446123456789",
    "time": "2026-11-28T02:54:06.123456Z",
    "day and time": "20261128025406123",
    "etag": 'W/"67ab43-5f1c2a3b4c5d6"',
    "trace": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "phone": "+4915123456789012",
    "phone with blanks": "+49 151 2345 6789",
    "isbn": "978-3-16-148410-0",
    "isbn run": "9783161484100",
    "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "md5 of content": "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
    "price": "4111.11",
    "float": "0.4111111111111111",
    "card that fails Luhn": "4111111111111112",
    "Luhn without a brand": "1111111111111117",
    "email": "alice@example.com",
    "address": "https://shop.example.com:8443/a/b?page=2&sort=name#top",
    "ssh address": "git@github.com:meshdev/meshdev.git",
    "prose": "The token has expired. Password must have eight characters; bearer authentication required.",
    "css": ".sk-folding-cube-wrapper-animated { color: red }",
    "version": "1.2.3-rc.1+build.20261128",
    "ip": "192.168.100.200",
    "iso duration": "P3Y6M4DT12H30M5S",
    "certificate": "-----BEGIN CERTIFICATE-----\nMIIBszCCARwCCQD\n-----END CERTIFICATE-----",
    "base64 of an image": "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk",
}


@pytest.mark.parametrize("kind", PLAIN)
def test_plain_values_stay(kind: str) -> None:
    """In text, JSON, a query and a header."""
    value = PLAIN[kind]
    redactor = Redactor(key=b"key")
    assert redactor.text(f"see {value} there") == f"see {value} there"
    plain = exchange(
        request_headers=(("X-Note", value.replace("\n", "\\n")),),
        response_body=json.dumps({"id": value, "list": [value]}).encode(),
        messages=(value.encode(),),
    )
    assert redactor.exchange(plain) == plain


HEADS = (
    ("ETag", '"5f1c2a3b4c5d6"'),
    ("X-Request-Id", "550e8400-e29b-41d4-a716-446655440000"),
    ("traceparent", PLAIN["trace"]),
    ("Content-Length", "4111111111111111"[:3]),
    ("WWW-Authenticate", 'Bearer realm="shop", error="invalid_token"'),
    ("Access-Control-Allow-Headers", "Authorization, X-Api-Key"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ("Idempotency-Key", "8e03978e-40d5-43e8-bc93-6894a57f9324"),
    ("Content-Security-Policy", "default-src 'self'"),
    ("Strict-Transport-Security", "max-age=31536000"),
    ("Author", "alice"),
    ("X-RateLimit-Remaining-Tokens", "149984"),
    ("Keep-Alive", "timeout=5"),
)


@pytest.mark.parametrize("head", HEADS, ids=[name for name, _ in HEADS])
def test_plain_heads_stay(head: tuple[str, str]) -> None:
    """Headers whose names do not say that their values are secret."""
    plain = exchange(request_headers=(head,), response_headers=(head,))
    assert Redactor(key=b"key").exchange(plain) == plain


FIELDS = {
    "usage": {"prompt_tokens": 1234, "completion_tokens": 56789, "total_tokens": 123456},
    "page": {
        "next_page_token": "CAUQAA1b2c3",
        "nextToken": "abc123def456",
        "continuationToken": "a1b2c3d4e5f6",
    },
    "flags": {"password_required": True, "token": None, "secret": "", "passwords": []},
    "words": {
        "author": "alice",
        "passenger": "bob",
        "keyboard": "qwerty",
        "shipping": "express",
        "tokenizer": "bpe",
    },
    "codes": {"code": "OUT_OF_STOCK", "status_code": 200, "country_code": "DE", "postal_code": "10115"},
    "times": {"token_expires_in": 3600, "session_started_at": 1764298446, "auth_time": 1764298446},
    "kinds": {"token_type": "Bearer", "grant_types": ["client_credentials"], "auth_method": "oidc"},
    "numbers": {
        "id": 4111111111111112,
        "at": 1764298446123,
        "total": 129.9,
        "big": 123456789012345678901234567890,
    },
}


@pytest.mark.parametrize("kind", FIELDS)
def test_plain_fields_stay(kind: str) -> None:
    """Fields whose names only sound like it, and values that cannot be secrets."""
    raw = json.dumps(FIELDS[kind])
    assert Redactor(key=b"key").text(raw) == raw


def test_program_text_is_left_alone() -> None:
    """In scripts and styles, names say nothing; what is known by itself is still found."""
    script = b'function f(e){token=e.token;var password="Enter your password";return{secret:"x1"}}'
    headers = (("Content-Type", "application/javascript"),)
    plain = exchange(response_headers=headers, response_body=script)
    assert Redactor(key=b"key").exchange(plain) == plain
    planted = exchange(response_headers=headers, response_body=script + b' k="AKIAIOSFODNN7EXAMPLQ"')
    made = Redactor(key=b"key").exchange(planted)
    assert made.response is not None
    assert b"AKIAIOSFODNN7EXAMPLQ" not in made.response.body.data


def test_words_are_not_remembered() -> None:
    """A password that is a plain word does not replace that word everywhere else."""
    redactor = Redactor(key=b"key")
    redactor.data(b'{"password": "production", "token": "12345678"}')
    assert redactor.text("production has 12345678 rows") == "production has 12345678 rows"


def test_what_the_user_keeps_stays() -> None:
    """A kept field is no secret, whatever stands in it; the same elsewhere still is."""
    redactor = Redactor(Rules().extended(keep=["order_number", "csrf*"]), b"key")
    raw = b'{"orderNumber": "4111111111111111", "csrf_token": "abc123def456", "note": "4111111111111111"}'
    made = json.loads(redactor.data(raw))
    assert made.pop("note") != "4111111111111111"
    assert made == {"orderNumber": "4111111111111111", "csrf_token": "abc123def456"}
    form = exchange(target="/x?order_number=4111111111111111")
    assert redactor.exchange(form).request.target == "/x?order_number=4111111111111111"
