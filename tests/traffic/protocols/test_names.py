"""Names of queues and topics become patterns with few values."""

import pytest

from meshdev.traffic.protocols.names import MOST_LETTERS, pattern_of


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("orders", "orders"),
        ("order.created", "order.created"),
        ("orders.17.paid", "orders.{id}.paid"),
        ("17", "{id}"),
        ("devices/17/state", "devices/{id}/state"),
        ("/devices/7", "/devices/{id}"),
        ("devices/+/state", "devices/+/state"),
        ("devices/#", "devices/#"),
        ("order-1042", "order-{id}"),
        ("shard-3", "shard-3"),
        ("api.v1.orders", "api.v1.orders"),
        ("reply.5f2b9c1e-8a41-4c1b-9d3e-1f2a3b4c5d6e", "reply.{id}"),
        ("amq_0123456789abcdef0123456789abcdef", "amq_{id}"),
        ("cache.01ARZ3NDEKTSV4RRFFQ69G5FAV", "cache.{id}"),
        ("amq.gen-JzTY20BRgKO-HjmUJj0wLg", "amq.gen-{id}"),
        ("amq.rabbitmq.reply-to.g1h2AA5yZXBseUA=.f/==", "amq.rabbitmq.reply-to.{id}"),
        ("amq.topic", "amq.topic"),
        ("", ""),
        ("x" * 300, "x" * MOST_LETTERS),
    ],
)
def test_pattern(name: str, pattern: str) -> None:
    """What looks like a value becomes {id}."""
    assert pattern_of(name) == pattern
