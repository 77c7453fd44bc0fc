"""Messages as JSON and back, with what descriptors tell; never an error for whoever only wants to look."""

import builtins
from typing import Any

import pytest

from meshdev.recording.model import Descriptors
from meshdev.recording.protobuf.codec import HINT, UNKNOWN, Codec, Codecs
from meshdev.recording.protobuf.schema import file_names, schema_of
from meshdev.recording.protobuf.wire import message_of, text_field
from support_calls import a_call, codec, descriptors, encoded, known


def test_messages_become_json_and_back() -> None:
    """Names as the proto has them, 64 bits as texts, times as RFC 3339, structures as they are."""
    content = {
        "order_id": "o-1",
        "amount_cents": "1250",
        "card": {"number": "4242", "cvv": 123},
        "labels": {"a": "b"},
        "extra": {"x": [1.0, "y"]},
        "password": "p",
    }
    data = codec().encoded("shop.ChargeRequest", content)
    assert codec().decoded("shop.ChargeRequest", data) == content
    told = codec().decoded("shop.Charged", encoded("Charged", state="CHARGED", at="2026-11-28T09:00:00Z"))
    assert told == {"state": "CHARGED", "at": "2026-11-28T09:00:00Z"}


def test_what_is_newer_than_the_descriptors_is_told() -> None:
    """A field that they do not know stands there by its number, and only such a field."""
    data = encoded("WatchRequest", order_id="o") + message_of([text_field(99, "new")])
    assert codec().decoded("shop.WatchRequest", data) == {"order_id": "o", UNKNOWN: {"99": "new"}}


def test_what_is_newer_within_a_message_is_told() -> None:
    """With the message that it is in, by numbers."""
    card = message_of([text_field(1, "4242"), text_field(99, "new")])
    told = codec().decoded("shop.ChargeRequest", message_of([text_field(3, card)]))
    assert told == {"card": {"number": "4242"}, UNKNOWN: {"3": {"1": "4242", "99": "new"}}}


def test_what_cannot_be_is_refused() -> None:
    """Bytes that are no message, names that nobody knows, JSON of another message."""
    for work in (
        lambda: codec().decoded("shop.Charged", b"\xff"),
        lambda: codec().decoded("shop.Nobody", b""),
        lambda: codec().encoded("shop.Charged", {"nothing": 1}),
    ):
        with pytest.raises(ValueError, match=r"."):
            work()


def test_a_recording_decodes_what_it_can() -> None:
    """By endpoint; else by numbers, without an error."""
    call = a_call("Charge", (encoded("ChargeRequest", order_id="o"),), ())
    codecs = Codecs(known())
    assert codecs.decode(call, call.messages[0]) == {"order_id": "o"}
    other = a_call("Charge", (encoded("ChargeRequest", order_id="o"),), (), callee="other")
    assert codecs.decode(other, other.messages[0]) == {"1": "o"}
    strange = a_call("Nope", (encoded("ChargeRequest", order_id="o"),), ())
    assert codecs.decode(strange, strange.messages[0]) == {"1": "o"}
    assert Codecs((Descriptors("till", "grpc", b"\xff"),)).decode(call, call.messages[0]) == {"1": "o"}


def test_without_protobuf_messages_are_shown_by_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """And it is said what would help."""
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name.startswith("google"):
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    codecs = Codecs(known())
    call = a_call("Charge", (encoded_before,), ())
    assert codecs.decode(call, call.messages[0]) == {"1": "o"}
    assert HINT in codecs.missing


encoded_before = encoded("ChargeRequest", order_id="o")


def test_a_set_that_lacks_protobufs_own_files_is_completed() -> None:
    """Servers leave them out now and then."""
    files = file_names(descriptors())
    assert "google/protobuf/timestamp.proto" in files
    small = message_of([text_field(1, files["till.proto"])])
    assert Codec(small).decoded("shop.Charged", encoded("Charged", id="x")) == {"id": "x"}
    assert schema_of(small).services == ["shop.Till"]
    assert schema_of(b"\xff\xff").services == []
