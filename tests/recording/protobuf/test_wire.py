"""The wire format: what protobuf's own writer wrote is taken apart and put together again; what is none is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshdev.recording.protobuf.guess import fields_in, text_in, tree
from meshdev.recording.protobuf.wire import (
    Field,
    WireError,
    WireType,
    fields_of,
    message_of,
    text_field,
    varint_at,
)
from support_calls import encoded

FIELDS = st.one_of(
    st.builds(Field, st.integers(1, 1 << 28), st.just(WireType.VARINT), st.integers(0, (1 << 64) - 1)),
    st.builds(Field, st.integers(1, 1 << 28), st.just(WireType.FIXED32), st.integers(0, (1 << 32) - 1)),
    st.builds(Field, st.integers(1, 1 << 28), st.just(WireType.FIXED64), st.integers(0, (1 << 64) - 1)),
    st.builds(Field, st.integers(1, 1 << 28), st.just(WireType.BYTES), st.binary(max_size=40)),
)


@given(st.lists(FIELDS, max_size=8))
def test_there_and_back(fields: list[Field]) -> None:
    """Any fields, also within a group."""
    data = message_of(fields)
    assert fields_of(data) == fields
    assert fields_of(message_of([Field(7, WireType.GROUP, data)])) == [Field(7, WireType.GROUP, data)]


@given(st.binary(max_size=60))
def test_any_bytes_are_a_message_or_refused(data: bytes) -> None:
    """And can be shown whatever they are."""
    tree(data)
    try:
        fields = fields_of(data)
    except WireError:
        return
    assert fields_of(message_of(fields)) == fields


def test_what_protobuf_writes_comes_out_byte_for_byte() -> None:
    """Nested messages, maps, negative numbers."""
    data = encoded(
        "ChargeRequest", order_id="o", amount_cents="-5", labels={"a": "b"}, pin="-3", notes=["x", "y"]
    )
    assert message_of(fields_of(data)) == data


@pytest.mark.parametrize(
    "data",
    [b"\x08", b"\x0a\x05ab", b"\x00\x01", b"\x0b\x08\x01", b"\x0c", b"\x0d\x01", b"\x0e", b"\xff" * 11],
)
def test_what_is_none_is_refused(data: bytes) -> None:
    """Cut off, without a number, groups that do not match, a type that is none."""
    with pytest.raises(WireError):
        fields_of(data)


def test_groups_too_deep_are_refused() -> None:
    """Instead of exhausting the stack."""
    with pytest.raises(WireError):
        fields_of(b"\x0b" * 5000)


def test_a_number_ends() -> None:
    """Where its last byte is."""
    assert varint_at(b"\xac\x02\x01", 0) == (300, 2)


def test_guesses() -> None:
    """Texts, messages within, numbers, bytes."""
    inner = message_of([text_field(1, "Ada"), Field(2, WireType.VARINT, 5)])
    data = message_of(
        [text_field(1, "x y"), text_field(2, inner), text_field(3, b"\xff\xfe"), text_field(1, "z")]
    )
    assert tree(data) == {"1": ["x y", "z"], "2": {"1": "Ada", "2": 5}, "3": "//4="}
    assert tree(b"hello") == "hello"
    assert tree(b"") == {}
    assert text_in(b"two\nlines") == "two\nlines"
    assert fields_in(b"plain") is None
