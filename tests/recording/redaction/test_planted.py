"""Planted secrets: each kind in each carrier is gone afterwards, in every spelling, and the carrier is still whole."""

import json

import msgspec
import pytest

from meshdev.recording.model import Exchange
from meshdev.recording.redaction import Redactor, leaks
from support_secrets import (
    CARRIERS_OF_EVIDENT,
    CARRIERS_OF_NAMED,
    EVIDENT,
    HEADS,
    INSIDE,
    NAMED,
    exchange,
)


def written(made: Exchange) -> bytes:
    """All of an exchange as bytes, its bodies as they are."""
    bodies = [made.request.body.data, made.response.body.data if made.response else b""]
    return b"\n".join([msgspec.msgpack.encode(made), *bodies, *(message.data for message in made.messages)])


def check(planted: Exchange, secrets: list[str]) -> Exchange:
    """Redacts, and expects: no secret, a place named, true length, nothing more the second time, the same again."""
    assert leaks(written(planted), secrets), "the test plants nothing"
    redactor = Redactor(key=b"key")
    made = redactor.exchange(planted)
    assert leaks(written(made), secrets) == []
    assert made.redacted
    assert redactor.exchange(made) == made
    assert Redactor(key=b"key").exchange(made) == made
    assert Redactor(key=b"key").exchange(planted) == made
    for message in (made.request, made.response):
        assert message is not None
        lengths = [value for name, value in message.headers if name == "Content-Length"]
        assert lengths == [str(len(message.body.data))] == [str(message.body.size)]
    return made


@pytest.mark.parametrize("carrier", CARRIERS_OF_EVIDENT)
@pytest.mark.parametrize("kind", EVIDENT)
def test_a_secret_known_by_itself(kind: str, carrier: str) -> None:
    """It is found wherever it stands."""
    check(CARRIERS_OF_EVIDENT[carrier](EVIDENT[kind]), [INSIDE.get(kind, EVIDENT[kind])])


@pytest.mark.parametrize("carrier", CARRIERS_OF_NAMED)
@pytest.mark.parametrize("kind", NAMED)
def test_a_secret_known_by_its_name(kind: str, carrier: str) -> None:
    """It is found under its name in every carrier that has names."""
    name, value = NAMED[kind]
    check(CARRIERS_OF_NAMED[carrier](name, value), [value])


@pytest.mark.parametrize("kind", HEADS)
def test_a_secret_in_a_head(kind: str) -> None:
    """It is found in the heads of requests and responses."""
    name, value, secret = HEADS[kind]
    for planted in (exchange(request_headers=((name, value),)), exchange(response_headers=((name, value),))):
        made = check(planted, [secret])
        side = "request" if planted.request.headers[1][0] == name else "response"
        assert made.redacted == (f"{side}.header.{name.lower()}",)


def test_places_are_named() -> None:
    """`Exchange.redacted` says where, in the notation of the model."""
    made = Redactor(key=b"key").exchange(
        exchange(
            target="/x?api_key=abc123def456",
            request_headers=(("Authorization", "Bearer abc123def456ghi"),),
            request_body=json.dumps(
                {"user": {"password": "hunter22"}, "tokens": ["a1b2c3d4e5", "f6g7h8i9j0"]}
            ).encode(),
            response_body=b"password=hunter23!",
            messages=(b"{}", b'{"token":"zzz123yyy"}'),
        )
    )
    assert made.redacted == (
        "request.query.api_key",
        "request.header.authorization",
        "request.body/user/password",
        "request.body/tokens/0",
        "request.body/tokens/1",
        "response.body",
        "message.1",
    )


def test_what_was_learnt_is_found_again() -> None:
    """A token from a login's answer is the same placeholder in a later path, query, text and header without a name."""
    redactor = Redactor(key=b"key")
    value = "kq8Zr2-Lm5Xv9Tn4"
    login = redactor.exchange(exchange(response_body=json.dumps({"token": value}).encode()))
    assert login.response is not None
    given = json.loads(login.response.body.data)["token"]
    later = redactor.exchange(
        exchange(
            target=f"/carts/{value}/items?cart={value}",
            request_headers=(("X-Cart", value),),
            request_body=f"line\\n{value}, {value}.".encode(),
            error=f"no cart {value}",
        )
    )
    assert leaks(written(later), [value]) == []
    assert later.request.target == f"/carts/{given}/items?cart={given}"
    assert redactor.text(f"GET /carts/{value}") == f"GET /carts/{given}"
    assert redactor.request(later.request) == (later.request, ())


def test_learnt_within_the_same_exchange() -> None:
    """What the answer shows to be a secret is found in the request's path, which came first."""
    value = "kq8Zr2-Lm5Xv9Tn4"
    made = Redactor(key=b"key").exchange(
        exchange(target=f"/verify/{value}", response_body=json.dumps({"token": value}).encode())
    )
    assert leaks(written(made), [value]) == []


def test_a_client_that_sends_its_placeholder_is_understood() -> None:
    """A replayed client has the placeholder as its token: its request is redacted to what was recorded."""
    redactor = Redactor(key=b"key")
    recorded = redactor.exchange(
        exchange(
            request_headers=(("Authorization", "Bearer kq8Zr2-Lm5Xv9Tn4"), ("Cookie", "sid=31d4d96e407aad42"))
        )
    )
    again, _ = Redactor(key=b"another key").request(recorded.request)
    assert again == recorded.request
