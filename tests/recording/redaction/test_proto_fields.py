"""Secrets in messages of gRPC: by name where descriptors tell it, by their looks where nothing is known."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshdev.recording.protobuf.schema import NOTHING, Schema, schema_of
from meshdev.recording.protobuf.wire import message_of, text_field
from meshdev.recording.redaction import DEFAULT_RULES, Redactor
from meshdev.recording.redaction.mint import is_placeholder
from support_calls import a_call, codec, decoded, descriptors, encoded

CARD = "4242424242424242"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
DRAWN = "Zx81aQ9f8e7d6c5b4A3f2e1d0c"


def known() -> Schema:
    """What descriptors tell."""
    return schema_of(descriptors())


def redacted(data: bytes, schema: Schema, *, secrets: tuple[str, ...]) -> tuple[bytes, tuple[str, ...]]:
    """A charge's message afterwards, and the places; nothing is left, nothing changes the second time."""
    call = a_call("Charge", (data,), ())
    redactor = Redactor(key=b"key")
    made = redactor.exchange(call, schema)
    after = made.messages[0].data
    for secret in secrets:
        assert secret.encode() in data
        assert secret.encode() not in after
    assert redactor.exchange(made, schema) == made
    assert Redactor(key=b"key").exchange(made, schema) == made
    assert Redactor(key=b"key").exchange(call, schema) == made
    return after, made.redacted


def test_names_of_descriptors_tell_secrets() -> None:
    """Texts, numbers, what is wrapped, maps, structures; all else is as it was."""
    data = encoded(
        "ChargeRequest",
        order_id="ord-1",
        amount_cents="1250",
        card={"number": CARD, "cvv": 123, "holder": "Ada"},
        api_token="hunter2hunter2",
        labels={"password": "sesame", "colour": "blue"},
        extra={"secret": "open", "size": 3, "deep": {"csrf": "abcdefgh"}},
        password="correct horse",
        pin="4711",
        notes=["hello", f"my token is {JWT}"],
    )
    secrets = (CARD, "hunter2hunter2", "sesame", "open", "abcdefgh", "correct horse", JWT)
    after, places = redacted(data, known(), secrets=secrets)
    found = decoded("ChargeRequest", after)
    before = decoded("ChargeRequest", data)
    assert (found["order_id"], found["amount_cents"]) == (before["order_id"], before["amount_cents"])
    assert found["card"]["holder"] == "Ada"
    assert found["labels"]["colour"] == "blue"
    assert found["extra"]["size"] == 3
    assert found["notes"][0] == "hello"
    assert found["pin"] != "4711"
    assert found["card"]["cvv"] != 123
    assert is_placeholder(found["api_token"])
    assert is_placeholder(found["password"])
    assert set(places) == {
        "message.0/card/number",
        "message.0/card/cvv",
        "message.0/api_token",
        "message.0/labels/password",
        "message.0/extra/secret",
        "message.0/extra/deep/csrf",
        "message.0/password",
        "message.0/pin",
        "message.0/notes",
    }


def test_the_same_secret_is_the_same_placeholder_in_every_place() -> None:
    """In metadata, in messages, in JSON elsewhere."""
    redactor = Redactor(key=b"key")
    data = encoded("ChargeRequest", api_token=DRAWN)
    made = redactor.exchange(a_call("Charge", (data,), (), metadata=(("x-api-token", DRAWN),)), known())
    token = decoded("ChargeRequest", made.messages[0].data)["api_token"]
    assert dict(made.request.headers)["x-api-token"] == token
    assert redactor.text(f"it was {DRAWN}") == f"it was {token}"


def test_without_descriptors_what_looks_like_a_secret_is_one() -> None:
    """Known forms, and texts drawn by chance, at any depth; ids and words stay."""
    uuid = "0b0d3f34-5f5b-4b3e-9d0e-2f1c6a9b8c7d"
    data = encoded(
        "ChargeRequest",
        order_id=uuid,
        amount_cents="1250",
        card={"number": CARD, "holder": "Ada Lovelace"},
        api_token=DRAWN,
        notes=["hello", JWT, "a" * 64],
        raw="QUFBQQ==",
    )
    after, _ = redacted(data, NOTHING, secrets=(CARD, DRAWN, JWT))
    found = decoded("ChargeRequest", after)
    assert (found["order_id"], found["amount_cents"], found["card"]["holder"]) == (
        uuid,
        "1250",
        "Ada Lovelace",
    )
    assert found["notes"][0] == "hello"
    assert found["raw"] == "QUFBQQ=="


def test_a_message_within_bytes_is_looked_into() -> None:
    """Also where its field is known, as bytes."""
    inner = message_of([text_field(1, "K" * 3), text_field(2, JWT), text_field(3, "plain words")])
    data = encoded("ChargeRequest", order_id="o", raw=base64.b64encode(inner).decode())
    after, places = redacted(data, known(), secrets=(JWT,))
    assert b"plain words" in after
    assert places == ("message.0/raw/2",)


def test_a_secret_behind_a_length_that_is_a_letter_is_found() -> None:
    """The byte before it must not hide it: lengths are no characters."""
    for length in range(40, 123):
        secret = "ghp_" + ("aB3dE6gH9" * 14)[:36]
        text = (secret + " " + "x" * length)[:length]
        data = message_of([text_field(9, text)])
        if len(text) > len(secret):
            redacted(data, NOTHING, secrets=(secret,))


def test_binary_metadata_are_looked_into() -> None:
    """A status with details, as google.rpc.Status has them."""
    inner = message_of(
        [text_field(1, "type.googleapis.com/x.Y"), text_field(2, message_of([text_field(1, JWT)]))]
    )
    status = base64.b64encode(message_of([text_field(2, "no"), text_field(3, inner)])).decode().rstrip("=")
    call = a_call("Charge", (), (), metadata=(("x-details-bin", status), ("x-odd-bin", "%%")))
    made = Redactor(key=b"key").exchange(call)
    headers = dict(made.request.headers)
    assert JWT.encode() not in base64.b64decode(headers["x-details-bin"] + "==")
    assert headers["x-odd-bin"] == "%%"
    assert made.redacted == ("request.header.x-details-bin",)


def test_what_the_user_keeps_or_names() -> None:
    """Rules of one's own hold here, too."""
    rules = DEFAULT_RULES.extended(fields=("holder",), keep=("api_token",), patterns=(r"ord-\d+",))
    data = encoded("ChargeRequest", api_token="letmein99", order_id="ord-17", card={"holder": "Ada Lovelace"})
    made = Redactor(rules, b"key").exchange(a_call("Charge", (data,), ()), known())
    found = decoded("ChargeRequest", made.messages[0].data)
    assert found["api_token"] == "letmein99"
    assert found["order_id"] != "ord-17"
    assert found["card"]["holder"] != "Ada Lovelace"


@given(st.binary(max_size=200), st.booleans())
def test_nothing_raises_whatever_comes(data: bytes, named: bool) -> None:  # noqa: FBT001 -- hypothesis gives it
    """Any bytes, with and without descriptors; twice is as good as once."""
    redactor = Redactor(key=b"key")
    schema = known() if named else NOTHING
    made = redactor.exchange(a_call("Charge", (data,), (data,)), schema)
    assert redactor.exchange(made, schema) == made


@pytest.mark.parametrize("name", ["Charge", "Watch", "Total", "Haggle"])
def test_methods_are_known(name: str) -> None:
    """The schema read by hand says what protobuf's own says."""
    method = known().methods[f"shop.Till/{name}"]
    service = codec()._pool.FindServiceByName("shop.Till")
    told = service.FindMethodByName(name)
    assert (method.request, method.response) == (told.input_type.full_name, told.output_type.full_name)
    streams = method.client_streams, method.server_streams
    assert streams == (told.client_streaming, told.server_streaming)
