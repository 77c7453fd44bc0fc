"""Keys as patterns: few values, whatever is in them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meshdev.traffic.protocols.key_pattern import MOST_CHARACTERS, key_pattern


@pytest.mark.parametrize(
    ("key", "pattern"),
    [
        (b"", ""),
        (b"orders", "orders"),
        (b"orders.placed", "orders.placed"),
        (b"session:9f8e7d6c5b4a", "session:{id}"),
        (b"user:42:cart", "user:{id}:cart"),
        (b"user1042", "user{id}"),
        (b"cart-42", "cart-{id}"),
        (b"cart_9f8e7d", "cart_{id}"),
        (b"shard2", "shard2"),
        (b"v1:feature-flags:dark-mode", "v1:feature-flags:dark-mode"),
        (b"celery-task-meta-8f3b9a6c-1111-2222-3333-123456789abc", "celery-task-meta-{id}"),
        (b"{user1000}.following", "{user{id}}.following"),
        (b"mail:ana@example.org", "mail:{id}"),
        (b"rate:127.0.0.1", "rate:{id}"),
        (b"day:2024-01-02:visits", "day:{id}:visits"),
        (b"at:2024-01-02T10:11:12Z:x", "at:{id}:x"),
        (b"order:01ARZ3NDEKTSV4RRFFQ69G5FAV", "order:{id}"),
        (b"a:b:c:d:e:f:g:h:i:j", "a:b:c:d:e:f:g:h:..."),
        (b"\xff\x00\x01a", "\ufffd\ufffd\ufffda"),
    ],
)
def test_what_looks_like_a_value_becomes_an_id(key: bytes, pattern: str) -> None:
    """Words stay, values don't."""
    assert key_pattern(key) == pattern


@settings(deadline=None)
@given(st.binary(max_size=2000))
def test_any_bytes_have_a_short_printable_pattern(key: bytes) -> None:
    """Nothing that a terminal could choke on, nothing long."""
    pattern = key_pattern(key)
    assert len(pattern) <= MOST_CHARACTERS
    assert pattern.isprintable()
