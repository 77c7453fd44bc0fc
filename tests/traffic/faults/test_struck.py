"""Messages that were hit find their operations."""

import pytest

from meshdev.traffic.faults.struck import MOST_MOMENTS, Struck
from meshdev.traffic.protocols.operation import Kind, Operation

HIT = ("a/drop",)


def publish(target: str, at: float, kind: Kind = Kind.PUBLISH) -> Operation:
    """One that was said at ``at``."""
    return Operation("PUB", target, at, at + 1.0, kind=kind)


def test_of_several_to_the_same_subject_the_right_one() -> None:
    """In the order in which they were said; each is asked for once."""
    struck = Struck()
    struck.decided([("order.1", ()), ("order.1", HIT), ("stock", ()), ("order.1", ())], 5.0)
    named = [struck.named(publish(target, 5.0)) for target in ("order.1", "order.1", "order.1")]
    assert named == [(), HIT, ()]
    assert repr(struck) == "<Struck, 0 moments>"


@pytest.mark.parametrize(
    ("target", "subject"),
    [
        ("orders.{id}.paid", "orders.17.paid"),
        ("exchange/orders.{id}", "exchange/orders.17"),
        ("a.b.c....", "a.b.c.d.e"),
        ("$KV.shop.{key}", "$KV.shop.cart"),
    ],
)
def test_a_target_may_be_a_pattern(target: str, subject: str) -> None:
    """As scanners make them."""
    struck = Struck()
    struck.decided([(subject, HIT)], 5.0)
    assert struck.named(publish(target, 5.0)) == HIT


def test_others_have_no_part_in_it() -> None:
    """Another moment, another subject, a subscription, something without a target."""
    struck = Struck()
    struck.decided([("order.1", HIT)], 5.0)
    others = (
        publish("order.1", 4.0),
        publish("order.2", 5.0),
        publish("", 5.0),
        publish("order.1", 5.0, Kind.SUBSCRIBE),
    )
    assert [struck.named(other) for other in others] == [()] * 4
    assert struck.named(publish("order.1", 5.0)) == HIT
    assert struck.named(publish("order.1", 5.0)) == ()


def test_it_is_bounded() -> None:
    """Moments without a hit are not kept, and the oldest of the others are forgotten."""
    struck = Struck()
    for number in range(MOST_MOMENTS * 2):
        struck.decided([("a", HIT if number % 2 else ())], float(number))
    assert repr(struck) == f"<Struck, {MOST_MOMENTS} moments>"
    struck.decided([("a", HIT)], 1e9)
    assert struck.named(publish("a", 1.0)) == ()
