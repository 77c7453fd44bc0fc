"""Names in all spellings: what `names` knows to be secret must also raise the cheap suspicion."""

import json

import pytest

from meshdev.recording.redaction import Redactor, Rules
from meshdev.recording.redaction.names import Names
from support_secrets import exchange

WORDS = (
    "password|user password|db passwd|new password|"
    "password confirmation|password hash|passphrase|pass code|pwd|pass|pin"
    "|secret|client secret|app secrets|token|access token|refresh token"
    "|id token|auth token|csrf|csrf token|xsrf token|jwt"
    "|api key|apikey|api keys|secret key|private key|access key|access key id|signing key|encryption key"
    "|master key"
    "|credential|credentials|session|session id|sid|auth|authorization|bearer token|cookie|set cookie|otp|otp code|totp"
    "|mfa code|verification code|recovery codes|backup code|one time code|pin code|cvv|cvc|cvv2|card number|cc number"
    "|credit card|ssn|social security number|pan|connection string|saml response|code verifier|client assertion"
    "|kennwort|passwort|mot de passe|contrasena|stripe secret key|my service token|webhook secret|oauth|connection uri"
)
SPELLINGS = {
    "snake": "_".join,
    "kebab": "-".join,
    "capitals": lambda words: "_".join(words).upper(),
    "camel": lambda words: words[0] + "".join(word.title() for word in words[1:]),
    "pascal": lambda words: "".join(word.title() for word in words),
    "run": "".join,
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("words", WORDS.split("|"))
def test_every_name_in_every_spelling(words: str, spelling: str) -> None:
    """A secret under it is found in an exchange of JSON, and in a query."""
    name = SPELLINGS[spelling](words.split())
    made = Redactor(key=b"key").exchange(
        exchange(target=f"/x?{name}=abc123def", response_body=json.dumps({name: "qwe456rty"}).encode())
    )
    assert made.redacted == (f"request.query.{name}", f"response.body/{name}")


@pytest.mark.parametrize(
    "name", ["sig", "signature", "X-Amz-Signature", "X-Amz-Security-Token", "X-Goog-Signature"]
)
def test_signed_links(name: str) -> None:
    """The signature of a link, in the target and in an address within a body."""
    made = Redactor(key=b"key").exchange(
        exchange(
            target=f"/blob?se=2026-11-28&{name}=fe5f80f77d5fa3be",
            response_body=f'{{"link": "https://s.local/blob?se=2026&{name}=fe5f80f77d5fa3be"}}'.encode(),
        )
    )
    assert made.redacted == (f"request.query.{name}", "response.body/link")


def test_the_code_of_oauth() -> None:
    """`code` is a secret beside what a callback carries, and only there."""
    redactor = Redactor(key=b"key")
    made = redactor.exchange(exchange(target="/callback?code=SplxlOBeZQQYbYS6WxSbIA&state=xyz"))
    assert made.redacted == ("request.query.code",)
    plain = exchange(target="/countries?code=DE")
    assert redactor.exchange(plain) == plain


def test_below_containers() -> None:
    """What is below ``credentials`` is secret, except what describes it."""
    raw = {"credentials": {"type": "basic", "username": "alice", "value": "s3same", "more": [{"x": "op3n"}]}}
    made = json.loads(Redactor(key=b"key").text(json.dumps(raw)))["credentials"]
    assert made["type"] == "basic"
    assert made["username"] == "alice"
    assert made["value"] != "s3same"
    assert made["more"][0]["x"] != "op3n"


def test_numbers_stay_numbers() -> None:
    """A PIN becomes another number, without quotes and without leading zero."""
    made = json.loads(
        Redactor(key=b"key").text('{"pin": 1234, "cvv": 123, "password": 20261128, "card": 4111111111111111}')
    )
    assert all(type(value) is int for value in made.values())
    assert made["pin"] != 1234
    assert made["password"] != 20261128
    assert len(str(made["card"])) == 16


def test_what_the_user_adds() -> None:
    """Further headers, fields (with everything below them) and patterns, beside the defaults."""
    rules = Rules().extended(
        headers=["X-Tenant"], fields=["customer_*"], patterns=[r"CUST-\d{6}", r"pin is (\d+)"]
    )
    redactor = Redactor(rules, b"key")
    raw = {
        "customerName": "Alice Example",
        "customer_info": {"a": ["deep down"]},
        "note": "CUST-123456, the pin is 98765",
    }
    made = redactor.exchange(
        exchange(request_headers=(("x-tenant", "acme-corp"),), response_body=json.dumps(raw).encode())
    )
    assert made.response is not None
    for secret in ("acme-corp", "Alice", "deep down", "123456", "98765"):
        assert secret not in str(made)
    assert made.redacted == (
        "request.header.x-tenant",
        "response.body/customerName",
        "response.body/customer_info/a/0",
        "response.body/note",
    )
    assert redactor.exchange(made) == made
    assert "hunter22" not in redactor.text('{"password": "hunter22"}')


def test_decisions_are_bounded() -> None:
    """Names of any number and length are decided and do not pile up."""
    names = Names()
    assert not any(names.field(f"name{number}") for number in range(10_000))
    assert not names.field("x" * 1_000_000)
    assert len(names._decided) <= 8192
